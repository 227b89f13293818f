/**
 * What `--check` found.
 *
 * @module
 */
import type { CheckReport } from "../backends/checked.ts";

/** One line: how much was compared, and which operator differed most. */
export function checkLine({ nodes, worst }: CheckReport): string {
  if (worst === undefined) return "Checked nothing: no operator was run.";
  const { op, site, difference, bound, shapes } = worst;
  const apart = difference === 0
    ? "equal"
    : `${difference.toExponential(1)} apart, ${
      percent(difference / bound)
    } of what rounding may do`;
  return `Checked ${nodes} operator${nodes === 1 ? "" : "s"}: the worst is ${op} at ` +
    `${site || "the top"}, [${shapes.output.join(", ")}], ${apart}.`;
}

function percent(share: number): string {
  return share < 0.001 ? "less than 0.1%" : `${(100 * share).toFixed(1)}%`;
}
