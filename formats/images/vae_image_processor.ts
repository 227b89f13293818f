/**
 * Between pictures and the tensors that autoencoders take and give: diffusers' `VaeImageProcessor`,
 * to the bit.
 *
 * @module
 */
import { hostTensor, type HostTensorOf } from "../../graph/tensor_spec.ts";
import type { Picture } from "./picture.ts";
import { resize, type ResizeFilter } from "./resize.ts";

/** How pictures become tensors: diffusers' configuration. */
export interface VaeImageOptions {
  /** Resizes to `width` and `height`; true if absent. */
  readonly resize?: boolean;
  /** Sides are rounded down to a multiple of this; 8 if absent. */
  readonly scaleFactor?: number;
  /** Tensors of so many channels are latents, which are left alone; 4 if absent. */
  readonly latentChannels?: number;
  /** For pictures; tensors are resized by their nearest samples. `"lanczos"` if absent. */
  readonly filter?: ResizeFilter;
  /** From 0..1 to -1..1; true if absent. */
  readonly normalize?: boolean;
  /** To 0 below one half and 1 from there on, as masks are; false if absent. */
  readonly binarize?: boolean;
  /** Pictures become RGB or grey; if absent they keep their channels. */
  readonly convert?: "rgb" | "grey";
  /** Pixels in a row; the first picture's if absent. */
  readonly width?: number;
  /** Rows; the first picture's if absent. */
  readonly height?: number;
  /**
   * For pictures. `"default"` stretches; `"fill"` fits the picture in, and repeats its edges around;
   * `"crop"` covers the size, and cuts off what is over. The latter two give RGB.
   */
  readonly mode?: "default" | "fill" | "crop";
}

/**
 * Makes a batch from pictures: f32 `[n, channels, height, width]`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { preprocessPictures } from "./vae_image_processor.ts";
 *
 * const white = { width: 20, height: 9, channels: 3, data: new Uint8Array(540).fill(255) } as const;
 * const batch = preprocessPictures([white]);
 * assertEquals(batch.shape, [1, 3, 8, 16]);
 * assertEquals(batch.data[0], 1);
 * ```
 * @throws {RangeError} If there is no picture, sides round down to 0, or pictures end up with
 * different shapes.
 */
export function preprocessPictures(
  pictures: readonly Picture[],
  options: VaeImageOptions = {},
): HostTensorOf<"f32"> {
  const [first] = pictures;
  if (!first) throw new RangeError("Cannot make a batch of no pictures: at least one is wanted");
  const { width, height } = roundedSize(first, options);
  const converted = pictures.map((picture) => {
    const sized = options.resize === false ? picture : fitPicture(picture, {
      width,
      height,
      mode: options.mode ?? "default",
      filter: options.filter ?? "lanczos",
    });
    return options.convert ? convertPicture(sized, options.convert) : sized;
  });
  const shape = shapeOf(converted[0]!);
  const size = shape[0]! * shape[1]! * shape[2]!;
  const data = new Float32Array(pictures.length * size);
  converted.forEach((picture, n) => {
    if (shapeOf(picture).some((side, axis) => side !== shape[axis])) {
      throw new RangeError(
        `Cannot make a batch of [${shape}] and, at ${n}, [${
          shapeOf(picture)
        }] (channels, height, width): they are not equal`,
      );
    }
    const plane = picture.width * picture.height;
    for (let i = 0; i < plane; i++) { // [h, w, c] to [c, h, w]
      for (let c = 0; c < picture.channels; c++) {
        data[n * size + c * plane + i] = picture.data[i * picture.channels + c]! / 255;
      }
    }
  });
  return finish([pictures.length, ...shape], data, options);
}

/**
 * Prepares a float batch `[n, channels, height, width]` in 0..1. A `[channels, height, width]` tensor
 * is a batch of one; for `convert: "grey"` it is `[n, height, width]`, and may be `[height, width]`.
 * Other channels are not converted. Latents come back as they are.
 *
 * Values below 0 mean that the tensor is in -1..1 already, and it is not normalised again.
 *
 * @throws {RangeError} If the tensor has no such shape, sides round down to 0, or `mode` is `"fill"`
 * or `"crop"`, which are for pictures.
 */
export function preprocessTensor(
  tensor: HostTensorOf<"f32">,
  options: VaeImageOptions = {},
): HostTensorOf<"f32"> {
  const shape = batchShape(tensor.shape, options.convert === "grey");
  const [n, channels, h, w] = shape;
  if (channels === (options.latentChannels ?? 4)) return hostTensor(shape, tensor.data);
  const { mode = "default" } = options;
  if (mode !== "default") {
    throw new RangeError(`Cannot resize a tensor in mode ${mode}: it is for pictures`);
  }
  if (options.resize === false) return finish(shape, new Float32Array(tensor.data), options);
  const { width, height } = roundedSize({ width: w, height: h }, options);
  const rows = nearestSamples(h, height);
  const columns = nearestSamples(w, width);
  const data = new Float32Array(n * channels * height * width);
  let to = 0;
  for (let plane = 0; plane < n * channels; plane++) {
    for (const row of rows) {
      for (const column of columns) data[to++] = tensor.data[(plane * h + row) * w + column]!;
    }
  }
  return finish([n, channels, height, width], data, options);
}

/**
 * Makes pictures from a decoder's output, f32 `[n, channels, height, width]`.
 *
 * `tensor` is `clamp(x / 2 + 1 / 2, 0, 1)`, or x itself if `normalize` is false; pictures are
 * `255 tensor`, rounded half to even. What is not normalised is not clamped either: outside of 0..1
 * bytes wrap around, as numpy's do. A NaN is 0.
 *
 * @throws {RangeError} If the tensor is not 4-dimensional with 1, 3 or 4 channels.
 */
export function postprocess(
  tensor: HostTensorOf<"f32">,
  options: { readonly normalize?: boolean } = {},
): { readonly tensor: HostTensorOf<"f32">; readonly pictures: readonly Picture[] } {
  const [n, channels, height, width] = tensor.shape;
  if (tensor.shape.length !== 4 || (channels !== 1 && channels !== 3 && channels !== 4)) {
    throw new RangeError(
      `Cannot make pictures of [${tensor.shape}]: [n, 1, 3 or 4, height, width] is wanted`,
    );
  }
  const unit = options.normalize === false ? tensor : hostTensor(
    tensor.shape,
    // Halving is exact, so one rounding on store is torch's rounding after the sum.
    tensor.data.map((x) => Math.min(1, Math.max(0, Math.fround(x * 0.5 + 0.5)))),
  );
  const plane = height! * width!;
  const pictures = Array.from({ length: n! }, (_, index): Picture => {
    const data = new Uint8Array(plane * channels);
    for (let i = 0; i < plane; i++) { // [c, h, w] to [h, w, c]
      for (let c = 0; c < channels; c++) {
        const value = unit.data[(index * channels + c) * plane + i]!;
        data[i * channels + c] = roundHalfEven(Math.fround(value * 255)); // modulo 256
      }
    }
    return { width: width!, height: height!, channels, data };
  });
  return { tensor: unit, pictures };
}

/**
 * RGB or grey from any picture: alpha is dropped, grey is ITU-R 601's luma in 16-bit fixed point
 * (Pillow's "L").
 */
export function convertPicture(picture: Picture, to: "rgb" | "grey"): Picture {
  const { width, height, channels, data } = picture;
  const wanted = to === "rgb" ? 3 : 1;
  if (channels === wanted) return picture;
  const out = new Uint8Array(width * height * wanted);
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = channels === 1
      ? [data[i]!, data[i]!, data[i]!]
      : [data[i * channels]!, data[i * channels + 1]!, data[i * channels + 2]!];
    if (wanted === 3) out.set([r, g, b], 3 * i);
    else out[i] = (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16;
  }
  return { width, height, channels: wanted, data: out };
}

/** The nearest integer: near 2^52 a double has no fraction left, and addition rounds half to even. */
function roundHalfEven(x: number): number {
  return x + 1.5 * 2 ** 52 - 1.5 * 2 ** 52;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function roundedSize(of: Size, options: VaeImageOptions): Size {
  const { scaleFactor = 8, width = of.width, height = of.height } = options;
  const rounded = { width: width - width % scaleFactor, height: height - height % scaleFactor };
  if (options.resize !== false && (rounded.width < 1 || rounded.height < 1)) {
    throw new RangeError(
      `Cannot resize to ${width} x ${height}: rounded down to multiples of ${scaleFactor}, ` +
        "a side is 0",
    );
  }
  return rounded;
}

/** Brings a picture to a size in one of the modes of {@linkcode VaeImageOptions}. */
export function fitPicture(
  picture: Picture,
  to: {
    readonly width: number;
    readonly height: number;
    readonly mode: NonNullable<VaeImageOptions["mode"]>;
    readonly filter: ResizeFilter;
  },
): Picture {
  const { width, height, mode, filter } = to;
  if (mode === "default") return resize(picture, { width, height, filter });
  const ratio = width / height;
  const sourceRatio = picture.width / picture.height;
  // The side that keeps the wanted size; the other follows in proportion, rounded down.
  const byWidth = mode === "fill" ? ratio < sourceRatio : ratio > sourceRatio;
  const byHeight = mode === "fill" ? ratio >= sourceRatio : ratio <= sourceRatio;
  const inner = resize(picture, {
    width: byWidth ? width : Math.floor(picture.width * height / picture.height),
    height: byHeight ? height : Math.floor(picture.height * width / picture.width),
    filter,
  });
  const canvas: Picture = {
    width,
    height,
    channels: 3,
    data: new Uint8Array(width * height * 3),
  };
  const left = Math.floor(width / 2) - Math.floor(inner.width / 2);
  const top = Math.floor(height / 2) - Math.floor(inner.height / 2);
  paste(canvas, inner, { left, top });
  if (mode === "crop" || ratio === sourceRatio) return canvas;

  // Bars: what a bicubic filter sees on the picture's edges, a box without extent.
  if (byWidth && top > 0) {
    for (const edge of [0, inner.height]) {
      const box = { left: 0, right: inner.width, top: edge, bottom: edge };
      const bar = resize(inner, { width, height: top, box });
      paste(canvas, bar, { left: 0, top: edge === 0 ? 0 : top + inner.height });
    }
  } else if (!byWidth && left > 0) {
    for (const edge of [0, inner.width]) {
      const box = { left: edge, right: edge, top: 0, bottom: inner.height };
      const bar = resize(inner, { width: left, height, box });
      paste(canvas, bar, { left: edge === 0 ? 0 : left + inner.width, top: 0 });
    }
  }
  return canvas;
}

/** Draws a picture, without its alpha, onto an RGB canvas; what lies outside is cut off. */
function paste(
  canvas: Picture,
  picture: Picture,
  at: { readonly left: number; readonly top: number },
): void {
  const { width, height, data } = convertPicture(picture, "rgb");
  const from = Math.max(0, -at.left);
  const to = Math.min(width, canvas.width - at.left);
  for (let y = Math.max(0, -at.top); y < Math.min(height, canvas.height - at.top); y++) {
    const row = data.subarray((y * width + from) * 3, (y * width + to) * 3);
    canvas.data.set(row, ((at.top + y) * canvas.width + at.left + from) * 3);
  }
}

function shapeOf({ channels, height, width }: Picture): readonly number[] {
  return [channels, height, width];
}

function batchShape(
  shape: readonly number[],
  grey: boolean,
): readonly [number, number, number, number] {
  const full = shape.length === 4
    ? shape
    : shape.length === 3
    ? (grey ? [shape[0]!, 1, shape[1]!, shape[2]!] : [1, ...shape])
    : shape.length === 2 && grey
    ? [1, 1, ...shape]
    : undefined;
  if (!full) {
    throw new RangeError(
      `Cannot preprocess a tensor of shape [${shape}]: [n, channels, height, width] is wanted`,
    );
  }
  return full as [number, number, number, number];
}

/** torch's nearest: `floor(i * in / out)`, scale and product each rounded to 32 bits. */
function nearestSamples(size: number, wanted: number): Int32Array {
  const scale = Math.fround(size / wanted);
  return Int32Array.from(
    { length: wanted },
    (_, i) => Math.min(size - 1, Math.floor(Math.fround(i * scale))),
  );
}

/** Normalises, then binarizes `data` in place. */
function finish(
  shape: readonly number[],
  data: Float32Array,
  { normalize = true, binarize = false }: VaeImageOptions,
): HostTensorOf<"f32"> {
  // Doubling is exact, so one rounding on store is torch's rounding after the difference.
  if (normalize && !data.some((x) => x < 0)) data.forEach((x, i) => data[i] = 2 * x - 1);
  if (binarize) data.forEach((x, i) => data[i] = x < 0.5 ? 0 : x >= 0.5 ? 1 : x);
  return hostTensor(shape, data);
}
