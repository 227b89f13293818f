/**
 * Given pictures and what of them is kept, as tensors.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import { preprocessPictures } from "../formats/images/vae_image_processor.ts";
import { describe, type HostTensor, type HostTensorOf } from "../graph/tensor_spec.ts";
import { readPictures, type Sides, workingSides } from "./given_pictures.ts";
import type { SampleSpace } from "./sample_space.ts";
import { SettingsError } from "./settings.ts";

/** Pictures and masks of a call, checked. */
export interface KeptRegion {
  /** The pictures `[m, 3, height, width]` in -1..1. */
  readonly pictures: HostTensorOf<"f32">;
  /** `[1 or m, 1, height, width]`: 1 is kept, 0 is made. */
  readonly keep: HostTensorOf<"f32">;
  /** Sides in pixels. */
  readonly sides: Sides;
}

/**
 * Reads pictures and what of them is kept, at one size.
 *
 * @throws {SettingsError} If there is no picture or mask, or they do not fit together.
 */
export function readKeptRegion(
  { image, keepMask, width, height }: {
    readonly image: Picture | readonly Picture[];
    readonly keepMask: Picture | readonly Picture[] | HostTensor;
    readonly width?: number | undefined;
    readonly height?: number | undefined;
  },
  { space, multiple }: {
    readonly space: Pick<SampleSpace, "pictureChannels">;
    readonly multiple: number;
  },
): KeptRegion {
  const given = readPictures("image", image);
  const sides = workingSides({ width, height }, { otherwise: given[0]!, multiple });
  const convert = space.pictureChannels === 1 ? "grey" : "rgb";
  const pictures = preprocessPictures(given, { ...sides, scaleFactor: 1, convert });
  if (pictures.shape[1] !== space.pictureChannels) {
    throw new SettingsError(
      `Cannot use pictures: the model's have ${space.pictureChannels} channels, neither 1 nor 3`,
    );
  }
  const keep = isTensor(keepMask) ? readTensor(keepMask, sides) : preprocessPictures(
    readPictures("keepMask", keepMask),
    {
      ...sides,
      scaleFactor: 1,
      convert: "grey",
      filter: "nearest",
      normalize: false,
      binarize: true,
    },
  );
  const [masks, count] = [keep.shape[0]!, given.length];
  if (masks !== 1 && masks !== count) {
    throw new SettingsError(
      `Cannot use ${masks} masks with ${count} pictures: give one, or one each`,
    );
  }
  return { pictures, keep, sides };
}

function isTensor(mask: Picture | readonly Picture[] | HostTensor): mask is HostTensor {
  return typeof mask === "object" && mask !== null && "dtype" in mask;
}

function readTensor(mask: HostTensor, { width, height }: Sides): HostTensorOf<"f32"> {
  const [, c, h, w] = mask.shape;
  const fits = mask.shape.length === 4 && c === 1 && h === height && w === width;
  if (mask.dtype !== "f32" || !fits) {
    throw new SettingsError(
      `Cannot use keepMask ${describe(mask)}: it must be f32[n, 1, ${height}, ${width}]`,
    );
  }
  if (mask.data.every((x) => x >= 0 && x <= 1)) return mask;
  throw new SettingsError("Cannot use keepMask: its numbers must be from 0 to 1");
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
