/**
 * An inpainting call, checked before anything is computed.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import { preprocessPictures } from "../formats/images/vae_image_processor.ts";
import type { HostTensorOf } from "../graph/tensor_spec.ts";
import { composePictures, pick } from "./compose_pictures.ts";
import { cropPicture, cropRegion, type Region } from "./crop_region.ts";
import { readLatents } from "./given_latents.ts";
import { readPictures, type Sides, workingSides } from "./given_pictures.ts";
import type { InpaintingFamily } from "./inpainting_family.ts";
import { binarized, greyMask, maskOf, reduceMask, withHoles } from "./inpainting_mask.ts";
import type { InpaintingOptions, MaskReduction } from "./inpainting_options.ts";
import { repeatPictures } from "./sample_space.ts";
import { readSamplingSettings, type SamplingSettings } from "./sampling_settings.ts";
import { checkInteger, SettingsError } from "./settings.ts";
import { guidedRows, readTextSettings, TEXT_OPTIONS, type TextSettings } from "./text_settings.ts";
import { type CheckedTiles, readAutoencoderTiles } from "./tiling/autoencoder_tiles.ts";

/** A call with every default filled in. */
export interface InpaintingRequest {
  /** Null where the model reads no text. */
  readonly texts: TextSettings | null;
  readonly sampling: SamplingSettings;
  /** Which rows of the plan are guided; undefined for all. */
  readonly guides: ((index: number) => boolean) | undefined;
  /** How many pictures with masks there are. */
  readonly rows: number;
  /** Pictures at the working size `[m, 3, height, width]` in -1..1. */
  readonly images: HostTensorOf<"f32">;
  /** The same with holes, one for each picture and mask; null if the network is not told of the mask. */
  readonly masked: HostTensorOf<"f32"> | null;
  /** What is repainted, `[batch, 1, h, w]`. */
  readonly mask: HostTensorOf<"f32">;
  readonly latentShape: readonly number[];
  /** The initial noise, if it is given. */
  readonly latents: HostTensorOf<"f32"> | undefined;
  /** The autoencoder's. */
  readonly tiles: CheckedTiles;
  /** What is done otherwise than may be expected. */
  readonly warnings: readonly string[];
  /** Puts what was made into the given pictures, as far as that was asked for. */
  compose(made: readonly Picture[]): readonly Picture[];
}

/** Pictures and masks, one or as many as there are rows. */
interface Given {
  readonly pictures: readonly Picture[];
  /** One channel each, white is repainted. */
  readonly masks: readonly Picture[];
  readonly rows: number;
}

/**
 * Checks a call.
 *
 * @throws {SettingsError} If a setting cannot be used.
 * @throws {SchedulerError} If the scheduler or its steps cannot be used.
 * @throws {NonFiniteError} If given latents are not finite.
 */
export function readInpainting(
  options: InpaintingOptions,
  family: InpaintingFamily,
): InpaintingRequest {
  const { factor, multiple, latentChannels, defaults, told } = family;
  checkUnused(options);
  const given = readGiven(options);
  const { rows } = given;
  const texts = family.text === null ? null : readTextSettings(
    { ...options, prompt: options.prompt! },
    { ...family.text, given: rows },
  );
  if (texts === null) checkNoText(options);
  const batch = texts?.prompts.length ??
    rows * checkInteger("count", options.count ?? 1, { min: 1, max: 1024 });
  const strength = options.strength ?? 1;
  const sampling = readSamplingSettings({ ...options, strength }, { ...family, batch });

  const { crop: padding, softMask: soft = false } = options;
  const sides = workingSides(options, {
    otherwise: padding === undefined
      ? given.pictures[0]!
      : { width: defaults.width, height: defaults.height },
    multiple,
  });
  const cropped = padding === undefined ? undefined : cropGiven(given, { padding, sides });
  const at = {
    ...sides,
    scaleFactor: factor,
    mode: cropped === undefined ? "default" : "fill",
  } as const;
  const { pictures, masks } = cropped ?? given;
  const images = preprocessPictures(pictures, { ...at, convert: "rgb" });
  const pixels = preprocessPictures(masks, { ...at, convert: "grey", normalize: false });
  const hard = binarized(pixels);
  const by = readReduction(options);
  // A network that is told of the mask knows no grey.
  const small = reduceMask(soft && (told === null || by === "mean") ? pixels : hard, {
    factor,
    by,
  });
  const mask = repeatPictures(told === null ? small : binarized(small), batch);
  const latentShape = [batch, latentChannels, sides.height / factor, sides.width / factor];
  return {
    texts,
    sampling,
    guides: guidedRows(options.guidanceInterval, sampling.plan),
    rows,
    images,
    masked: told && withHoles(images, { masks: hard, hole: told.hole }),
    mask,
    latentShape,
    latents: readLatents(options.latents, latentShape),
    tiles: readAutoencoderTiles(options, factor),
    warnings: warningsOf({ hard, mask }),
    compose: composer(given, { options, family, sides, regions: cropped?.regions }),
  };
}

/** What only other kinds of models have a use for. */
function checkUnused(options: InpaintingOptions): void {
  for (const name of ["jumpLength", "jumpNSample"] as const) {
    if (options[name] === undefined) continue;
    throw new SettingsError(`Cannot use ${name} without the method repaint`);
  }
  for (const name of ["classLabels", "unconditionalLabel"] as const) {
    if (options[name] === undefined) continue;
    throw new SettingsError(`Cannot use ${name}: the model knows no classes`);
  }
}

function readGiven(options: InpaintingOptions): Given {
  const pictures = readPictures("image", options.image);
  const invert = options.invertMask ?? false;
  const masks = readPictures("mask", options.mask).map((mask) => greyMask(mask, { invert }));
  const rows = Math.max(pictures.length, masks.length);
  if (Math.min(pictures.length, masks.length) === 1 || pictures.length === masks.length) {
    return { pictures, masks, rows };
  }
  throw new SettingsError(
    `Cannot use ${masks.length} masks with ${pictures.length} pictures: give one, or one each`,
  );
}

function cropGiven(
  given: Given,
  { padding, sides }: { readonly padding: number; readonly sides: Sides },
): Pick<Given, "pictures" | "masks"> & { readonly regions: readonly Region[] } {
  checkInteger("crop", padding, { min: 0, max: 16384 });
  const count = given.rows;
  const parts = Array.from({ length: count }, (_, at) => {
    const picture = pick(given.pictures, { at, count });
    const own = pick(given.masks, { at, count });
    const region = cropRegion(own, { padding, sides, picture });
    checkPart(region, sides);
    const mask = cropPicture(maskOf(own, picture), region);
    return { region, picture: cropPicture(picture, region), mask };
  });
  return {
    pictures: parts.map(({ picture }) => picture),
    masks: parts.map(({ mask }) => mask),
    regions: parts.map(({ region }) => region),
  };
}

/** A part can be so thin that nothing is left of it at the working size. */
function checkPart(part: Sides, sides: Sides): void {
  const scale = Math.min(sides.width / part.width, sides.height / part.height);
  if (Math.min(part.width, part.height) * scale >= 1) return;
  throw new SettingsError(
    `Cannot work on the ${part.width} x ${part.height} pixels around the mask at ${sides.width} x ${sides.height}: give sides of their proportions`,
  );
}

function readReduction({ maskReduction, softMask = false }: InpaintingOptions): MaskReduction {
  const by = maskReduction ?? (softMask ? "mean" : "nearest");
  if (by === "mean" && !softMask) {
    throw new SettingsError("Cannot reduce a mask to its mean unless softMask is set");
  }
  if (by === "nearest" || by === "max" || by === "mean") return by;
  throw new SettingsError(
    `Cannot use maskReduction ${JSON.stringify(by)}: it must be nearest, max or mean`,
  );
}

/** Without a text encoder nothing of this has a meaning; an empty text says nothing. */
function checkNoText(options: InpaintingOptions): void {
  for (const name of TEXT_OPTIONS) {
    if (options[name] === undefined || options[name] === "") continue;
    throw new SettingsError(`Cannot use ${name}: the model reads no text`);
  }
}

function warningsOf(
  { hard, mask }: { readonly hard: HostTensorOf<"f32">; readonly mask: HostTensorOf<"f32"> },
): readonly string[] {
  if (mask.data.some((value) => value > 0)) return [];
  return [
    hard.data.some((value) => value > 0)
      ? 'The mask is so thin that nothing of it is left at the size of the latents: nothing is repainted; maskReduction "max" keeps it'
      : "The mask is black: nothing is repainted",
  ];
}

function composer(
  given: Given,
  { options, family, sides, regions }: {
    readonly options: InpaintingOptions;
    readonly family: InpaintingFamily;
    readonly sides: Sides;
    readonly regions: readonly Region[] | undefined;
  },
): InpaintingRequest["compose"] {
  const { softMask: soft = false } = options;
  const composites = options.composite ??
    (family.composites || regions !== undefined || (soft && family.told !== null));
  if (soft && family.told !== null && !composites) {
    throw new SettingsError(
      "Cannot use a soft mask without composite: the network is told what to repaint, not how much",
    );
  }
  if (!composites && regions === undefined) return (made) => made;
  // A size that was asked for is that of the result; a part around the mask goes back into the whole.
  const resized = regions === undefined &&
    (options.width !== undefined || options.height !== undefined);
  const into = {
    pictures: given.pictures,
    masks: composites ? given.masks : null,
    sides: resized ? sides : undefined,
    soft,
    regions,
  };
  return (made) => composePictures(made, into);
}
