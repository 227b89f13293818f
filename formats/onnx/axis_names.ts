/**
 * Names of free axes.
 *
 * @module
 */
import type { NamedValue } from "../../graph/graph.ts";
import { OnnxError } from "./onnx_error.ts";
import type { OnnxDim } from "./onnx_model.ts";
import { isFixed, type Size } from "./sizes.ts";

/** Names of every axis of an input, by the input's name: `{ sample: ["batch", "channels", "height", "width"] }`. */
export type AxisNames = Readonly<Record<string, readonly string[]>>;

/** A free axis: what it is called, and its size in either trace. */
export interface NamedAxis {
  /** Its name, which no other axis has. */
  readonly name: string;
  /** Its size in either trace. */
  readonly traced: readonly [number, number];
}

/**
 * Names the free axes of inputs. Axes that are equally long in both traces are one axis.
 *
 * @param names Names that the caller knows; others are those of diffusion models' inputs.
 * @throws {OnnxError} If axes of different names are equally long, so that nothing tells them apart in the network.
 */
export function nameAxes(
  inputs: readonly (NamedValue & { readonly sizes: readonly Size[] })[],
  names: AxisNames = {},
): readonly NamedAxis[] {
  const found: (NamedAxis & { readonly wanted: string; readonly input: string })[] = [];
  for (const { name: input, spec, sizes } of inputs) {
    const own = names[input] ?? usualNames(spec);
    sizes.forEach((size, axis) => {
      if (isFixed(size)) return;
      const { traced } = size;
      const wanted = own[axis] ?? `axis ${axis}`;
      const same = found.find((each) =>
        each.traced[0] === traced[0] && each.traced[1] === traced[1]
      );
      if (same !== undefined) {
        if (same.wanted === wanted) return;
        throw new OnnxError(
          `Cannot tell the ${wanted} of ${input} from the ${same.wanted} of ${same.input}: both are ` +
            `${traced.join(" and ")} in the two traces; trace at sizes that differ`,
        );
      }
      const isTaken = found.some((each) => each.name === wanted);
      found.push({ name: isTaken ? `${input} ${wanted}` : wanted, wanted, input, traced });
    });
  }
  return found;
}

/** Images, tokens, and one number for each of a batch. */
function usualNames({ shape, dtype }: NamedValue["spec"]): readonly string[] {
  switch (shape.length) {
    case 4:
      return ["batch", "channels", "height", "width"];
    case 3:
      return ["batch", "tokens", "features"];
    case 2:
      return ["batch", dtype === "i32" ? "tokens" : "features"];
    default:
      return ["batch"];
  }
}

/** `height`, `height * 8`, `height / 8`, or a name of its own for a size that is no multiple of an axis. */
export function sizeName(
  size: Size,
  { axes, otherwise }: { readonly axes: readonly NamedAxis[]; readonly otherwise: string },
): OnnxDim {
  if (isFixed(size)) return size;
  const [a, b] = size.traced;
  const related = axes.filter(({ name }) => size.from.length === 0 || size.from.includes(name));
  for (const { name, traced: [x, y] } of related) if (a === x && b === y) return name;
  for (const { name, traced: [x, y] } of related) {
    if (a * y !== b * x) continue; // no multiple in both
    if (a % x === 0) return `${name} * ${a / x}`;
    if (x % a === 0) return `${name} / ${x / a}`;
  }
  return otherwise;
}
