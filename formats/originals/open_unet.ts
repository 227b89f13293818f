/**
 * The U-Net of an original checkpoint: network, map, and which of two sets of weights is used.
 *
 * @module
 */
import { averagedMap, hasAverages } from "./averaged_weights.ts";
import { conventionOf } from "./conventions.ts";
import { describeHeads } from "./heads.ts";
import { type KeyMap, place } from "./key_map.ts";
import { ModelError } from "../model_error.ts";
import type { OriginalSettings } from "./original_settings.ts";
import { LDM_UNET, type Recognised } from "./recognise.ts";
import { readOriginalSr3, sr3Config, sr3Map } from "./sr3.ts";
import { type OriginalUNet, readOriginalUNet } from "./unet.ts";
import { type NetworkConfig, unetConfig } from "./unet_config.ts";
import { unetMap } from "./unet_map.ts";
import type { WeightSource } from "../weight_source.ts";

/** A checkpoint's U-Net. */
export interface OpenedUNet extends NetworkConfig {
  /** With the checkpoint's full names. */
  readonly map: KeyMap;
  /** What its weights show, to compare with a configuration. */
  readonly shown: OriginalUNet;
  /** It predicts the noise's variance too: pictures have three channels, and it has six. */
  readonly learnedVariance: boolean;
}

/** What a U-Net is opened with. */
export interface OpenUNetOptions {
  /** What the file is. */
  readonly recognised: Recognised;
  /** What its configuration says. */
  readonly settings: OriginalSettings;
  /** Takes what neither weights nor settings say. */
  readonly assumed: string[];
}

/**
 * Opens a recognised checkpoint's U-Net.
 *
 * @throws {ModelError} If its layout is not supported, or it has weights that the layout has no place for.
 */
export function openOriginalUNet(source: WeightSource, options: OpenUNetOptions): OpenedUNet {
  const { recognised, settings } = options;
  const prefix = recognised.unet ?? "";
  const opened = recognised.kind === "sr3"
    ? openSr3(source, { ...options, prefix })
    : openBlocks(source, { ...options, prefix });
  const { pairs, zeros } = opened.map;
  const map: KeyMap = {
    pairs: place(pairs, { ours: "", theirs: prefix.replace(/\.$/, "") }),
    ...(zeros === undefined ? {} : { zeros }),
  };
  checkPlaces(source, { map, prefix });
  if (prefix !== LDM_UNET || !hasAverages(source)) return { ...opened, map };
  const convention = conventionOf(recognised, opened.shown);
  const averaged = settings.useEma ?? convention.useEma;
  if (settings.useEma === null) {
    options.assumed.push(
      averaged ? "averaged weights are used" : "averaged weights are left aside",
    );
  }
  return { ...opened, map: averaged ? averagedMap(map) : map };
}

type Prefixed = OpenUNetOptions & { readonly prefix: string };

function openBlocks(
  source: WeightSource,
  { recognised, settings, assumed, prefix }: Prefixed,
): OpenedUNet {
  const unet = readOriginalUNet(source, prefix);
  const convention = conventionOf(recognised, unet);
  const heads = settings.heads ?? convention.heads;
  if (settings.heads === null) {
    assumed.push(`attention of the U-Net has ${describeHeads(heads)}`);
  }
  const sampleSize = settings.sampleSize ?? convention.sampleSize;
  const order = settings.order ?? "legacy";
  if (settings.order === null && recognised.kind === "adm") {
    assumed.push("fused projections hold each head's queries, keys and values together");
  }
  return {
    ...unetConfig(unet, { heads, sampleSize, crossOnly: settings.crossOnly ?? undefined }),
    map: unetMap(unet, { heads, order }),
    shown: unet,
    learnedVariance: recognised.kind === "adm" && unet.outChannels === 6,
  };
}

function openSr3(
  source: WeightSource,
  { recognised, settings, assumed, prefix }: Prefixed,
): OpenedUNet {
  const unet = readOriginalSr3(source, prefix);
  // Of the two published models, the one for 512 pixels has one residual block a level and 16 groups.
  const groups = settings.groups ?? (unet.layers === 1 ? 16 : 32);
  if (settings.groups === null) assumed.push(`normalisations of the U-Net have ${groups} groups`);
  const levels = unet.levels.map((level) => ({ ...level, depth: 0, crossOnly: false }));
  const shown: OriginalUNet = {
    ...unet,
    levels,
    modelChannels: levels[0]!.channels,
    resampling: "convolution",
    scaleShift: false,
    attention: { kind: "self" },
    middleDepth: 0,
    classes: null,
    timeLayers: "time_embed",
  };
  const sampleSize = settings.sampleSize ?? conventionOf(recognised, shown).sampleSize;
  return {
    ...sr3Config(unet, { groups, sampleSize }),
    map: sr3Map(unet),
    shown,
    learnedVariance: false,
  };
}

/**
 * Adapters, motion modules and other additions are more weights of the same network: without them it computes something else.
 *
 * @throws {ModelError} Naming them.
 */
function checkPlaces(
  source: WeightSource,
  { map, prefix }: { readonly map: KeyMap; readonly prefix: string },
): void {
  const known = new Set(map.pairs.map(({ theirs }) => theirs));
  const others = [...source.tensors.keys()]
    .filter((name) => name.startsWith(prefix) && !known.has(name));
  if (others.length === 0) return;
  const more = others.length > 5 ? ` and ${others.length - 5} more` : "";
  throw new ModelError(
    `Cannot use the U-Net in ${source.description}: it has weights that are not understood: ` +
      others.slice(0, 5).join(", ") + more,
  );
}
