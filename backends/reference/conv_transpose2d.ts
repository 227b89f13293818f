/** Transposed convolution. @module */
import type { Kernel } from "./kernel.ts";

/** Each pixel x[n,c,i,j] adds weight[c,o,u,v] times itself to y[n, o, i stride + u - top, j stride + v - left] */
export const convTranspose2d: Kernel<"convTranspose2d"> = (
  [x, weight, bias],
  { attributes, output: { shape } },
) => {
  const [n, outs, height, width] = shape as [number, number, number, number];
  const [, channels, h, w] = x!.shape as [number, number, number, number];
  const [, perGroup, kh, kw] = weight!.shape as [number, number, number, number];
  const { stride: [strideY, strideX], padding: [left, , top], groups } = attributes;
  const channelsPerGroup = channels / groups;
  const sums = new Float64Array(n * outs * height * width);
  for (let b = 0; b < n; b++) {
    for (let c = 0; c < channels; c++) {
      const firstOut = Math.floor(c / channelsPerGroup) * perGroup;
      for (let i = 0; i < h; i++) {
        for (let j = 0; j < w; j++) {
          const pixel = x!.data[((b * channels + c) * h + i) * w + j]!;
          for (let o = 0; o < perGroup; o++) {
            for (let u = 0; u < kh; u++) {
              const row = i * strideY + u - top;
              if (row < 0 || row >= height) continue;
              for (let v = 0; v < kw; v++) {
                const column = j * strideX + v - left;
                if (column < 0 || column >= width) continue;
                const factor = weight!.data[((c * perGroup + o) * kh + u) * kw + v]!;
                sums[((b * outs + firstOut + o) * height + row) * width + column]! += pixel *
                  factor;
              }
            }
          }
        }
      }
    }
  }
  const plane = height * width;
  if (bias !== undefined) {
    for (let at = 0; at < sums.length; at++) sums[at]! += bias.data[Math.floor(at / plane) % outs]!;
  }
  return Float32Array.from(sums);
};
