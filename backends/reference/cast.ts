/** Conversion of element types. @module */
import { allocate } from "../../graph/tensor_spec.ts";
import type { Kernel } from "./kernel.ts";

/** The same numbers: typed arrays round halves to even and truncate to whole numbers */
export const cast: Kernel<"cast"> = ([x], { output: { dtype } }) => {
  const y = allocate(dtype, x!.data.length);
  y.set(x!.data);
  return y;
};
