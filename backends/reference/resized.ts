/**
 * Separable resampling of images.
 *
 * @module
 */
import type { Taps } from "../../graph/ops/resize_bilinear.ts";
import { type HostTensor, sizeOf } from "../../graph/tensor_spec.ts";

/** Every pixel of the result is a weighted sum of rows times columns of `x [n, c, h, w]`. */
export function resized(
  x: HostTensor,
  options: {
    readonly shape: readonly number[];
    readonly row: (index: number) => Taps;
    readonly column: (index: number) => Taps;
  },
): Float32Array {
  const [n, c, height, width] = options.shape as [number, number, number, number];
  const [, , h, w] = x.shape as [number, number, number, number];
  const rows = Array.from({ length: height }, (_, i) => options.row(i));
  const columns = Array.from({ length: width }, (_, j) => options.column(j));
  const y = new Float32Array(sizeOf(options.shape));
  let to = 0;
  for (let plane = 0; plane < n * c; plane++) {
    for (const row of rows) {
      for (const column of columns) {
        let sum = 0;
        for (let u = 0; u < row.weights.length; u++) {
          const from = (plane * h + row.first + u) * w + column.first;
          for (let v = 0; v < column.weights.length; v++) {
            sum += row.weights[u]! * column.weights[v]! * x.data[from + v]!;
          }
        }
        y[to++] = sum;
      }
    }
  }
  return y;
}
