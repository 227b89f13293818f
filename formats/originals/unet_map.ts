/**
 * The key map of CompVis' and OpenAI's U-Net: `input_blocks`, `middle_block`, `output_blocks`.
 *
 * The original counts all blocks in a row, diffusers counts levels and blocks in them. With n residual blocks a level, the
 * level's blocks on the way down are `input_blocks.1 + level (n + 1)` and on; the one behind them halves the image.
 *
 * @module
 */
import { type KeyMap, type KeyTable, layer, place, sameLayers } from "./key_map.ts";
import type { OriginalUNet } from "./unet.ts";
import type { Heads } from "./heads.ts";
import { headCount } from "./heads.ts";

const RESNET: KeyTable = [
  ...layer("norm1", "in_layers.0"),
  ...layer("conv1", "in_layers.2"),
  ...layer("time_emb_proj", "emb_layers.1"),
  ...layer("norm2", "out_layers.0"),
  ...layer("conv2", "out_layers.3"),
  ...layer("conv_shortcut", "skip_connection"),
];

/** Both call the layers of a transformer the same. */
function transformer(depth: number): KeyTable {
  const blocks = Array.from({ length: depth }, (_, at) => `transformer_blocks.${at}`);
  return [
    ...sameLayers("norm", "proj_in", "proj_out"),
    ...blocks.flatMap((block) =>
      sameLayers(
        ...["norm1", "norm2", "norm3", "ff.net.0.proj", "ff.net.2"].map((at) => `${block}.${at}`),
        ...["attn1", "attn2"].flatMap((attention) =>
          ["to_q", "to_k", "to_v", "to_out.0"].map((at) => `${block}.${attention}.${at}`)
        ),
      )
    ),
  ];
}

/** Self-attention: a fused 1-d convolution becomes three linear layers. */
function selfAttention(heads: number): KeyTable {
  const rank = 3;
  return [
    ...layer("group_norm", "norm"),
    ...(["to_q", "to_k", "to_v"] as const).flatMap((name, at): KeyTable => {
      const change = { kind: "part", part: at as 0 | 1 | 2, heads } as const;
      return [
        { ours: `${name}.weight`, theirs: "qkv.weight", change: { ...change, rank } },
        { ours: `${name}.bias`, theirs: "qkv.bias", change },
      ];
    }),
    ...layer("to_out.0", "proj_out", { kind: "matrix", rank }),
  ];
}

/** How a fused projection is laid out, and how many heads share it. */
export interface UNetMapOptions {
  /** Attention heads. */
  readonly heads: Heads;
  /**
   * `legacy`: each head has its own queries, keys and values, one below the other; `new`: all queries, then all keys, then
   * all values (`use_new_attention_order`).
   */
  readonly order: "legacy" | "new";
}

/** All weights of a U-Net, without the prefix that a file puts before the original's names. */
export function unetMap(unet: OriginalUNet, options: UNetMapOptions): KeyMap {
  const { levels, layers, resampling, timeLayers } = unet;
  const attention = (channels: number, depth: number): KeyTable =>
    unet.attention.kind === "transformer"
      ? transformer(depth)
      : selfAttention(options.order === "new" ? 1 : headCount(options.heads, channels));
  const last = levels.length - 1;
  const perLevel = layers + 1;
  const blocks = Array.from({ length: perLevel }, (_, at) => at);

  const down = levels.flatMap(({ channels, attends, depth }, at): KeyTable => {
    const first = 1 + at * perLevel;
    const ours = `down_blocks.${at}`;
    const end = { ours: `${ours}.downsamplers.0`, theirs: `input_blocks.${first + layers}.0` };
    return [
      ...blocks.slice(0, layers).flatMap((block): KeyTable => {
        const theirs = `input_blocks.${first + block}`;
        return [
          ...place(RESNET, { ours: `${ours}.resnets.${block}`, theirs: `${theirs}.0` }),
          ...attends
            ? place(attention(channels, depth), {
              ours: `${ours}.attentions.${block}`,
              theirs: `${theirs}.1`,
            })
            : [],
        ];
      }),
      ...at === last ? [] : place(resampling === "resnet" ? RESNET : layer("conv", "op"), end),
    ];
  });

  const { channels } = levels[last]!;
  const middle = [
    ...place(RESNET, { ours: "mid_block.resnets.0", theirs: "middle_block.0" }),
    ...place(attention(channels, unet.middleDepth), {
      ours: "mid_block.attentions.0",
      theirs: "middle_block.1",
    }),
    ...place(RESNET, { ours: "mid_block.resnets.1", theirs: "middle_block.2" }),
  ];

  const up = levels.toReversed().flatMap(({ channels, attends, depth }, at): KeyTable => {
    const first = at * perLevel;
    const ours = `up_blocks.${at}`;
    const end = {
      ours: `${ours}.upsamplers.0`,
      theirs: `output_blocks.${first + layers}.${attends ? 2 : 1}`,
    };
    return [
      ...blocks.flatMap((block): KeyTable => {
        const theirs = `output_blocks.${first + block}`;
        return [
          ...place(RESNET, { ours: `${ours}.resnets.${block}`, theirs: `${theirs}.0` }),
          ...attends
            ? place(attention(channels, depth), {
              ours: `${ours}.attentions.${block}`,
              theirs: `${theirs}.1`,
            })
            : [],
        ];
      }),
      ...at === last ? [] : place(resampling === "resnet" ? RESNET : layer("conv", "conv"), end),
    ];
  });

  return {
    pairs: [
      ...layer("conv_in", "input_blocks.0.0"),
      ...layer("time_embedding.linear_1", `${timeLayers}.0`),
      ...layer("time_embedding.linear_2", `${timeLayers}.2`),
      { ours: "class_embedding.weight", theirs: "label_emb.weight" },
      ...down,
      ...middle,
      ...up,
      ...layer("conv_norm_out", "out.0"),
      ...layer("conv_out", "out.2"),
    ],
  };
}
