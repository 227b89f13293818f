/**
 * A call of super-resolution, checked before anything is computed.
 *
 * @module
 */
import { peakBytes } from "../graph/passes/peak_bytes.ts";
import { f32, type HostTensorOf, i32 } from "../graph/tensor_spec.ts";
import { readLatents } from "./given_latents.ts";
import { readLowResolution } from "./low_resolution_image.ts";
import type { Model } from "./model.ts";
import { readSamplingSettings, type SamplingSettings } from "./sampling_settings.ts";
import { checkInteger, checkNumber, SettingsError } from "./settings.ts";
import type { SuperResolutionFamily } from "./super_resolution_family.ts";
import type { SuperResolutionOptions } from "./super_resolution_options.ts";
import { guidedRows, readTextSettings, TEXT_OPTIONS, type TextSettings } from "./text_settings.ts";
import { autoencoderConfig } from "./tiled_autoencoder.ts";
import { coderTiles } from "./tiling/coder_tiles.ts";
import { splitDecoder } from "./tiling/split_autoencoder.ts";
import type { TileGrid } from "./tiling/tile_grid.ts";
import type { TileWeighting } from "./tiling/tile_weights.ts";
import { decoderReach } from "./tiling/tiled_decoder.ts";
import {
  checkMemory,
  chooseTiles,
  type ChooseTilesOptions,
  seamlessOverlap,
  type TilingCost,
} from "./tiling/tiling_cost.ts";
import type { Level } from "../schedulers/plan.ts";

/** A call, checked and with every default filled in. */
export interface SuperResolutionRequest {
  /** The given pictures `[m, 3, h, w]` in -1..1, of the sides of the sample. */
  readonly image: HostTensorOf<"f32">;
  /** Null for models that read none. */
  readonly texts: TextSettings | null;
  readonly sampling: SamplingSettings;
  readonly guides: ((index: number) => boolean) | undefined;
  /** What the network is told of the noise on the given pictures. */
  readonly noiseLevel: number | undefined;
  /** The mixture of the given pictures with noise; null for none. */
  readonly noising: Level | null;
  /** `[n, c, h, w]`, n a multiple of m. */
  readonly sampleShape: readonly [n: number, c: number, height: number, width: number];
  readonly latents: HostTensorOf<"f32"> | undefined;
  /** The tiles of the denoiser; the whole is one. */
  readonly grid: TileGrid;
  /** The tiles of the decoder, how far its tail reaches, and whether each is made for itself; null where there is none. */
  readonly decoder:
    | { readonly grid: TileGrid; readonly reach: number; readonly apart: boolean }
    | null;
  readonly weighting: TileWeighting | undefined;
  readonly cost: TilingCost;
  /** What is done otherwise than may be expected. */
  readonly warnings: readonly string[];
}

/** Bytes for intermediate results, where a call does not say: what a graphics card of these years can spare. */
const MEMORY = 2e9;

/** The longest side of a result. */
const MAX_SIDE = 65_536;

/**
 * Checks a call.
 *
 * @throws {SettingsError} If a setting cannot be used.
 * @throws {SchedulerError} If the scheduler or its steps cannot be used.
 */
export async function readSuperResolutionRequest(
  options: SuperResolutionOptions,
  { model, family }: { readonly model: Model; readonly family: SuperResolutionFamily },
): Promise<SuperResolutionRequest> {
  const image = readLowResolution(options, family);
  const [m, , height, width] = image.shape as [number, number, number, number];
  for (const side of [height, width]) {
    checkInteger("a result's side", side * family.space.factor, { min: 1, max: MAX_SIDE });
  }
  const texts = readTexts(options, { family, given: m });
  const count = texts?.count ?? checkInteger("count", options.count ?? 1, { min: 1, max: 1024 });
  const n = texts?.prompts.length ?? m * count;
  const sampling = readSamplingSettings(
    { ...options, eta: options.eta ?? family.defaults.eta },
    { ...family, batch: n },
  );
  const sampleShape = [n, family.space.channels, height, width] as const;
  const request = {
    image,
    texts,
    sampling,
    guides: texts === null ? undefined : guidedRows(options.guidanceInterval, sampling.plan),
    ...readNoising(options, family),
    sampleShape,
    latents: readLatents(options.latents, sampleShape),
  };
  return { ...request, ...await layTiles(options, { model, family, texts, sampleShape }) };
}

function readTexts(
  options: SuperResolutionOptions,
  { family, given }: { readonly family: SuperResolutionFamily; readonly given: number },
): TextSettings | null {
  if (family.kind === "text") {
    const prompt = options.prompt ?? "";
    return readTextSettings({ ...options, prompt }, { ...family.text, given });
  }
  for (const name of TEXT_OPTIONS) {
    if (options[name] !== undefined) {
      throw new SettingsError(`Cannot use ${name}: the model enlarges without text`);
    }
  }
  return null;
}

/** The noise that is put on the given pictures. */
function readNoising(
  { noiseLevel, augmentation }: SuperResolutionOptions,
  family: SuperResolutionFamily,
): Pick<SuperResolutionRequest, "noiseLevel" | "noising"> {
  if (family.kind === "text") {
    if (augmentation !== undefined) {
      throw new SettingsError(
        "Cannot use augmentation: the model is told how much noise there is; give a noiseLevel",
      );
    }
    const { scheduler, most } = family.noise;
    const level = checkInteger("noiseLevel", noiseLevel ?? Math.min(20, most), {
      min: 0,
      max: most,
    });
    return { noiseLevel: level, noising: scheduler.level(level) };
  }
  if (noiseLevel !== undefined) {
    throw new SettingsError(
      "Cannot use noiseLevel: the model is not told how much noise there is; augmentation mixes noise in all the same",
    );
  }
  const noise = checkNumber("augmentation", augmentation ?? 0);
  if (noise < 0 || noise >= 1) {
    throw new SettingsError(
      `Cannot use augmentation ${noise}: it must be from 0 to below 1`,
    );
  }
  return {
    noiseLevel: undefined,
    noising: noise === 0 ? null : { signal: Math.sqrt(1 - noise * noise), noise },
  };
}

/** Chooses tiles for both networks. */
async function layTiles(
  { tiles = "auto", memory = MEMORY }: SuperResolutionOptions,
  { model, family, texts, sampleShape }: {
    readonly model: Model;
    readonly family: SuperResolutionFamily;
    readonly texts: TextSettings | null;
    readonly sampleShape: SuperResolutionRequest["sampleShape"];
  },
): Promise<Pick<SuperResolutionRequest, "grid" | "decoder" | "weighting" | "cost" | "warnings">> {
  checkMemory(memory);
  const asked = readTiles(tiles);
  const { align, space: { autoencoder } } = family;
  const [n, c, height, width] = sampleShape;
  const whole = { height, width };
  const unet = await model.component("unet");
  const rows = texts?.guided ? 2 * n : n;
  const { scoresAtOnce } = model.backend;
  // Where they are written out, so many scores take longer to compute than tiles, even if they are there one after the other.
  const all = scoresAtOnce && ((count: number) => count);
  const shared = { asked, memory } satisfies Partial<ChooseTilesOptions>;
  const denoiser = chooseTiles(whole, {
    ...shared,
    align,
    overlap: (size) => size >> 1,
    bytes: ({ height, width }) =>
      peakBytes(
        unet.graph({
          sample: f32(rows, c + 3, height, width),
          timestep: f32(1),
          ...(family.kind === "text"
            ? {
              encoder_hidden_states: f32(rows, family.text.tokens, family.contextWidth),
              class_labels: i32(rows),
            }
            : {}),
        }),
        { scoresAtOnce: all },
      ),
  });
  const weighting = typeof tiles === "object" ? tiles.weighting : undefined;
  const { grid } = denoiser;
  if (autoencoder === null) {
    const cost = { denoiser: denoiser.cost, decoder: null };
    return { grid, decoder: null, weighting, cost, warnings: [] };
  }
  const component = await model.component(autoencoder.name);
  const { blocks } = autoencoderConfig(model, autoencoder.name);
  const reach = decoderReach(blocks, "tail");
  const decoder = coderTiles(whole, {
    ...shared,
    name: autoencoder.name,
    overlap: seamlessOverlap(reach),
    overlapApart: seamlessOverlap(decoderReach(blocks)),
    scoresAtOnce,
    split: weighting === "distance" ? undefined : splitDecoder,
    graph: (sides) => component.graph({ z: f32(n, c, sides.height, sides.width) }, "decode"),
  });
  const { warning } = decoder;
  return {
    grid,
    // The original decodes tiles as if each were all there is.
    decoder: { grid: decoder.grid, reach, apart: decoder.apart || weighting === "distance" },
    weighting,
    cost: { denoiser: denoiser.cost, decoder: decoder.cost },
    warnings: warning === undefined ? [] : [warning],
  };
}

function readTiles(
  tiles: NonNullable<SuperResolutionOptions["tiles"]>,
): ChooseTilesOptions["asked"] {
  if (tiles === "auto") return undefined;
  if (tiles === "off") return null;
  if (typeof tiles !== "object" || tiles === null) {
    throw new SettingsError(
      `Cannot use tiles ${JSON.stringify(tiles)}: wanted auto, off or { size, overlap }`,
    );
  }
  const size = checkInteger("a tile's size", tiles.size, { min: 1, max: MAX_SIDE });
  const { overlap = size >> 1, weighting = "product" } = tiles;
  checkInteger("the tiles' overlap", overlap, { min: 0, max: size - 1 });
  if (weighting !== "product" && weighting !== "distance") {
    throw new SettingsError(
      `Cannot weigh tiles by ${JSON.stringify(weighting)}: wanted product or distance`,
    );
  }
  return { size, overlap };
}
