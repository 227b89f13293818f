/**
 * Which sizes of a network are free: those that move between two traces of it.
 *
 * @module
 */
import { type Graph, type Node, type NodeOf, specsOf, type ValueId } from "../../graph/graph.ts";
import type { OpName } from "../../graph/ops/mod.ts";
import { axesBehind } from "./axes_behind.ts";
import { type AxisNames, nameAxes, type NamedAxis, sizeName } from "./axis_names.ts";
import { OnnxError } from "./onnx_error.ts";
import type { OnnxDim } from "./onnx_model.ts";
import { reshapeGroups } from "./reshape_groups.ts";
import { matchTraces } from "./same_structure.ts";
import { describeSize, type FreeSize, isFixed, sameSize, type Size } from "./sizes.ts";

/** An axis of a value. */
export interface ValueAxis {
  /** The value. */
  readonly id: ValueId;
  /** Which of its axes. */
  readonly axis: number;
}

/** What is known of a graph's sizes. */
export interface FreeAxes {
  /** The sizes of a value. */
  sizes(id: ValueId): readonly Size[];
  /** Numbers among a node's attributes. */
  numbers<Op extends OpName>(
    node: NodeOf<Op>,
    pick: (node: NodeOf<Op>) => readonly number[],
  ): readonly Size[];
  /** Sizes for people: free ones have the name of their axis. */
  dims(id: ValueId, name: string): readonly OnnxDim[];
  /**
   * A value before the node that has the size as one of its own.
   *
   * @throws {OnnxError} If there is none, or nothing tells which of several unlike ones is meant.
   */
  source(size: FreeSize, node: Node): ValueAxis;
}

/** A graph as it is: every size is a number. */
export function fixedAxes(graph: Graph): FreeAxes {
  const specs = specsOf(graph);
  return {
    sizes: (id) => specs.get(id)!.shape,
    numbers: (node, pick) => pick(node),
    dims: (id) => specs.get(id)!.shape,
    source(_size, node) {
      throw new RangeError(`Cannot find a free size for ${node.op}: the graph has none`);
    },
  };
}

/**
 * Compares two traces of one network at different sizes.
 *
 * A size that moved is followed through the ops from the axes of the inputs that it comes from, since two numbers alone may be
 * equal by chance: a batch of 2 and 3, and an eighth of a height of 16 and 24.
 *
 * @param options `another`: the same network at other sizes. The axes of the inputs that are to be free differ, each by another
 * pair of numbers. `names`: names of the inputs' axes.
 * @throws {OnnxError} If the traces are not of one network, naming the first node that differs, or axes cannot be told apart.
 */
export function findFreeAxes(
  graph: Graph,
  { another, names }: { readonly another: Graph; readonly names?: AxisNames | undefined },
): FreeAxes {
  const twins = matchTraces(graph, another);
  const [specs, otherSpecs] = [specsOf(graph), specsOf(another)];
  const pairsOf = (id: ValueId) => {
    const { shape } = specs.get(id)!;
    const twin = twins.ids.get(id);
    return twin === undefined ? shape : paired(shape, otherSpecs.get(twin)!.shape);
  };
  const sizes: Sizes = new Map();
  const inputs = graph.inputs.map((input) => ({ ...input, sizes: pairsOf(input.id) }));
  const axes = nameAxes(inputs, names);
  for (const input of inputs) sizes.set(input.id, input.sizes.map((size) => named(size, axes)));
  for (const { id, spec } of graph.parameters) sizes.set(id, spec.shape);
  const search = sourceSearch(graph, sizes);

  for (const node of graph.nodes) {
    const pairs = pairsOf(node.id);
    const origins = originsOf(node, { pairs, sizes });
    sizes.set(
      node.id,
      pairs.map((size, axis): Size => {
        if (isFixed(size)) return size;
        const moved: FreeSize = { ...size, from: origins[axis]! };
        if (moved.from.length === 1 && !isResize(node)) return moved;
        // Axes that were joined and are taken apart again, or a size that an attribute says: a value that has it tells.
        const source = search(moved, node);
        const known = source && sizes.get(source.id)![source.axis]!;
        return known === undefined || isFixed(known) ? moved : known;
      }),
    );
  }

  return {
    sizes: (id) => sizes.get(id)!,
    numbers: (node, pick) =>
      paired(pick(node), pick(twins.nodes.get(node.id) as unknown as typeof node)),
    dims: (id, name) =>
      sizes.get(id)!.map((size, axis) =>
        sizeName(size, { axes, otherwise: `${name} axis ${axis}` })
      ),
    source(size, node) {
      const found = search(size, node);
      if (found !== undefined) return found;
      throw new OnnxError(
        `Cannot write ${node.op} at ${node.site || "the top"}: it needs the size ` +
          `${describeSize(size)}, which no tensor before it has`,
      );
    },
  };
}

type Sizes = Map<ValueId, readonly Size[]>;

function paired(one: readonly number[], other: readonly number[]): readonly Size[] {
  return one.map((size, axis) =>
    size === other[axis] ? size : { traced: [size, other[axis]!], from: [] }
  );
}

/** A size of an input, coming from the axis that it is. */
function named(size: Size, axes: readonly NamedAxis[]): Size {
  if (isFixed(size)) return size;
  const from = axes.filter(({ traced }) => sameSize({ traced, from: [] }, size));
  return { ...size, from: from.map(({ name }) => name) };
}

/** For each axis of a node's output, the input axes that it depends on, sorted. */
function originsOf(
  node: Node,
  { pairs, sizes }: { readonly pairs: readonly Size[]; readonly sizes: Sizes },
): readonly (readonly string[])[] {
  const inputs = node.inputs.map((id) => sizes.get(id)!);
  const union = (list: readonly Size[]) => {
    const names = list.flatMap((size) => isFixed(size) ? [] : size.from);
    return [...new Set(names)].sort();
  };
  if (node.op !== "reshape") {
    const links = axesBehind(node, inputs.map(({ length }) => length));
    return links.map((link) => union(link.map(([input, axis]) => inputs[input]![axis]!)));
  }
  const origins: (readonly string[])[] = pairs.map(() => []);
  for (const { from, to } of reshapeGroups(inputs[0]!, pairs)) {
    const group = from.map((axis) => inputs[0]![axis]!);
    for (const axis of to) {
      const same = group.filter((size) => sameSize(size, pairs[axis]!));
      origins[axis] = union(same.length === 1 ? same : group);
    }
  }
  return origins;
}

/** Finds values that have a size: the nearest upstream of a node, else any that was made before it. */
function sourceSearch(
  graph: Graph,
  sizes: Sizes,
): (size: FreeSize, node: Node) => ValueAxis | undefined {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const upstream = (size: FreeSize, start: readonly ValueId[]): ValueAxis | undefined => {
    const seen = new Set(start);
    for (const id of seen) { // grows while it is walked
      const axis = sizes.get(id)!.findIndex((own) => fits(own, size));
      if (axis >= 0) return { id, axis };
      for (const input of nodes.get(id)?.inputs ?? []) seen.add(input);
    }
    return undefined;
  };
  const anywhere = (size: FreeSize, node: Node): ValueAxis | undefined => {
    let found: ValueAxis & { readonly own: FreeSize } | undefined;
    for (const [id, all] of sizes) {
      if (id === node.id) break;
      for (const [axis, own] of all.entries()) {
        if (isFixed(own) || !fits(own, size)) continue;
        if (found !== undefined && found.own.from.join() !== own.from.join()) {
          throw new OnnxError(
            `Cannot write ${node.op} at ${node.site || "the top"}: its size ` +
              `${describeSize(size)} may come from the ${found.own.from.join(" and ")} or the ` +
              `${own.from.join(" and ")}; trace at sizes that differ`,
          );
        }
        found ??= { id, axis, own };
      }
    }
    return found;
  };
  return (size, node) =>
    (size.from.length > 0 ? upstream(size, node.inputs) : undefined) ?? anywhere(size, node) ??
      (isResize(node) ? anywhere({ ...size, from: [] }, node) : undefined);
}

/** Images are resized to multiples of their own size or to the size of another image. */
function isResize({ op }: Node): boolean {
  return op === "resizeNearest" || op === "resizeBilinear";
}

/** Whether a size is the wanted one: as long in both traces, and from no axes that the wanted one is not from. */
function fits(own: Size, wanted: FreeSize): boolean {
  return sameSize(own, wanted) && !isFixed(own) && own.from.length > 0 &&
    (wanted.from.length === 0 || own.from.every((name) => wanted.from.includes(name)));
}
