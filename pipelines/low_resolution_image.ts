/**
 * The picture that a super-resolution model enlarges, as its network is given it.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import { preprocessPictures, preprocessTensor } from "../formats/images/vae_image_processor.ts";
import { describe, type HostTensor, hostTensor, type HostTensorOf } from "../graph/tensor_spec.ts";
import { checkCount } from "./given_latents.ts";
import { readPictures, type Sides, workingSides } from "./given_pictures.ts";
import { toPictures } from "./image_output.ts";
import { checkSide, SettingsError } from "./settings.ts";
import type { SuperResolutionFamily } from "./super_resolution_family.ts";
import type { SuperResolutionOptions } from "./super_resolution_options.ts";

/**
 * Checks and prepares the given pictures: `[m, 3, h, w]` in -1..1, of the sides of the denoiser's sample.
 *
 * @throws {SettingsError} If they cannot be used.
 */
export function readLowResolution(
  { image, ...asked }: Pick<SuperResolutionOptions, "image" | "width" | "height" | "scale">,
  family: SuperResolutionFamily,
): HostTensorOf<"f32"> {
  checkScale(asked, family);
  const { width, height } = asked;
  if (family.kind !== "pixels" && (width !== undefined || height !== undefined)) {
    throw new SettingsError(
      "Cannot use width and height: the model enlarges by a factor that is its own",
    );
  }
  if (typeof image === "object" && image !== null && "shape" in image) {
    return fromTensor(checkTensor(image), { family, asked });
  }
  const pictures = readPictures("image", image);
  const [first] = pictures as [Picture, ...Picture[]];
  const other = pictures.find((each) => each.width !== first.width || each.height !== first.height);
  if (other !== undefined) {
    throw new SettingsError(
      `Cannot enlarge pictures of ${first.width} x ${first.height} and ${other.width} x ${other.height} at once: they must ` +
        "be of one size",
    );
  }
  switch (family.kind) {
    case "latent": {
      const sides = { width: lowered(first.width, family), height: lowered(first.height, family) };
      return preprocess(pictures, { ...sides, filter: "lanczos" });
    }
    case "text": {
      const sides = workingSides({}, {
        otherwise: first,
        multiple: family.multiple,
        fixed: true,
      });
      return preprocess(pictures, { ...sides, filter: "bicubic" });
    }
    case "pixels": {
      const sides = enlargedSides(first, { asked, family });
      return preprocess(pictures, { ...sides, filter: "bicubic" });
    }
  }
}

function preprocess(
  pictures: readonly Picture[],
  options: Sides & { readonly filter: "lanczos" | "bicubic" },
): HostTensorOf<"f32"> {
  return preprocessPictures(pictures, { ...options, scaleFactor: 1, convert: "rgb" });
}

function lowered(side: number, { multiple }: { readonly multiple: number | null }): number {
  return multiple === null || side < multiple ? side : side - side % multiple;
}

type Asked = Pick<SuperResolutionOptions, "width" | "height" | "scale">;

function checkScale({ width, height, scale }: Asked, family: SuperResolutionFamily): void {
  if (scale === undefined) return;
  if (!(scale >= 1 && scale < Infinity)) {
    throw new SettingsError(`Cannot use scale ${scale}: it must be a number from 1`);
  }
  if (family.kind === "pixels") {
    if (width === undefined && height === undefined) return;
    throw new SettingsError("Cannot use scale beside width or height: each says the size");
  }
  const { factor } = family.space;
  if (scale !== factor) {
    throw new SettingsError(
      `Cannot enlarge ${scale} times: the model enlarges ${factor} times`,
    );
  }
}

/** As asked; what is not asked follows in proportion, or is the model's own side for the shorter one. Nothing is made smaller. */
function enlargedSides(
  { width, height }: Sides,
  { asked, family }: {
    readonly asked: Asked;
    readonly family: SuperResolutionFamily & { readonly kind: "pixels" };
  },
): Sides {
  const given = {
    width: asked.width === undefined ? undefined : checkSide("width", asked.width, 1),
    height: asked.height === undefined ? undefined : checkSide("height", asked.height, 1),
  };
  const factor = asked.scale ??
    (given.width !== undefined
      ? given.width / width
      : given.height !== undefined
      ? given.height / height
      : Math.max(1, family.sampleSize / Math.min(width, height)));
  const scaled = (name: string, side: number) =>
    checkSide(name, Math.max(1, Math.round(side * factor)), 1);
  return {
    width: given.width ?? scaled("width", width),
    height: given.height ?? scaled("height", height),
  };
}

function fromTensor(
  tensor: HostTensorOf<"f32">,
  { family, asked }: { readonly family: SuperResolutionFamily; readonly asked: Asked },
): HostTensorOf<"f32"> {
  const [, , height, width] = tensor.shape as [number, number, number, number];
  switch (family.kind) {
    case "latent":
      return signed(tensor);
    case "text": {
      const { multiple } = family;
      workingSides({}, { otherwise: { width, height }, multiple, fixed: true });
      return preprocessTensor(tensor, { scaleFactor: multiple });
    }
    case "pixels": {
      const sides = enlargedSides({ width, height }, { asked, family });
      if (sides.width === width && sides.height === height) return signed(tensor);
      // Such models were trained on pictures of bytes that were resized as bytes.
      return preprocess(toPictures(tensor), { ...sides, filter: "bicubic" });
    }
  }
}

/** From 0..1 to -1..1. */
function signed({ shape, data }: HostTensorOf<"f32">): HostTensorOf<"f32"> {
  return hostTensor(shape, data.map((x) => 2 * x - 1));
}

function checkTensor(image: HostTensor): HostTensorOf<"f32"> {
  const [n, channels, ...sides] = image.shape;
  const fits = image.dtype === "f32" && n !== undefined && n > 0 && channels === 3 &&
    sides.length === 2 && sides.every((side) => side > 0 && side <= 16384);
  if (!fits || image.dtype !== "f32") {
    throw new SettingsError(
      `Cannot use image ${describe(image)}: it must be f32[n, 3, height, width], sides up to 16384`,
    );
  }
  checkCount("image", image);
  const at = image.data.findIndex((x) => !(x >= 0 && x <= 1));
  if (at !== -1) {
    throw new SettingsError(
      `Cannot use image: number ${at} is ${image.data[at]}; they must be from 0 to 1`,
    );
  }
  return image;
}
