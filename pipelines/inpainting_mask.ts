/**
 * Masks: what is repainted, in pixels and in latents.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import { resize } from "../formats/images/resize.ts";
import { convertPicture } from "../formats/images/vae_image_processor.ts";
import { hostTensor, type HostTensorOf } from "../graph/tensor_spec.ts";
import type { Sides } from "./given_pictures.ts";
import type { MaskReduction } from "./inpainting_options.ts";

/** A mask in one channel, of which white is repainted. */
export function greyMask(mask: Picture, { invert }: { readonly invert: boolean }): Picture {
  const grey = convertPicture(mask, "grey");
  return invert ? { ...grey, data: grey.data.map((value) => 255 - value) } : grey;
}

/** A mask at a picture's size. */
export function maskOf(mask: Picture, { width, height }: Sides): Picture {
  return resize(mask, { width, height, filter: "lanczos" });
}

/** Cuts values at half. */
export function binarized({ shape, data }: HostTensorOf<"f32">): HostTensorOf<"f32"> {
  return hostTensor(shape, data.map((value) => value < 0.5 ? 0 : 1)) as HostTensorOf<"f32">;
}

/** Brings masks `[n, 1, f h, f w]` to `[n, 1, h, w]`. */
export function reduceMask(
  { shape, data }: HostTensorOf<"f32">,
  { factor, by }: { readonly factor: number; readonly by: MaskReduction },
): HostTensorOf<"f32"> {
  const [n, , height, width] = shape as [number, number, number, number];
  const [h, w] = [height / factor, width / factor];
  const reduced = new Float32Array(n * h * w);
  for (let at = 0; at < reduced.length; at++) {
    const [x, row] = [at % w, Math.floor(at / w)]; // rows go on from one mask to the next
    const corner = row * factor * width + x * factor;
    let [largest, sum] = [0, 0];
    for (let dy = 0; dy < factor; dy++) {
      for (let dx = 0; dx < factor; dx++) {
        const value = data[corner + dy * width + dx]!;
        largest = Math.max(largest, value);
        sum += value;
      }
    }
    const values = { nearest: data[corner]!, max: largest, mean: sum / factor ** 2 };
    reduced[at] = values[by];
  }
  return { dtype: "f32", shape: [n, 1, h, w], data: reduced };
}

/** Pictures `[m, 3, h, w]` with holes where masks `[k, 1, h, w]` are 1; m and k are equal, or one of them is 1. */
export function withHoles(
  images: HostTensorOf<"f32">,
  { masks, hole }: { readonly masks: HostTensorOf<"f32">; readonly hole: number },
): HostTensorOf<"f32"> {
  const [m, channels, height, width] = images.shape as [number, number, number, number];
  const k = masks.shape[0]!;
  const n = Math.max(m, k);
  const plane = height * width;
  const data = new Float32Array(n * channels * plane);
  for (let row = 0; row < n; row++) {
    const mask = masks.data.subarray((row % k) * plane, (row % k + 1) * plane);
    for (let channel = 0; channel < channels; channel++) {
      const from = ((row % m) * channels + channel) * plane;
      const to = (row * channels + channel) * plane;
      for (let at = 0; at < plane; at++) {
        data[to + at] = mask[at]! < 0.5 ? images.data[from + at]! : hole;
      }
    }
  }
  return { dtype: "f32", shape: [n, channels, height, width], data };
}
