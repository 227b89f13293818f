/** Convolution. @module */
import type { Kernel } from "./kernel.ts";

/** y[n,o,i,j] = bias[o] + sum over c, u, v of weight[o,c,u,v] x[n, c, i stride + u - top, j stride + v - left] */
export const conv2d: Kernel<"conv2d"> = ([x, weight, bias], { attributes, output: { shape } }) => {
  const [n, outs, height, width] = shape as [number, number, number, number];
  const [, channels, h, w] = x!.shape as [number, number, number, number];
  const [, perGroup, kh, kw] = weight!.shape as [number, number, number, number];
  const { stride: [strideY, strideX], padding: [left, , top], groups } = attributes;
  const image = x!.data as Float32Array;
  const kernel = weight!.data as Float32Array;
  const y = new Float32Array(n * outs * height * width);
  const plane = new Float64Array(height * width); // sums of one output channel
  for (let b = 0; b < n; b++) {
    for (let o = 0; o < outs; o++) {
      plane.fill(bias === undefined ? 0 : bias.data[o]!);
      const firstChannel = Math.floor(o / (outs / groups)) * perGroup;
      for (let c = 0; c < perGroup; c++) {
        const source = (b * channels + firstChannel + c) * h * w;
        for (let u = 0; u < kh; u++) {
          for (let v = 0; v < kw; v++) {
            const factor = kernel[((o * perGroup + c) * kh + u) * kw + v]!;
            // Columns j whose source column j strideX + v - left lies in the image.
            const firstJ = Math.max(0, Math.ceil((left - v) / strideX));
            const endJ = Math.min(width, Math.floor((w - 1 + left - v) / strideX) + 1);
            for (let i = 0; i < height; i++) {
              const row = i * strideY + u - top;
              if (row < 0 || row >= h) continue;
              const from = source + row * w + v - left;
              const to = i * width;
              for (let j = firstJ; j < endJ; j++) {
                plane[to + j]! += factor * image[from + j * strideX]!;
              }
            }
          }
        }
      }
      y.set(plane, (b * outs + o) * height * width);
    }
  }
  return y;
};
