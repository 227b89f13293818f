/**
 * What the parts of a `UNet2DConditionModel`'s configuration ask of each other.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { CONTEXT_GROUPS } from "../../models/attention.ts";
import { K_GROUP_SIZE } from "../../models/k_blocks.ts";
import { familyOf, type UNet2DConditionConfig } from "../../models/unet_2d_condition_config.ts";
import { sampleChannels } from "../../models/unet_2d_condition_inputs.ts";

/** More levels than a picture can be halved. */
const MAX_LEVELS = 16;
/** Several times as many transformer blocks as the largest network has. */
const MAX_TRANSFORMERS = 1024;

const isK = (kind: Parameters<typeof familyOf>[0]) => familyOf(kind).startsWith("k");

/**
 * Finds what would otherwise show as a failed reshape deep in the network, or take forever to trace.
 *
 * @throws {ModelError} Naming the key.
 */
export function checkUNet(c: ConfigReader, config: UNet2DConditionConfig): void {
  checkSizes(c, config);
  checkGroups(c, config);
  checkHeads(c, config);
  checkContextNorm(c, config);
  if (config.classesConcat && config.classes === null) {
    throw c.error("class_embeddings_concat", "but there is no class embedding");
  }
  if (config.classesConcat && config.addition !== null) {
    throw c.error(
      "class_embeddings_concat",
      `which is not supported with addition_embed_type ${config.addition.kind}`,
    );
  }
  if (sampleChannels(config) < 1) {
    throw c.error("in_channels", "but addition_embed_type image_hint brings 4 channels of its own");
  }
}

function checkSizes(c: ConfigReader, { levels, mid, resnet }: UNet2DConditionConfig): void {
  if (levels.length > MAX_LEVELS) {
    throw c.error("block_out_channels", `but must have at most ${MAX_LEVELS} items`);
  }
  const blocks = levels.flatMap(({ transformers: { down, up } }) => [...down, ...up]);
  if (blocks.reduce((sum, each) => sum + each, 0) > MAX_TRANSFORMERS) {
    throw c.error(
      "transformer_layers_per_block",
      `but all levels together must have at most ${MAX_TRANSFORMERS} transformer blocks`,
    );
  }
  const notZero = "but must not be 0: sums are divided by it";
  if (resnet.outputScale === 0) throw c.error("resnet_out_scale_factor", notZero);
  if (mid?.outputScale === 0) throw c.error("mid_block_scale_factor", notZero);
}

function checkGroups(c: ConfigReader, { levels, groups }: UNet2DConditionConfig): void {
  levels.forEach(({ down, up, channels }, at) => {
    if (isK(down) !== isK(up)) {
      const both = `but ${up} at the same depth is not of its kind: K levels go with K levels`;
      throw c.error("down_block_types", both);
    }
    if (isK(down)) {
      if (channels % K_GROUP_SIZE !== 0) {
        throw c.error("block_out_channels", `but K levels need multiples of ${K_GROUP_SIZE}`);
      }
      const next = levels[at - 1]?.channels ?? channels;
      if (next % (channels / K_GROUP_SIZE) !== 0) {
        const groups = `the ${channels / K_GROUP_SIZE} groups of ${channels} channels`;
        throw c.error("block_out_channels", `but ${groups} must divide the next level's, ${next}`);
      }
      return;
    }
    if (groups === null) {
      throw c.error("norm_num_groups", `which is supported with K levels only, not ${down}`);
    }
    if (channels % groups !== 0) {
      throw c.error("norm_num_groups", `but must divide block_out_channels (${channels})`);
    }
  });
  const first = levels[0]!.channels;
  if (groups !== null && first % groups !== 0) {
    throw c.error("norm_num_groups", `but must divide block_out_channels (${first})`);
  }
}

function checkHeads(c: ConfigReader, { levels, mid }: UNet2DConditionConfig): void {
  const mustDivide = (size: number, channels: number) => {
    if (channels % size === 0) return;
    throw c.error(
      "attention_head_dim",
      `but must divide block_out_channels (${channels} by ${size})`,
    );
  };
  levels.forEach(({ channels, heads, headDim, ...kinds }, at) => {
    for (const way of ["down", "up"] as const) {
      switch (familyOf(kinds[way])) {
        case "transformer":
          mustDivide(heads, channels);
          break;
        case "self":
        case "added":
          mustDivide(headDim[way], channels);
          break;
        case "k_attention":
          mustDivide(headDim[way], channels);
          if (way === "up") mustDivide(headDim[way], levels[at - 1]?.channels ?? channels);
          break;
        case "plain":
        case "resnet":
        case "k":
          break;
      }
    }
  });
  const { channels, heads, headDim } = levels.at(-1)!;
  if (mid?.kind === "UNetMidBlock2DCrossAttn") mustDivide(heads, channels);
  if (mid?.kind === "UNetMidBlock2DSimpleCrossAttn") mustDivide(headDim.down, channels);
}

function checkContextNorm(
  c: ConfigReader,
  { levels, mid, contextNorm, contextWidth }: UNet2DConditionConfig,
): void {
  if (contextNorm === null) return;
  const added = levels.filter(({ down, up }) => [down, up].map(familyOf).includes("added"));
  if (mid?.kind === "UNetMidBlock2DSimpleCrossAttn") added.push(levels.at(-1)!);
  if (added.length === 0) return;
  if (contextNorm === "group_norm" && contextWidth % CONTEXT_GROUPS !== 0) {
    throw c.error(
      "cross_attention_norm",
      `but ${CONTEXT_GROUPS} groups do not divide cross_attention_dim (${contextWidth})`,
    );
  }
  // The reference makes this norm as wide as the level and applies it to the text.
  const other = added.find(({ channels }) => channels !== contextWidth);
  if (contextNorm === "layer_norm" && other !== undefined) {
    throw c.error(
      "cross_attention_norm",
      `but then cross_attention_dim (${contextWidth}) must be each level's channels (${other.channels})`,
    );
  }
}
