/** Scaled dot-product attention. @module */
import { sizeOf } from "../../graph/tensor_spec.ts";
import { dotRows } from "./dot_rows.ts";
import { broadcastStrides, type Kernel, offsets } from "./kernel.ts";

/** For every query i: the mean of the values j, weighted by softmax(scale q_i·k_j + mask_ij) */
export const attention: Kernel<"attention"> = (
  [q, k, v, mask],
  { attributes: { scale, causal }, output: { shape } },
) => {
  const [n, heads, queries, width] = shape as [number, number, number, number];
  const depth = q!.shape[3]!;
  const keys = k!.shape[2]!;
  const [query, key, value] = [q!, k!, v!].map(({ data }) => data) as Float32Array[];
  const logitsShape = [n, heads, queries, keys];
  const masked = mask &&
    offsets(logitsShape, { strides: broadcastStrides(mask.shape, logitsShape) });
  const y = new Float32Array(sizeOf(shape));
  const weights = new Float64Array(keys);
  const sums = new Float64Array(width);
  for (let head = 0; head < n * heads; head++) {
    for (let i = 0; i < queries; i++) {
      const seen = causal ? Math.min(keys, i + 1) : keys;
      const from = (head * queries + i) * depth;
      weights.fill(0);
      dotRows(weights, {
        count: seen,
        rows: key!,
        first: head * keys * depth,
        vector: query!,
        at: from,
        length: depth,
      });
      let max = -Infinity;
      for (let j = 0; j < seen; j++) {
        const bias = masked ? mask.data[masked[(head * queries + i) * keys + j]!]! : 0;
        max = Math.max(max, weights[j] = scale * weights[j]! + bias);
      }
      let total = 0;
      sums.fill(0);
      for (let j = 0; j < seen; j++) {
        const weight = Math.exp(weights[j]! - max);
        total += weight;
        const other = (head * keys + j) * width;
        for (let d = 0; d < width; d++) sums[d]! += weight * value![other + d]!;
      }
      const to = (head * queries + i) * width;
      for (let d = 0; d < width; d++) y[to + d] = sums[d]! / total;
    }
  }
  return y;
};
