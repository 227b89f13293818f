/**
 * The U-Net of SR3 (Saharia et al. 2021), as Janspiry's implementation stores it: `downs`, `mid`, `ups`.
 *
 * It is told the noise level where others are told a timestep, and shows it to its residual blocks with one linear layer and
 * no activation before it. Its embedding is as wide as the first level; ours is four times as wide, so it is padded with
 * zeros. Queries, keys and values have no biases: ours are zero.
 *
 * @module
 */
import { ModelError } from "../model_error.ts";
import { type KeyMap, type KeyPair, type KeyTable, layer, place } from "./key_map.ts";
import type { NetworkConfig } from "./unet_config.ts";
import type { WeightSource } from "../weight_source.ts";

/** An SR3 U-Net as its weights show it. */
export interface OriginalSr3 {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Residual blocks a level on the way down. */
  readonly layers: number;
  /** From the full resolution downwards. */
  readonly levels: readonly { readonly channels: number; readonly attends: boolean }[];
}

/** More blocks than any U-Net has. */
const MOST_BLOCKS = 512;

/**
 * Reads the layout from names and shapes.
 *
 * @throws {ModelError} If the weights are not those of such a U-Net.
 */
export function readOriginalSr3(source: WeightSource, prefix: string): OriginalSr3 {
  const shape = (name: string) => source.tensors.get(prefix + name)?.shape;
  const fail = (problem: string) =>
    new ModelError(`Cannot use the U-Net in ${source.description}: ${problem}`);
  const size = (name: string, axis: number): number => {
    const found = shape(name)?.[axis];
    if (found !== undefined && found > 0) return found;
    throw fail(`${prefix}${name} is missing or of no size`);
  };
  const levels: { channels: number; attends: boolean; blocks: number }[] = [];
  let open = false;
  for (let at = 1; at < MOST_BLOCKS; at++) {
    const block = `downs.${at}`;
    if (shape(`${block}.conv.weight`) !== undefined) {
      open = false;
      continue;
    }
    const convolution = shape(`${block}.res_block.block1.block.3.weight`);
    if (convolution === undefined) break;
    const attends = shape(`${block}.attn.qkv.weight`) !== undefined;
    if (open) levels.at(-1)!.blocks++;
    else levels.push({ channels: convolution[0] ?? 0, attends, blocks: 1 });
    open = true;
  }
  const [first] = levels;
  if (first === undefined) throw fail("it has no levels");
  if (levels.some(({ blocks }) => blocks !== first.blocks)) {
    throw fail("its levels have different numbers of residual blocks, which is not supported");
  }
  if (size("downs.0.weight", 0) !== first.channels) {
    throw fail("a first channel_multiplier other than 1 is not supported");
  }
  return {
    inChannels: size("downs.0.weight", 1),
    outChannels: size("final_conv.block.3.weight", 0),
    layers: first.blocks,
    levels: levels.map(({ channels, attends }) => ({ channels, attends })),
  };
}

/** diffusers' configuration, with a key, `resnet_skip_time_act`, that diffusers has for conditional U-Nets only. */
export function sr3Config(
  { levels, ...unet }: OriginalSr3,
  { groups, sampleSize }: { readonly groups: number; readonly sampleSize: number },
): NetworkConfig {
  const kinds = (way: "Down" | "Up") =>
    levels.map(({ attends }) => `${attends ? "Attn" : ""}${way}Block2D`);
  return {
    className: "UNet2DModel",
    config: {
      sample_size: sampleSize,
      in_channels: unet.inChannels,
      out_channels: unet.outChannels,
      block_out_channels: levels.map(({ channels }) => channels),
      layers_per_block: unet.layers,
      down_block_types: kinds("Down"),
      up_block_types: kinds("Up").toReversed(),
      act_fn: "silu",
      // One head as wide as the level.
      attention_head_dim: null,
      norm_num_groups: groups,
      norm_eps: 1e-5,
      flip_sin_to_cos: false,
      freq_shift: 0,
      downsample_padding: 1,
      resnet_skip_time_act: true,
    },
  };
}

/** All weights, without the prefix that a file puts before the original's names. */
export function sr3Map({ levels, layers }: OriginalSr3): KeyMap {
  const width = levels[0]!.channels;
  const zeros = new Map<string, readonly number[]>();

  const residual = (channels: number): KeyTable => [
    ...layer("norm1", "block1.block.0"),
    ...layer("conv1", "block1.block.3"),
    ...layer("time_emb_proj", "noise_func.noise_func.0", {
      kind: "padded",
      from: [channels, width],
      to: [channels, 4 * width],
    }),
    ...layer("norm2", "block2.block.0"),
    ...layer("conv2", "block2.block.3"),
    ...layer("conv_shortcut", "res_conv"),
  ];
  const attention: KeyTable = [
    ...layer("group_norm", "norm"),
    ...(["to_q", "to_k", "to_v"] as const).map((name, at): KeyPair => ({
      ours: `${name}.weight`,
      theirs: "qkv.weight",
      change: { kind: "part", part: at as 0 | 1 | 2, heads: 1, rank: 4 },
    })),
    ...layer("to_out.0", "out", { kind: "matrix", rank: 4 }),
  ];
  /** A residual block and the attention behind it, which lie in one module of the original. */
  const block = (
    { theirs, channels, resnet, attends }: {
      readonly theirs: string;
      readonly channels: number;
      readonly resnet: string;
      /** Where the attention is, if there is one. */
      readonly attends: string | null;
    },
  ): KeyTable => {
    const placed = place(residual(channels), { ours: resnet, theirs: `${theirs}.res_block` });
    if (attends === null) return placed;
    for (const name of ["to_q", "to_k", "to_v"]) zeros.set(`${attends}.${name}.bias`, [channels]);
    return [...placed, ...place(attention, { ours: attends, theirs: `${theirs}.attn` })];
  };
  const way = (
    { name, ours, theirs, count, sampler, ordered }: {
      readonly name: string;
      readonly ours: (at: number) => string;
      readonly theirs: number;
      readonly count: number;
      readonly sampler: string;
      readonly ordered: OriginalSr3["levels"];
    },
  ): KeyTable => {
    let next = theirs;
    return ordered.flatMap(({ channels, attends }, at): KeyTable => {
      const path = ours(at);
      const blocks = Array.from({ length: count }, (_, index) =>
        block({
          theirs: `${name}.${next++}`,
          channels,
          resnet: `${path}.resnets.${index}`,
          attends: attends ? `${path}.attentions.${index}` : null,
        })).flat();
      if (at === ordered.length - 1) return blocks;
      return [...blocks, ...layer(`${path}.${sampler}.0.conv`, `${name}.${next++}.conv`)];
    });
  };

  const { channels } = levels.at(-1)!;
  const pairs: KeyTable = [
    ...layer("conv_in", "downs.0"),
    ...layer("time_embedding.linear_1", "noise_level_mlp.1"),
    ...timeOutput(width),
    ...way({
      name: "downs",
      ours: (at) => `down_blocks.${at}`,
      theirs: 1, // behind the first convolution
      count: layers,
      sampler: "downsamplers",
      ordered: levels,
    }),
    ...block({
      theirs: "mid.0",
      channels,
      resnet: "mid_block.resnets.0",
      attends: "mid_block.attentions.0",
    }),
    ...block({ theirs: "mid.1", channels, resnet: "mid_block.resnets.1", attends: null }),
    ...way({
      name: "ups",
      ours: (at) => `up_blocks.${at}`,
      theirs: 0,
      count: layers + 1,
      sampler: "upsamplers",
      ordered: levels.toReversed(),
    }),
    ...layer("conv_norm_out", "final_conv.block.0"),
    ...layer("conv_out", "final_conv.block.3"),
  ];
  return { pairs, zeros };
}

/** The second layer of the noise level's embedding, whose results are as many as the first level's channels. */
function timeOutput(width: number): KeyTable {
  const [ours, theirs] = ["time_embedding.linear_2", "noise_level_mlp.3"];
  const [from, to] = [[width, 4 * width], [4 * width, 4 * width]];
  return [
    {
      ours: `${ours}.weight`,
      theirs: `${theirs}.weight`,
      change: { kind: "padded", from, to },
    },
    {
      ours: `${ours}.bias`,
      theirs: `${theirs}.bias`,
      change: { kind: "padded", from: [width], to: [4 * width] },
    },
  ];
}
