/** Borders. @module */
import { sizeOf } from "../../graph/tensor_spec.ts";
import { pick } from "./gathering.ts";
import { type Kernel, strides } from "./kernel.ts";

/** Elements outside are `value`, or mirrored at the edge without repeating it */
export const pad: Kernel<"pad"> = (
  [x],
  { attributes: { pads, mode, value }, output: { shape } },
) => {
  const own = strides(x!.shape);
  const wide = strides(shape);
  const from = new Int32Array(sizeOf(shape));
  for (let at = 0; at < from.length; at++) {
    let offset = 0;
    for (let axis = 0; axis < shape.length && offset >= 0; axis++) {
      const size = x!.shape[axis]!;
      let index = Math.floor(at / wide[axis]!) % shape[axis]! - pads[axis]![0];
      if (mode === "reflect") {
        index = index < 0 ? -index : index >= size ? 2 * (size - 1) - index : index;
      }
      offset = index < 0 || index >= size ? -1 : offset + index * own[axis]!;
    }
    from[at] = offset;
  }
  return pick(x!, { from, otherwise: value });
};
