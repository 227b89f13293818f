/** Choice. @module */
import { sizeOf } from "../../graph/tensor_spec.ts";
import { broadcastStrides, type Kernel, offsets } from "./kernel.ts";

/** a where the condition is not 0, else b */
export const where: Kernel<"where"> = (inputs, { output: { shape } }) => {
  const [atC, atA, atB] = inputs.map((each) =>
    offsets(shape, { strides: broadcastStrides(each.shape, shape) })
  ) as [Int32Array, Int32Array, Int32Array];
  const [condition, a, b] = inputs.map(({ data }) => data) as [
    Uint8Array,
    Float32Array,
    Float32Array,
  ];
  const y = new Float32Array(sizeOf(shape));
  for (let at = 0; at < y.length; at++) {
    y[at] = condition[atC[at]!] !== 0 ? a[atA[at]!]! : b[atB[at]!]!;
  }
  return y;
};
