/** Products of matrices. @module */
import { sizeOf } from "../../graph/tensor_spec.ts";
import { dotRows } from "./dot_rows.ts";
import { broadcastStrides, type Kernel, offsets } from "./kernel.ts";

/** y[.., i, j] = sum over k of a[.., i, k] b[.., k, j], or b[.., j, k] transposed */
export const matmul: Kernel<"matmul"> = (
  [a, b],
  { attributes: { transposeB }, output: { shape } },
) => {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const inner = a!.shape.at(-1)!;
  const leading = shape.slice(0, -2);
  const first = (stack: readonly number[], size: number) =>
    offsets(leading, {
      strides: broadcastStrides(stack.slice(0, -2), leading).map((step) => step * size),
    });
  const atA = first(a!.shape, rows * inner);
  const atB = first(b!.shape, inner * columns);
  const left = a!.data as Float32Array;
  const right = b!.data as Float32Array;
  const y = new Float32Array(sizeOf(shape));
  const sums = new Float64Array(columns);
  for (let m = 0; m < atA.length; m++) {
    for (let i = 0; i < rows; i++) {
      sums.fill(0);
      const row = atA[m]! + i * inner;
      if (transposeB) {
        const first = atB[m]!;
        dotRows(sums, {
          count: columns,
          rows: right,
          first,
          vector: left,
          at: row,
          length: inner,
        });
      } else {
        for (let k = 0; k < inner; k++) {
          const factor = left[row + k]!;
          const from = atB[m]! + k * columns;
          for (let j = 0; j < columns; j++) sums[j]! += factor * right[from + j]!;
        }
      }
      y.set(sums, (m * rows + i) * columns);
    }
  }
  return y;
};
