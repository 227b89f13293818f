/**
 * The key map of the first stage: `encoder.down`, `decoder.up`, `quant_conv`, `quantize`.
 *
 * @module
 */
import { type KeyMap, type KeyTable, layer, place, sameLayers } from "./key_map.ts";
import type { OriginalFirstStage } from "./first_stage.ts";

const RESNET: KeyTable = [
  ...sameLayers("norm1", "conv1", "norm2", "conv2"),
  ...layer("conv_shortcut", "nin_shortcut"),
];

/** 1x1 convolutions that we use as linear layers. */
const ATTENTION: KeyTable = [
  ...layer("group_norm", "norm"),
  ...([["to_q", "q"], ["to_k", "k"], ["to_v", "v"], ["to_out.0", "proj_out"]] as const)
    .flatMap(([ours, theirs]) => layer(ours, theirs, { kind: "matrix", rank: 4 })),
];

const ENDS: KeyTable = [
  ...sameLayers("conv_in", "conv_out"),
  ...layer("conv_norm_out", "norm_out"),
];

/** All weights of a first stage, without the prefix that a file puts before the original's names. */
export function firstStageMap({ levels, layers, midAttention }: OriginalFirstStage): KeyMap {
  const middle: KeyTable = [
    ...place(RESNET, { ours: "mid_block.resnets.0", theirs: "mid.block_1" }),
    ...midAttention
      ? place(ATTENTION, { ours: "mid_block.attentions.0", theirs: "mid.attn_1" })
      : [],
    ...place(RESNET, { ours: "mid_block.resnets.1", theirs: "mid.block_2" }),
  ];
  const last = levels.length - 1;
  const blocks = (
    { ours, theirs, count, attends }: {
      readonly ours: string;
      readonly theirs: string;
      readonly count: number;
      readonly attends: boolean;
    },
  ): KeyTable =>
    Array.from({ length: count }, (_, at) => [
      ...place(RESNET, { ours: `${ours}.resnets.${at}`, theirs: `${theirs}.block.${at}` }),
      ...attends
        ? place(ATTENTION, { ours: `${ours}.attentions.${at}`, theirs: `${theirs}.attn.${at}` })
        : [],
    ]).flat();

  const down = levels.flatMap(({ attends }, at): KeyTable => {
    const [ours, theirs] = [`down_blocks.${at}`, `down.${at}`];
    return [
      ...blocks({ ours, theirs, count: layers, attends: attends.down }),
      ...at === last ? [] : layer(`${ours}.downsamplers.0.conv`, `${theirs}.downsample.conv`),
    ];
  });
  // The original numbers the decoder's levels by resolution, so it begins with the last.
  const up = levels.flatMap(({ attends }, at): KeyTable => {
    const [ours, theirs] = [`up_blocks.${last - at}`, `up.${at}`];
    return [
      ...blocks({ ours, theirs, count: layers + 1, attends: attends.up }),
      ...at === 0 ? [] : layer(`${ours}.upsamplers.0.conv`, `${theirs}.upsample.conv`),
    ];
  });
  return {
    pairs: [
      ...place([...ENDS, ...down, ...middle], { ours: "encoder", theirs: "encoder" }),
      ...place([...ENDS, ...middle, ...up], { ours: "decoder", theirs: "decoder" }),
      ...sameLayers("quant_conv", "post_quant_conv"),
      { ours: "quantize.embedding.weight", theirs: "quantize.embedding.weight" },
    ],
  };
}
