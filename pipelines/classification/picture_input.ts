/**
 * The picture that is classified, as the autoencoder takes it.
 *
 * @module
 */
import type { Picture } from "../../formats/images/picture.ts";
import { resize } from "../../formats/images/resize.ts";
import { preprocessPictures } from "../../formats/images/vae_image_processor.ts";
import { describe, type HostTensor, type HostTensorOf } from "../../graph/tensor_spec.ts";
import { readPictures } from "../given_pictures.ts";
import { checkFinite } from "../image_output.ts";
import { checkSide, SettingsError } from "../settings.ts";

/** The picture that is to be classified cannot be used; another may be. */
export class PictureError extends SettingsError {
  /** The name of this class. */
  override name = "PictureError";
}

/** A stretched strip of more pixels than this is no picture. */
const MAX_PIXELS = 2 ** 26;

/** A picture's file is decoded first; a tensor is `[1, 3, height, width]` in -1..1, and is taken as it is. */
export type ClassifiedImage = Picture | HostTensor;

/**
 * The picture as `[1, 3, height, width]` in -1..1. As in the paper's code: the short side is resized to `size` (bicubic), the
 * middle cut out, and alpha left away.
 *
 * @param factor What sides must be a multiple of.
 * @throws {PictureError} If the picture or the tensor cannot be used.
 * @throws {SettingsError} If the size cannot.
 */
export function classifierInput(
  image: ClassifiedImage,
  { size, factor }: { readonly size: number; readonly factor: number },
): HostTensorOf<"f32"> {
  if (image && "dtype" in image) {
    const [n, channels, height, width] = image.shape;
    if (
      image.dtype !== "f32" || image.shape.length !== 4 || n !== 1 || channels !== 3 ||
      image.data.length !== 3 * height! * width!
    ) {
      throw new PictureError(
        `Cannot classify ${describe(image)}: a tensor must be f32[1, 3, height, width] in -1..1`,
      );
    }
    checkSide("height", height!, factor);
    checkSide("width", width!, factor);
    return checkFinite("the picture", image);
  }
  checkSide("size", size, factor);
  return preprocessPictures([coverSquare(readPicture(image), size)], {
    resize: false,
    convert: "rgb",
  });
}

function readPicture(image: Picture): Picture {
  try {
    return readPictures("image", image)[0]!;
  } catch (cause) {
    throw new PictureError((cause as Error).message, { cause });
  }
}

/** Resizes the short side and cuts out the middle, to the pixel as torchvision's Resize and CenterCrop do. */
export function coverSquare(picture: Picture, size: number): Picture {
  const { width, height } = picture;
  const short = Math.min(width, height);
  const long = Math.trunc(size * Math.max(width, height) / short);
  if (size * long > MAX_PIXELS) {
    throw new PictureError(
      `Cannot classify a picture of ${width} x ${height} pixels: resized to a short side of ${size} it would have a long ` +
        `one of ${long}`,
    );
  }
  const whole = resize(picture, {
    width: width <= height ? size : long,
    height: width <= height ? long : size,
    filter: "bicubic",
  });
  const { channels } = picture;
  const left = roundHalfEven((whole.width - size) / 2);
  const top = roundHalfEven((whole.height - size) / 2);
  const data = new Uint8Array(size * size * channels);
  for (let row = 0; row < size; row++) {
    const from = ((top + row) * whole.width + left) * channels;
    data.set(whole.data.subarray(from, from + size * channels), row * size * channels);
  }
  return { width: size, height: size, channels, data };
}

/** Python's `round`. */
function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  return x - below === 0.5 ? below + below % 2 : Math.round(x);
}
