/** Numbers of the network. @module */
import { sizeOf } from "../../graph/tensor_spec.ts";
import type { Kernel } from "./kernel.ts";

/** The given numbers, or one everywhere */
export const constant: Kernel<"constant"> = (_, { attributes: { values }, output: { shape } }) =>
  values.length === 1
    ? new Float32Array(sizeOf(shape)).fill(values[0]!)
    : Float32Array.from(values);
