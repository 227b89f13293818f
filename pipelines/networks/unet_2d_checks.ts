/**
 * What the parts of a `UNet2DModel`'s configuration ask of each other.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { K_GROUP_SIZE } from "../../models/k_blocks.ts";
import {
  joinedGroups,
  SKIP_ATTENTION_GROUPS,
  SKIP_PICTURE_CHANNELS,
  skipGroups,
} from "../../models/skip_blocks.ts";
import { unet2dBlockParts, type UNet2DConfig, unet2dGroups } from "../../models/unet_2d_config.ts";

/** More levels than a picture can be halved. */
const MAX_LEVELS = 16;

/**
 * Finds what would otherwise show as a failed reshape deep in the network, or as a picture of nothing but NaN.
 *
 * @throws {ModelError} Naming the key.
 */
export function checkUNet2D(c: ConfigReader, config: UNet2DConfig): void {
  const { levels, mid, time } = config;
  if (levels.length > MAX_LEVELS) {
    throw c.error("block_out_channels", `but must have at most ${MAX_LEVELS} items`);
  }
  if (mid?.outputScale === 0) {
    throw c.error("mid_block_scale_factor", "but must not be 0: sums are divided by it");
  }
  const first = levels[0]!.channels;
  if (time.kind === "positional" && Math.floor(first / 2) === time.freqShift) {
    throw c.error("freq_shift", `but must not be half of block_out_channels (${first})`);
  }
  const isK = levels.map(({ down }) => unet2dBlockParts(down).family === "k");
  if (isK.includes(true) && isK.includes(false)) {
    // They leave fewer skips than others take, so that all further ones would be joined at the wrong depth.
    throw c.error("down_block_types", "but KDownBlock2D does not go with levels of other kinds");
  }
  levels.forEach((_, at) => checkLevel(c, config, at));
  checkGroups(c, config);
  checkHeads(c, config);
}

function checkLevel(c: ConfigReader, config: UNet2DConfig, at: number): void {
  const { levels, groups } = config;
  const { down, up, channels } = levels[at]!;
  const families = [down, up].map((kind) => unet2dBlockParts(kind).family);
  if (families.includes("k")) {
    if (families[0] !== families[1]) {
      throw c.error("down_block_types", `but ${up} at the same depth does not go with ${down}`);
    }
    if (channels % K_GROUP_SIZE !== 0) {
      throw c.error("block_out_channels", `but K levels need multiples of ${K_GROUP_SIZE}`);
    }
    const next = levels[Math.max(at - 1, 0)]!.channels;
    if (next % K_GROUP_SIZE !== 0 || next % (channels / K_GROUP_SIZE) !== 0) {
      const own = `the ${channels / K_GROUP_SIZE} groups of ${channels} channels`;
      throw c.error("block_out_channels", `but ${own} must divide the next level's, ${next}`);
    }
  }
  for (const kind of [down, up]) {
    const { family } = unet2dBlockParts(kind);
    if (groups === null && (family === "plain" || family === "resnet")) {
      throw c.error(
        "norm_num_groups",
        `which is supported with skip and K levels only, not ${kind}`,
      );
    }
  }
  if (families[0] === "skip") checkSkipDown(c, config, at);
  if (families[1] === "skip") checkSkipUp(c, config, at);
}

function mustDivide(c: ConfigReader, groups: number, channels: number): void {
  if (groups > 0 && channels % groups === 0) return;
  throw c.error(
    "block_out_channels",
    `but the ${groups} groups of a skip level must divide its ${channels} channels`,
  );
}

function checkSkipDown(c: ConfigReader, { levels, inChannels }: UNet2DConfig, at: number): void {
  const { channels, down } = levels[at]!;
  const before = levels[Math.max(at - 1, 0)]!.channels;
  for (const width of [before, channels]) mustDivide(c, skipGroups(width), width);
  if (unet2dBlockParts(down).attention) mustDivide(c, SKIP_ATTENTION_GROUPS, channels);
  if (at < levels.length - 1 && inChannels !== SKIP_PICTURE_CHANNELS) {
    throw c.error("in_channels", `but must be ${SKIP_PICTURE_CHANNELS} for ${down}`);
  }
}

function checkSkipUp(
  c: ConfigReader,
  { levels, outChannels, layers }: UNet2DConfig,
  at: number,
): void {
  const { channels, up } = levels[at]!;
  const { attention } = unet2dBlockParts(up);
  const deeper = levels[at + 1]?.channels ?? channels;
  const higher = levels[Math.max(at - 1, 0)]!.channels;
  // The first block takes the deeper level's features, the last one the higher level's skip.
  for (let layer = 0; layer <= layers; layer++) {
    const features = layer === 0 ? deeper : channels;
    const skip = layer === layers ? higher : channels;
    mustDivide(c, joinedGroups({ features, skip, attention }), features + skip);
  }
  mustDivide(c, skipGroups(channels), channels);
  if (attention) mustDivide(c, SKIP_ATTENTION_GROUPS, channels);
  if (at > 0 && outChannels !== SKIP_PICTURE_CHANNELS) {
    throw c.error("out_channels", `but must be ${SKIP_PICTURE_CHANNELS} for ${up}`);
  }
}

function checkGroups(c: ConfigReader, config: UNet2DConfig): void {
  const { levels, mid } = config;
  const normalised = levels.filter(({ down, up }) =>
    [down, up].some((kind) => ["plain", "resnet"].includes(unet2dBlockParts(kind).family))
  );
  if (mid !== null) normalised.push(levels.at(-1)!);
  normalised.push(levels[0]!);
  for (const { channels } of normalised) {
    const groups = unet2dGroups(config, channels);
    if (groups > 0 && channels % groups === 0) continue;
    throw c.error("norm_num_groups", `but must divide block_out_channels (${channels})`);
  }
  const { channels } = levels.at(-1)!;
  const groups = mid?.attention ? mid.attentionGroups : null;
  if (groups !== null && channels % groups !== 0) {
    throw c.error("attn_norm_num_groups", `but must divide block_out_channels (${channels})`);
  }
}

function checkHeads(c: ConfigReader, { levels, mid }: UNet2DConfig): void {
  levels.forEach(({ channels, heads, headDim, down, up }, at) => {
    const deepest = at === levels.length - 1;
    const attends = [down, up].some((kind) => unet2dBlockParts(kind).attention) ||
      (deepest && mid !== null && mid.attention);
    if (!attends || heads > 0) return;
    const problem = `but no head of ${headDim} fits in block_out_channels (${channels})`;
    throw c.error("attention_head_dim", problem);
  });
}
