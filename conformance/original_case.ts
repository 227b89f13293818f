/**
 * One case of a golden file of the original code.
 *
 * @module
 */
import type { HostTensor } from "../graph/tensor_spec.ts";
import type { GoldenCase } from "./golden_case.ts";

/** Tensors by their names within a case. */
export type CaseTensors = Readonly<Record<string, HostTensor>>;

/** One case of a golden file: its inputs, what must come out, and its settings. */
export interface OriginalCase {
  /** `unet.0`, `e2e_v.0`, … */
  readonly name: string;
  /** What the network or the sampling is given. */
  readonly inputs: CaseTensors;
  /** What the original code made of it. */
  readonly outputs: CaseTensors;
  /** How. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Takes a case out of its file. An output that has no name of its own is called `output`. */
export function originalCase({ settings, tensors }: GoldenCase, name: string): OriginalCase {
  const below = (kind: "input" | "output"): CaseTensors => {
    const prefix = `${kind}.${name}`;
    const found = [...tensors].filter(([each]) => each === prefix || each.startsWith(`${prefix}.`));
    return Object.fromEntries(
      found.map(([each, tensor]) => [each.slice(prefix.length + 1) || "output", tensor]),
    );
  };
  const cases = settings.cases as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  return { name, inputs: below("input"), outputs: below("output"), settings: cases[name] ?? {} };
}
