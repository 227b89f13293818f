/**
 * Golden cases of resizing pictures and of diffusers' image processor.
 *
 * @module
 */
import type { Comparison } from "./comparison.ts";
import type { Picture } from "../formats/images/picture.ts";
import { resize, type ResizeFilter } from "../formats/images/resize.ts";
import {
  postprocess,
  preprocessPictures,
  preprocessTensor,
  type VaeImageOptions,
} from "../formats/images/vae_image_processor.ts";
import type { DType, HostTensorOf } from "../graph/tensor_spec.ts";
import type { GoldenCase } from "./golden_case.ts";

/**
 * Runs a case of kind `pil_resize`, `vae_image_preprocess`, `vae_tensor_preprocess` or
 * `vae_image_postprocess`. All of them are exact: bytes by Pillow's rule, and floats by one or two
 * operations of which each is rounded as torch rounds it, so the bound is 0.
 *
 * @throws {RangeError} If the case is of another kind or has a setting that is not supported.
 * @throws {TypeError} If a tensor is missing or of another type.
 */
export function runResizeCase(golden: GoldenCase): readonly Comparison[] {
  const { settings } = golden;
  switch (settings.kind) {
    case "pil_resize": {
      const [height, width] = settings.size as readonly [number, number];
      const filter = filterOf(settings.filter);
      const { data } = resize(pictureOf(golden), { height, width, filter });
      return [compare(golden, { name: "output.image", dtype: "u8", actual: data })];
    }
    case "vae_image_preprocess": {
      const { data } = preprocessPictures([pictureOf(golden)], optionsOf(settings));
      return [compare(golden, { name: "output.y", dtype: "f32", actual: data })];
    }
    case "vae_tensor_preprocess": {
      const { data } = preprocessTensor(
        tensorOf(golden, "input.image", "f32"),
        optionsOf(settings),
      );
      return [compare(golden, { name: "output.y", dtype: "f32", actual: data })];
    }
    case "vae_image_postprocess": {
      const input = tensorOf(golden, "input.image", "f32");
      const { tensor, pictures } = postprocess(input, optionsOf(settings));
      const bytes = pictures.flatMap(({ data }) => Array.from(data));
      return [
        compare(golden, { name: "output.y", dtype: "f32", actual: tensor.data }),
        compare(golden, { name: "output.image", dtype: "u8", actual: bytes }),
      ];
    }
    default:
      throw new RangeError(`Cannot run a case of kind ${settings.kind}: it is not about resizing`);
  }
}

function compare(
  golden: GoldenCase,
  { name, dtype, actual }: {
    readonly name: string;
    readonly dtype: "u8" | "f32";
    readonly actual: ArrayLike<number>;
  },
): Comparison {
  return { name, actual, expected: tensorOf(golden, name, dtype).data, bound: 0 };
}

function tensorOf<D extends DType>(golden: GoldenCase, name: string, dtype: D): HostTensorOf<D> {
  const tensor = golden.tensors.get(name);
  if (tensor?.dtype !== dtype) {
    throw new TypeError(
      `Cannot run the case: ${name} is ${tensor?.dtype ?? "missing"}, not ${dtype}`,
    );
  }
  return tensor as HostTensorOf<D>;
}

/** The input `[h, w]` or `[h, w, c]`. */
function pictureOf(golden: GoldenCase): Picture {
  const { shape, data } = tensorOf(golden, "input.image", "u8");
  const [height, width, channels = 1] = shape;
  return { width: width!, height: height!, channels: channels as Picture["channels"], data };
}

function filterOf(name: unknown): ResizeFilter {
  switch (name) {
    case "nearest":
    case "box":
    case "bilinear":
    case "bicubic":
    case "lanczos":
      return name;
    default:
      throw new RangeError(`Cannot resize with the filter ${name}: it is not supported`);
  }
}

/** Settings under diffusers' names, as ours. */
function optionsOf(settings: GoldenCase["settings"]): VaeImageOptions {
  const { height, width, resize_mode: mode } = settings;
  let options: VaeImageOptions = {
    ...(typeof height === "number" ? { height } : {}),
    ...(typeof width === "number" ? { width } : {}),
    ...(mode === "fill" || mode === "crop" ? { mode } : {}),
  };
  for (const [key, value] of Object.entries(settings.config as Record<string, unknown>)) {
    options = { ...options, ...option(key, value) };
  }
  return options;
}

function option(key: string, value: unknown): VaeImageOptions {
  if (key === "resample") return { filter: filterOf(value === "linear" ? "bilinear" : value) };
  if (key === "reducing_gap" && value === null) return {};
  if (key === "vae_scale_factor" && typeof value === "number") return { scaleFactor: value };
  if (key === "vae_latent_channels" && typeof value === "number") return { latentChannels: value };
  if (typeof value === "boolean") {
    switch (key) {
      case "do_resize":
        return { resize: value };
      case "do_normalize":
        return { normalize: value };
      case "do_binarize":
        return { binarize: value };
      case "do_convert_rgb":
        return value ? { convert: "rgb" } : {};
      case "do_convert_grayscale":
        return value ? { convert: "grey" } : {};
    }
  }
  throw new RangeError(`Cannot configure an image processor with ${key} = ${value}: not supported`);
}
