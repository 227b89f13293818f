/**
 * Pictures by formula, for tests: what numpy makes by the same formula, other programs have measured.
 *
 * @module
 */
import type { RgbPicture } from "./segment_picture.ts";

const [HEIGHT, WIDTH] = [20, 24];

/** A picture of 24 x 20 pixels without smooth parts, with noise added, with half its contrast, and as a negative. */
export function pattern(): Readonly<Record<"one" | "noisy" | "dull" | "negative", RgbPicture>> {
  const picture = (level: (x: number, y: number, channel: number) => number): RgbPicture => ({
    height: HEIGHT,
    width: WIDTH,
    data: Uint8Array.from({ length: 3 * HEIGHT * WIDTH }, (_, at) => {
      const pixel = Math.floor(at / 3);
      return level(pixel % WIDTH, Math.floor(pixel / WIDTH), at % 3); // bytes wrap around, as numpy's do
    }),
  });
  const base = (x: number, y: number, channel: number) => 37 * x + 53 * y + 71 * channel + x * y;
  return {
    one: picture(base),
    noisy: picture((x, y, channel) => base(x, y, channel) + 3 * ((7 * x + 5 * y + channel) % 11)),
    dull: picture((x, y, channel) => (base(x, y, channel) % 256 >> 1) + 40),
    negative: picture((x, y, channel) => 255 - base(x, y, channel) % 256),
  };
}
