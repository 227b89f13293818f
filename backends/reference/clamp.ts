/** Limits. @module */
import type { Kernel } from "./kernel.ts";

/** min(max(x, least), greatest); NaN stays NaN */
export const clamp: Kernel<"clamp"> = ([x], { attributes: { min, max } }) => {
  const least = min ?? -Infinity;
  const greatest = max ?? Infinity;
  const y = new Float32Array(x!.data.length);
  for (let at = 0; at < y.length; at++) y[at] = Math.min(Math.max(x!.data[at]!, least), greatest);
  return y;
};
