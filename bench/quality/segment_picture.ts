/**
 * Finds the things in a picture of the Shapes world from its pixels alone.
 *
 * @module
 */

/** A picture of 8-bit samples. */
export interface RgbPicture {
  /** Pixels in a column. */
  readonly height: number;
  /** Pixels in a row. */
  readonly width: number;
  /** Red, green and blue of every pixel, `[height, width, 3]`. */
  readonly data: Uint8Array;
}

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** A thing that stands out from the background. */
export interface Segment {
  /** Its usual colour: the median over its inner pixels. */
  readonly colour: Rgb;
  /** 1 where a pixel belongs to it, `[height, width]`. */
  readonly mask: Uint8Array;
}

/** What a picture is made of. */
export interface Segmentation {
  /** The background's colour at mid-height. */
  readonly background: Rgb;
  /** The things, the largest first. */
  readonly segments: readonly Segment[];
}

/** The world's light multiplies a thing's colour by this much at its edges. */
const LIGHT = { low: 0.84, high: 1.16 } as const;
/** Its shadows multiply the background's by down to 0.78; a little more allows for noise. */
const SHADOW = { low: 0.76, high: 1.02 } as const;
/** Least distance in RGB from all lights of the background. The closest colours, gray lit on white, are 70 apart. */
const CONTRAST = 40;
/** Least share of the picture. The smallest thing, a small star, has 1.8 %. */
const LEAST_AREA = 0.004;
/** Parts closer than this share of the picture are one thing. Two things are at least 6 % apart. */
const GAP = 1 / 64;

/**
 * Separates things from the background and from each other.
 *
 * Shadows and the fall of light change brightness only, so a pixel is background if it is some shade of it. What is left
 * falls into connected parts; then every pixel near a part is its own if it is closer to some shade of the part's colour than to
 * the background, which puts a blurred edge where half of it is covered.
 *
 * @throws {RangeError} If the picture's data has another size than its sides say.
 */
export function segmentPicture(picture: RgbPicture): Segmentation {
  const { height, width, data } = picture;
  if (data.length !== height * width * 3 || data.length === 0) {
    throw new RangeError(
      `Cannot look at a picture of ${width} x ${height} with ${data.length} bytes: wanted three a pixel`,
    );
  }
  const background = fitBackground(picture);
  const stands = new Uint8Array(height * width);
  for (let i = 0; i < stands.length; i++) {
    const behind = background(Math.floor(i / width));
    if (distanceToShades(rgbAt(picture, i), behind, SHADOW) > CONTRAST) stands[i] = 1;
  }
  const reach = Math.max(1, Math.round(GAP * Math.min(height, width)));
  const parts = connectedParts(stands, { width, reach })
    .filter(({ length }) => length >= LEAST_AREA * stands.length);
  const owners = grow(parts, { width, size: stands.length, steps: 2 * reach });
  const segments = parts.map((part, owner) => {
    let mask = maskOf(part, stands.length);
    let colour = medianColour(picture, innerPixels(mask, width));
    for (let round = 0; round < 2; round++) {
      mask = new Uint8Array(stands.length);
      for (let i = 0; i < mask.length; i++) {
        if (owners[i] !== owner) continue;
        const pixel = rgbAt(picture, i);
        const behind = distanceToShades(pixel, background(Math.floor(i / width)), SHADOW);
        if (distanceToShades(pixel, colour, LIGHT) < behind) mask[i] = 1;
      }
      colour = medianColour(picture, innerPixels(mask, width));
    }
    return { colour, mask };
  });
  const area = ({ mask }: Segment) => mask.reduce((sum, bit) => sum + bit, 0);
  return {
    background: background((height - 1) / 2),
    // Of a part in many colours, none may be near the median.
    segments: segments.filter((segment) => area(segment) > 0).sort((a, b) => area(b) - area(a)),
  };
}

function rgbAt({ data }: RgbPicture, pixel: number): Rgb {
  return [data[3 * pixel]!, data[3 * pixel + 1]!, data[3 * pixel + 2]!];
}

/** The background's colour by row: a straight line through the picture's border, each channel by least squares. */
function fitBackground(picture: RgbPicture): (row: number) => Rgb {
  const { height, width } = picture;
  const rim = Math.max(1, Math.round(Math.min(height, width) / 32));
  const border: number[] = [];
  for (let i = 0; i < height * width; i++) {
    const [row, column] = [Math.floor(i / width), i % width];
    const edge = Math.min(row, column, height - 1 - row, width - 1 - column);
    if (edge < rim) border.push(i);
  }
  const usual = medianColour(picture, border);
  const near = border.filter((i) => distanceToShades(rgbAt(picture, i), usual, SHADOW) < CONTRAST);
  const fitting = near.length > 0 ? near : border; // a motley border is no world's, but has a mean too
  const middle = (height - 1) / 2;
  const lines = [0, 1, 2].map((channel) => {
    let [sum, squares, values, products] = [0, 0, 0, 0];
    for (const i of fitting) {
      const [down, value] = [Math.floor(i / width) - middle, picture.data[3 * i + channel]!];
      sum += down;
      squares += down * down;
      values += value;
      products += down * value;
    }
    const n = fitting.length;
    const slope = (n * products - sum * values) / Math.max(n * squares - sum * sum, 1);
    return { slope, level: (values - slope * sum) / n };
  });
  return (row) => lines.map(({ slope, level }) => level + slope * (row - middle)) as unknown as Rgb;
}

/** Distance in RGB to the nearest of a colour's shades, the colour times a factor between two bounds. */
function distanceToShades(
  [r, g, b]: Rgb,
  [baseR, baseG, baseB]: Rgb,
  { low, high }: { readonly low: number; readonly high: number },
): number {
  const along = (r * baseR + g * baseG + b * baseB) / (baseR ** 2 + baseG ** 2 + baseB ** 2 + 1);
  const shade = Math.min(Math.max(along, low), high);
  return Math.hypot(
    r - Math.min(shade * baseR, 255),
    g - Math.min(shade * baseG, 255),
    b - Math.min(shade * baseB, 255),
  );
}

/** Sets of pixels that are 1, each connected by steps of at most `reach` rows and columns. */
function connectedParts(
  mask: Uint8Array,
  { width, reach }: { readonly width: number; readonly reach: number },
): number[][] {
  const height = mask.length / width;
  const seen = new Uint8Array(mask.length);
  const parts: number[][] = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0 || seen[start] === 1) continue;
    const part = [start];
    seen[start] = 1;
    for (const pixel of part) { // grows as it goes
      const [row, column] = [Math.floor(pixel / width), pixel % width];
      for (let y = Math.max(row - reach, 0); y <= Math.min(row + reach, height - 1); y++) {
        for (let x = Math.max(column - reach, 0); x <= Math.min(column + reach, width - 1); x++) {
          const next = y * width + x;
          if (mask[next] === 0 || seen[next] === 1) continue;
          seen[next] = 1;
          part.push(next);
        }
      }
    }
    parts.push(part);
  }
  return parts;
}

/** Which part each pixel is near, within so many steps to a neighbour; -1 for none. */
function grow(
  parts: readonly (readonly number[])[],
  { width, size, steps }: { readonly width: number; readonly size: number; readonly steps: number },
): Int16Array {
  const owners = new Int16Array(size).fill(-1);
  parts.forEach((part, owner) => part.forEach((pixel) => owners[pixel] = owner));
  let front = parts.flat();
  for (let step = 0; step < steps; step++) {
    const next: number[] = [];
    for (const pixel of front) {
      for (const neighbour of neighbours(pixel, { width, size })) {
        if (owners[neighbour] !== -1) continue;
        owners[neighbour] = owners[pixel]!;
        next.push(neighbour);
      }
    }
    front = next;
  }
  return owners;
}

/** The pixels above, below, left and right of one, where there are any. */
function neighbours(
  pixel: number,
  { width, size }: { readonly width: number; readonly size: number },
): number[] {
  const near: number[] = [];
  if (pixel >= width) near.push(pixel - width);
  if (pixel + width < size) near.push(pixel + width);
  if (pixel % width > 0) near.push(pixel - 1);
  if (pixel % width < width - 1) near.push(pixel + 1);
  return near;
}

function maskOf(pixels: readonly number[], size: number): Uint8Array<ArrayBuffer> {
  const mask = new Uint8Array(size);
  for (const pixel of pixels) mask[pixel] = 1;
  return mask;
}

/** The pixels whose four neighbours are in the mask too, or all of its pixels if it has no such. */
function innerPixels(mask: Uint8Array, width: number): number[] {
  const all: number[] = [];
  mask.forEach((bit, pixel) => {
    if (bit === 1) all.push(pixel);
  });
  const inner = all.filter((pixel) =>
    neighbours(pixel, { width, size: mask.length }).every((near) => mask[near] === 1)
  );
  return inner.length > 0 ? inner : all;
}

function medianColour({ data }: RgbPicture, pixels: readonly number[]): Rgb {
  return [0, 1, 2].map((channel) => {
    const values = Uint8Array.from(pixels, (pixel) => data[3 * pixel + channel]!).sort();
    return values[values.length >> 1] ?? 0;
  }) as unknown as Rgb;
}
