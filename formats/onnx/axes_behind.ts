/**
 * Where the axes of a result come from.
 *
 * @module
 */
import type { Node } from "../../graph/graph.ts";

/** An axis of one of a node's inputs. */
export type InputAxis = readonly [input: number, axis: number];

/**
 * For each axis of a node's output, the axes of its inputs that its size comes from. Reshapes, which mix axes, and axes that
 * attributes decide have none.
 *
 * @param ranks Number of axes of each input.
 */
export function axesBehind(
  node: Exclude<Node, { readonly op: "reshape" }>,
  ranks: readonly number[],
): readonly (readonly InputAxis[])[] {
  const rank = node.output.shape.length;
  const each = (link: (axis: number) => readonly InputAxis[]) =>
    Array.from({ length: rank }, (_, axis) => link(axis));
  /** NumPy's rule: aligned at the last axis. */
  const aligned = (inputs: readonly number[], axis: number): readonly InputAxis[] =>
    inputs.flatMap((input): InputAxis[] => {
      const own = axis - rank + ranks[input]!;
      return own < 0 ? [] : [[input, own]];
    });
  const all = ranks.map((_, input) => input);
  switch (node.op) {
    case "avgPool2d":
    case "cast":
    case "clamp":
    case "conv2d":
    case "convTranspose2d":
    case "cumsum":
    case "geglu":
    case "groupNorm":
    case "layerNorm":
    case "nearestCode":
    case "pad":
    case "quantile":
    case "resizeBilinear":
    case "resizeNearest":
    case "slice":
    case "softmax":
    case "unary":
    case "upsampleNearest":
      return each((axis) => [[0, axis]]);
    case "timestepEmbedding":
      return [[[0, 0]], []];
    case "binary":
    case "compare":
    case "where":
      return each((axis) => aligned(all, axis));
    case "concat":
      return each((axis) => all.map((input) => [input, axis]));
    case "linear":
      return each((axis) => axis === rank - 1 ? [[1, 0]] : [[0, axis]]);
    case "matmul": {
      const columns = ranks[1]! - (node.attributes.transposeB ? 2 : 1);
      return each((axis) =>
        axis === rank - 1
          ? [[1, columns]]
          : axis === rank - 2
          ? [[0, ranks[0]! - 2]]
          : aligned([0, 1], axis)
      );
    }
    case "attention":
      return each((axis) => axis === 3 ? [[2, 3]] : [[0, axis]]);
    case "permute": {
      const { order } = node.attributes;
      return each((axis) => [[0, order[axis]!]]);
    }
    case "reduce": {
      const { axes, keepDims } = node.attributes;
      const kept = Array.from({ length: ranks[0]! }, (_, axis) => axis)
        .filter((axis) => keepDims || !axes.includes(axis));
      return each((axis) => axes.includes(kept[axis]!) ? [] : [[0, kept[axis]!]]);
    }
    case "gather": {
      const first = node.attributes.axis;
      const behind = first + ranks[1]!;
      return each((axis) =>
        axis < first
          ? [[0, axis]]
          : axis < behind
          ? [[1, axis - first]]
          : [[0, axis - ranks[1]! + 1]]
      );
    }
    case "constant":
      return each(() => []);
  }
}
