/**
 * Sums of {@linkcode Terms}.
 *
 * @module
 */
import type { Terms } from "./plan.ts";

/** The sample as it came into the row. */
export const SAMPLE: Terms = { sample: 1 };

/** The network's output. */
export const OUTPUT: Terms = { output: 1 };

/** The row's limited prediction. */
export const CLEAN: Terms = { clean: 1 };

/** The row's draw of unit noise with number k. */
export function noise(k = 0): Terms {
  return { noise: unit(k) };
}

/** The kept register with number k. */
export function kept(k: number): Terms {
  return { kept: unit(k) };
}

function unit(k: number): number[] {
  return Array.from({ length: k + 1 }, (_, i) => i === k ? 1 : 0);
}

/** The weighted sum of sums. A part of weight 0 is left out. */
export function sum(...parts: readonly (readonly [weight: number, terms: Terms])[]): Terms {
  const used = parts.filter(([weight]) => weight !== 0);
  const single = (name: "sample" | "output" | "clean") =>
    used.reduce((total, [weight, terms]) => total + weight * (terms[name] ?? 0), 0);
  const many = (name: "noise" | "kept") => {
    const totals: number[] = [];
    for (const [weight, terms] of used) {
      terms[name]?.forEach((value, k) => {
        while (totals.length <= k) totals.push(0);
        if (value !== 0) totals[k]! += weight * value;
      });
    }
    return totals;
  };
  const [sample, output, clean] = [single("sample"), single("output"), single("clean")];
  const [drawn, registers] = [many("noise"), many("kept")];
  return {
    ...(sample !== 0 && { sample }),
    ...(output !== 0 && { output }),
    ...(clean !== 0 && { clean }),
    ...(drawn.some((weight) => weight !== 0) && { noise: drawn }),
    ...(registers.some((weight) => weight !== 0) && { kept: registers }),
  };
}

/** All weights of a sum. */
export function weightsOf(terms: Terms): number[] {
  const { sample = 0, output = 0, clean = 0, noise = [], kept = [] } = terms;
  return [sample, output, clean, ...noise, ...kept];
}
