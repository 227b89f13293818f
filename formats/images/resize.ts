/**
 * Pillow's resampling, which gives every byte of `PIL.Image.resize`.
 *
 * @module
 */
import { checkPicture, type Picture } from "./picture.ts";

/** Resampling filters, by Pillow's names. */
export type ResizeFilter = "nearest" | "box" | "bilinear" | "bicubic" | "lanczos";

/** How a picture is resized. */
export interface ResizeOptions {
  /** Pixels in a row of the result. */
  readonly width: number;
  /** Rows of the result. */
  readonly height: number;
  /** `"bicubic"` if absent. */
  readonly filter?: ResizeFilter;
  /**
   * The part to take, in pixels; the whole picture if absent. A box without extent repeats what the
   * filter sees at that line.
   */
  readonly box?: {
    /** Left edge. */
    readonly left: number;
    /** Upper edge. */
    readonly top: number;
    /** Right edge. */
    readonly right: number;
    /** Lower edge. */
    readonly bottom: number;
  };
}

/**
 * Resizes a picture as Pillow does: width first, then height, each rounded to a byte; an axis that
 * keeps its size is left alone. Colours are weighted by their alpha.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resize } from "./resize.ts";
 *
 * const edge = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 200) } as const;
 * const wide = resize(edge, { width: 4, height: 1, filter: "bilinear" });
 * assertEquals(wide.data, Uint8Array.of(0, 50, 150, 200));
 * ```
 * @throws {RangeError} If a side of the result is no positive integer, the box lies outside, or the
 * picture's data does not have the size that it says.
 */
export function resize(picture: Picture, options: ResizeOptions): Picture {
  checkPicture(picture);
  const { width, height, filter = "bicubic" } = options;
  for (const side of [width, height]) {
    if (!(Number.isSafeInteger(side) && side > 0)) {
      throw new RangeError(`Cannot resize to ${width} x ${height}: sides are positive integers`);
    }
  }
  const { left, top, right, bottom } = options.box ??
    { left: 0, top: 0, right: picture.width, bottom: picture.height };
  if (
    !(0 <= left && left <= right && right <= picture.width &&
      0 <= top && top <= bottom && bottom <= picture.height)
  ) {
    throw new RangeError(
      `Cannot resize the box (${left}, ${top}) to (${right}, ${bottom}): ` +
        `it is outside of ${picture.width} x ${picture.height} pixels`,
    );
  }
  const across: Axis = { from: left, to: right, size: picture.width, wanted: width };
  const down: Axis = { from: top, to: bottom, size: picture.height, wanted: height };
  if (keeps(across) && keeps(down)) return picture;
  if (filter === "nearest") return resizeNearest(picture, across, down);

  const weighted = picture.channels === 4;
  let data = weighted ? premultiply(picture.data) : picture.data;
  const { channels } = picture;
  if (!keeps(across)) {
    data = resample(data, makeTaps(across, filter), {
      outer: picture.height,
      size: picture.width,
      inner: channels,
    });
  }
  if (!keeps(down)) {
    data = resample(data, makeTaps(down, filter), {
      outer: 1,
      size: picture.height,
      inner: width * channels,
    });
  }
  return { width, height, channels, data: weighted ? unpremultiply(data) : data };
}

/** One axis: the stretch `from..to` of `size` samples becomes `wanted` samples. */
interface Axis {
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly wanted: number;
}

function keeps({ from, to, size, wanted }: Axis): boolean {
  return from === 0 && to === size && wanted === size;
}

/** Filters by distance in input pixels, and how far they reach. */
const FILTERS: Readonly<
  Record<
    Exclude<ResizeFilter, "nearest">,
    { readonly reach: number; readonly weight: (x: number) => number }
  >
> = {
  box: { reach: 0.5, weight: (x) => x > -0.5 && x <= 0.5 ? 1 : 0 },
  bilinear: { reach: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { reach: 2, weight: (x) => cubic(Math.abs(x)) },
  lanczos: { reach: 3, weight: (x) => x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0 },
};

/** Keys' cubic convolution with a = -1/2, for x >= 0. */
function cubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** What each output sample is made of: `count[i]` inputs from `first[i]`, weights from `i * most`. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
  readonly most: number;
}

/** Weights are integers, in units of 2^-22: 32 bits less 8 for the byte and 2 for overshoot. */
const PRECISION = 22;

function makeTaps(
  { from, to, size, wanted }: Axis,
  filter: Exclude<ResizeFilter, "nearest">,
): Taps {
  const { reach, weight } = FILTERS[filter];
  const scale = (to - from) / wanted;
  const stretch = Math.max(scale, 1);
  const support = reach * stretch;
  const most = 2 * Math.ceil(support) + 1;
  const first = new Int32Array(wanted);
  const count = new Int32Array(wanted);
  const weights = new Int32Array(wanted * most);
  const row = new Float64Array(most);
  for (let i = 0; i < wanted; i++) {
    const centre = from + (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(size, Math.trunc(centre + support + 0.5));
    let sum = 0;
    for (let j = start; j < end; j++) {
      // By the reciprocal, as Pillow computes it: the last bit can decide where a box ends.
      row[j - start] = weight((j - centre + 0.5) * (1 / stretch));
      sum += row[j - start]!;
    }
    first[i] = start;
    count[i] = end - start;
    for (let k = 0; k < end - start; k++) {
      const exact = (sum === 0 ? row[k]! : row[k]! / sum) * 2 ** PRECISION;
      weights[i * most + k] = Math.trunc(exact + (exact < 0 ? -0.5 : 0.5));
    }
  }
  return { first, count, weights, most };
}

/** Applies taps to the middle axis of `[outer, size, inner]`. */
function resample(
  data: Uint8Array,
  { first, count, weights, most }: Taps,
  { outer, size, inner }: { readonly outer: number; readonly size: number; readonly inner: number },
): Uint8Array {
  const wanted = first.length;
  const out = new Uint8ClampedArray(outer * wanted * inner);
  const sums = new Int32Array(inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < wanted; i++) {
      sums.fill(1 << (PRECISION - 1)); // half a unit, so that the shift rounds
      for (let k = 0; k < count[i]!; k++) {
        const weight = weights[i * most + k]!;
        const at = (o * size + first[i]! + k) * inner;
        for (let c = 0; c < inner; c++) sums[c] = sums[c]! + weight * data[at + c]!;
      }
      const to = (o * wanted + i) * inner;
      for (let c = 0; c < inner; c++) out[to + c] = sums[c]! >> PRECISION;
    }
  }
  return new Uint8Array(out.buffer);
}

/** Pillow steps by repeated addition, whose rounding shows for some sizes. */
function nearestIndices({ from, to, size, wanted }: Axis): Int32Array {
  const scale = (to - from) / wanted;
  const indices = new Int32Array(wanted);
  let x = from + scale * 0.5;
  for (let i = 0; i < wanted; i++) {
    indices[i] = Math.min(Math.trunc(x), size - 1);
    x += scale;
  }
  return indices;
}

function resizeNearest({ channels, width, data }: Picture, across: Axis, down: Axis): Picture {
  const columns = nearestIndices(across);
  const rows = nearestIndices(down);
  const out = new Uint8Array(rows.length * columns.length * channels);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) out[to++] = data[from + c]!;
    }
  }
  return { width: columns.length, height: rows.length, channels, data: out };
}

/** Colours times alpha, `round(colour * alpha / 255)`. */
function premultiply(rgba: Uint8Array): Uint8Array {
  const out = new Uint8Array(rgba);
  for (let i = 0; i < out.length; i += 4) {
    const alpha = out[i + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = out[i + c]! * alpha + 128;
      out[i + c] = (product + (product >> 8)) >> 8;
    }
  }
  return out;
}

/** Colours divided by alpha, truncated. */
function unpremultiply(rgba: Uint8Array): Uint8Array {
  const out = new Uint8Array(rgba);
  for (let i = 0; i < out.length; i += 4) {
    const alpha = out[i + 3]!;
    if (alpha === 0 || alpha === 255) continue;
    for (let c = 0; c < 3; c++) {
      out[i + c] = Math.min(255, Math.trunc(255 * out[i + c]! / alpha));
    }
  }
  return out;
}
