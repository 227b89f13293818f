/**
 * Given pictures and what of them is kept, as tensors.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import { preprocessPictures } from "../formats/images/vae_image_processor.ts";
import { describe, type HostTensor, type HostTensorOf } from "../graph/tensor_spec.ts";
import { checkCount } from "./given_latents.ts";
import { readPictures, type Sides, workingSides } from "./given_pictures.ts";
import { SettingsError } from "./settings.ts";

/** Pictures: as such, or a tensor `[m, c, height, width]` in 0..1 such as results have. */
export type GivenImages = Picture | readonly Picture[] | HostTensor;

/** Pictures and masks of a call, checked. */
export interface KeptRegion {
  /** The pictures `[m, c, height, width]` in -1..1. */
  readonly pictures: HostTensorOf<"f32">;
  /** `[1 or m, 1, height, width]`: 1 is kept, 0 is made. */
  readonly keep: HostTensorOf<"f32">;
  /** Sides in pixels. */
  readonly sides: Sides;
}

/** What decides how pictures are read. */
export interface GivenImagesOptions {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** Channels of the model's pictures. */
  readonly channels: number;
  /** Sides are multiples of this. */
  readonly multiple: number;
}

/**
 * Reads pictures at one size, as `[m, c, height, width]` in -1..1.
 *
 * @throws {SettingsError} If there is none, or they have no size that the model can use.
 */
export function readImages(
  given: GivenImages,
  { width, height, channels, multiple }: GivenImagesOptions,
): { readonly pictures: HostTensorOf<"f32">; readonly sides: Sides } {
  if (channels !== 1 && channels !== 3) {
    throw new SettingsError(
      `Cannot use pictures: the model's have ${channels} channels, neither 1 nor 3`,
    );
  }
  if (isTensor(given)) {
    const [m, c, rows, columns] = given.shape as [number, number, number, number];
    if (given.dtype !== "f32" || given.shape.length !== 4 || c !== channels || m < 1) {
      throw new SettingsError(
        `Cannot use image ${describe(given)}: it must be f32[n, ${channels}, height, width]`,
      );
    }
    const sides = workingSides({ width: width ?? columns, height: height ?? rows }, {
      otherwise: { width: columns, height: rows },
      multiple,
    });
    if (sides.width !== columns || sides.height !== rows) {
      throw new SettingsError(
        `Cannot use image ${
          describe(given)
        } at ${sides.width} x ${sides.height} pixels: a tensor is not resized`,
      );
    }
    const data = checkUnit("image", given).data.map((x) => 2 * x - 1);
    return { pictures: { ...given, data }, sides };
  }
  const list = readPictures("image", given);
  const sides = workingSides({ width, height }, { otherwise: list[0]!, multiple });
  const convert = channels === 1 ? "grey" : "rgb";
  return { pictures: preprocessPictures(list, { ...sides, scaleFactor: 1, convert }), sides };
}

/**
 * Reads what is kept of pictures, `[1 or m, 1, height, width]`.
 *
 * @throws {SettingsError} If it does not fit the pictures.
 */
export function readKeepMask(
  mask: GivenImages,
  { sides, count }: { readonly sides: Sides; readonly count: number },
): HostTensorOf<"f32"> {
  const keep = isTensor(mask) ? readTensor(mask, sides) : preprocessPictures(
    readPictures("keepMask", mask),
    {
      ...sides,
      scaleFactor: 1,
      convert: "grey",
      filter: "nearest",
      normalize: false,
      binarize: true,
    },
  );
  const masks = keep.shape[0]!;
  if (masks === 1 || masks === count) return keep;
  throw new SettingsError(
    `Cannot use ${masks} masks with ${count} pictures: give one, or one each`,
  );
}

function isTensor(given: GivenImages): given is HostTensor {
  return typeof given === "object" && given !== null && "dtype" in given;
}

function checkUnit(name: string, tensor: HostTensorOf<"f32">): HostTensorOf<"f32"> {
  checkCount(name, tensor);
  if (tensor.data.every((x) => x >= 0 && x <= 1)) return tensor;
  throw new SettingsError(`Cannot use ${name}: its numbers must be from 0 to 1`);
}

function readTensor(mask: HostTensor, { width, height }: Sides): HostTensorOf<"f32"> {
  const [, c, h, w] = mask.shape;
  const fits = mask.shape.length === 4 && c === 1 && h === height && w === width;
  if (mask.dtype !== "f32" || !fits) {
    throw new SettingsError(
      `Cannot use keepMask ${describe(mask)}: it must be f32[n, 1, ${height}, ${width}]`,
    );
  }
  return checkUnit("keepMask", mask);
}

/**
 * What is kept of samples: a position where all of its pixels are kept, so that nothing of a hole, however thin, stays.
 *
 * @param factor Pixels a side of a position has.
 */
export function keptPositions(
  keep: HostTensorOf<"f32">,
  factor: number,
): HostTensorOf<"f32"> {
  if (factor === 1) return keep;
  const [n, , height, width] = keep.shape as [number, number, number, number];
  const [rows, columns] = [height / factor, width / factor];
  const data = new Float32Array(n * rows * columns).fill(1);
  for (let row = 0; row < n * height; row++) {
    // Rows of all masks in one: a mask's height is a multiple of the factor.
    const to = Math.floor(row / factor) * columns;
    for (let column = 0; column < width; column++) {
      const at = to + Math.floor(column / factor);
      data[at] = Math.min(data[at]!, keep.data[row * width + column]!);
    }
  }
  return { dtype: "f32", shape: [n, 1, rows, columns], data };
}

/** Puts given pictures over made ones `[n, 3, height, width]` in 0..1 where they are kept. */
export function pasteKept(
  made: HostTensorOf<"f32">,
  { pictures, keep }: Pick<KeptRegion, "pictures" | "keep">,
): HostTensorOf<"f32"> {
  const [n, c] = made.shape as [number, number];
  const plane = made.data.length / (n * c);
  const [m, masks] = [pictures.shape[0]!, keep.shape[0]!];
  const data = made.data.map((value, at) => {
    const image = Math.floor(at / (c * plane));
    const given = pictures.data[Math.floor(image * m / n) * c * plane + at % (c * plane)]!;
    const weight = keep.data[Math.floor(image * masks / n) * plane + at % plane]!;
    return weight * (given / 2 + 0.5) + (1 - weight) * value;
  });
  return { ...made, data };
}
