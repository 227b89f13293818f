/** Convolution. @module */
import type { Kernel } from "./kernel.ts";
import { dotRows } from "./dot_rows.ts";

/** y[n,o,i,j] = bias[o] + sum over c, u, v of weight[o,c,u,v] x[n, c, i stride + u - top, j stride + v - left] */
export const conv2d: Kernel<"conv2d"> = ([x, weight, bias], { attributes, output: { shape } }) => {
  const [n, outs, height, width] = shape as [number, number, number, number];
  const [, channels, h, w] = x!.shape as [number, number, number, number];
  const [, perGroup, kh, kw] = weight!.shape as [number, number, number, number];
  const { stride: [strideY, strideX], padding: [left, , top], groups } = attributes;
  const image = x!.data as Float32Array;
  const kernels = weight!.data as Float32Array;
  const outsPerGroup = outs / groups;
  const length = perGroup * kh * kw;
  const window = new Float32Array(length); // what the kernels of one group see: [c, u, v]
  const sums = new Float64Array(outsPerGroup);
  const y = new Float32Array(n * outs * height * width);
  for (let b = 0; b < n; b++) {
    for (let group = 0; group < groups; group++) {
      const firstOut = group * outsPerGroup;
      for (let i = 0; i < height; i++) {
        for (let j = 0; j < width; j++) {
          let at = 0;
          for (let c = 0; c < perGroup; c++) {
            const plane = (b * channels + group * perGroup + c) * h * w;
            for (let u = 0; u < kh; u++) {
              const row = i * strideY + u - top;
              for (let v = 0; v < kw; v++) {
                const column = j * strideX + v - left;
                const inside = row >= 0 && row < h && column >= 0 && column < w;
                window[at++] = inside ? image[plane + row * w + column]! : 0;
              }
            }
          }
          for (let o = 0; o < outsPerGroup; o++) sums[o] = bias?.data[firstOut + o] ?? 0;
          const first = firstOut * length;
          dotRows(sums, {
            count: outsPerGroup,
            rows: kernels,
            first,
            vector: window,
            at: 0,
            length,
          });
          for (let o = 0; o < outsPerGroup; o++) {
            y[((b * outs + firstOut + o) * height + i) * width + j] = sums[o]!;
          }
        }
      }
    }
  }
  return y;
};
