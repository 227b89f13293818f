/**
 * Ops that only change which element is read: as strides into the buffer of what they read.
 *
 * @module
 */
import type { Node, NodeOf } from "../../../graph/graph.ts";
import { denseStrides, expand, refine, type Strided } from "../strided.ts";

/** A node that moves no data. */
export type ViewNode = NodeOf<"slice" | "permute" | "upsampleNearest">;

/** Whether a node is a change of index. Reshapes are less: they are the same buffer. */
export function isView(node: Node): node is ViewNode {
  return node.op === "slice" || node.op === "permute" || node.op === "upsampleNearest";
}

/** For each axis that a permutation reads, the stride at which its result stores it. */
export function storedStrides(permute: NodeOf<"permute">): number[] {
  const strides = denseStrides(permute.output.shape);
  const { order } = permute.attributes;
  return order.map((_, axis) => strides[order.indexOf(axis)]!);
}

/** The strides of a view of a (perhaps strided) tensor of `shape`; undefined if they are not strides. */
export function reindex(
  node: ViewNode,
  { shape, under }: { readonly shape: readonly number[]; readonly under: Strided },
): Strided | undefined {
  const dims = refine([shape, under.dims]);
  if (dims === undefined) return undefined;
  const strides = expand(under, dims);
  // The dims of each axis.
  const axes: { dims: number[]; strides: number[] }[] = [];
  let at = dims.length;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const own: { dims: number[]; strides: number[] } = { dims: [], strides: [] };
    let remaining = shape[axis]!;
    while (remaining > 1) {
      at--;
      own.dims.unshift(dims[at]!);
      own.strides.unshift(strides[at]!);
      remaining /= dims[at]!;
    }
    axes.unshift(own);
  }
  let offset = under.offset;
  switch (node.op) {
    case "permute": {
      const ordered = node.attributes.order.map((axis) => axes[axis]!);
      return {
        offset,
        dims: ordered.flatMap((each) => each.dims),
        strides: ordered.flatMap((each) => each.strides),
      };
    }
    case "slice": {
      const { start, step } = node.attributes;
      for (let axis = 0; axis < shape.length; axis++) {
        const size = node.output.shape[axis]!;
        if (size === shape[axis] && step[axis] === 1) continue;
        const own = axes[axis]!;
        if (own.dims.length > 1) return undefined;
        const stride = own.strides[0] ?? 0;
        offset += start[axis]! * stride;
        axes[axis] = { dims: [size], strides: [stride * step[axis]!] };
      }
      break;
    }
    case "upsampleNearest": {
      node.attributes.scale.forEach((scale, at) => {
        const own = axes[2 + at]!;
        axes[2 + at] = { dims: [...own.dims, scale], strides: [...own.strides, 0] };
      });
      break;
    }
  }
  return {
    offset,
    dims: axes.flatMap((each) => each.dims),
    strides: axes.flatMap((each) => each.strides),
  };
}
