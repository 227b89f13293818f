/**
 * The noise schedule that a checkpoint holds.
 *
 * @module
 */
import type { OriginalSchedule } from "./original_settings.ts";
import { ModelError } from "../model_error.ts";
import type { WeightSource } from "../weight_source.ts";

/** More steps than any schedule has. */
const MOST_STEPS = 100_000;

/**
 * Recognises the table `betas`. Only single precision tells: in half precision it is rounded, and the originals were never
 * sampled with the rounded one.
 *
 * @returns Undefined if there is no such table. One that is of no shape with a name is kept as it is.
 * @throws {ModelError} If its numbers cannot be betas.
 */
export async function readStoredSchedule(
  source: WeightSource,
): Promise<OriginalSchedule | undefined> {
  const entry = source.tensors.get("betas");
  const steps = entry?.shape[0] ?? 0;
  const single = entry?.stored === "F32" || entry?.stored === "F64";
  if (!single || entry.shape.length !== 1 || steps < 2 || steps > MOST_STEPS) return undefined;
  const betas = await source.read("betas");
  // The ends were written in a configuration with a few digits; single precision holds seven.
  const [start, end] = [betas[0]!, betas[steps - 1]!].map((beta) => Number(beta.toPrecision(6)));
  const odd = betas.findIndex((beta) => !(beta > 0 && beta <= 1));
  if (odd !== -1) {
    throw new ModelError(
      `Cannot use the noise schedule in ${source.description}: beta ${odd} is ${
        betas[odd]
      }, but must be above 0 and at most 1`,
    );
  }
  for (const kind of ["scaled_linear", "linear"] as const) {
    const power = kind === "linear" ? 1 : 0.5;
    const [from, to] = [start! ** power, end! ** power];
    const fits = betas.every((beta, at) => {
      const expected = (from + (to - from) * at / (steps - 1)) ** (1 / power);
      return Math.abs(beta - expected) <= 1e-5 * expected;
    });
    if (fits) return { kind, start: start!, end: end!, steps };
  }
  return {
    kind: "linear",
    start: start!,
    end: end!,
    steps,
    betas: Array.from(betas),
  };
}
