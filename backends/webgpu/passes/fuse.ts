/**
 * From a graph's nodes to steps, each of which is one kernel: equal nodes become one, changes of index (reshape, slice,
 * permute, nearest upsampling) become strides of whoever reads them, and elementwise ops join the kernel that makes their
 * input.
 *
 * A group is a kernel's node, if any, and elementwise nodes after it, such that only the last value leaves the group; it
 * stands where its last node stood, so whatever the group reads has been made by then. Nodes that depend on constant
 * inputs and weights alone never share a group with others.
 *
 * @module
 */
import type { Graph, Node, NodeOf, ValueId } from "../../../graph/graph.ts";
import { sameShape, sizeOf, type TensorSpec } from "../../../graph/tensor_spec.ts";
import type { KernelOp } from "../kernels/mod.ts";
import {
  collapse,
  denseStrides,
  expand,
  isDense,
  refine,
  stretch,
  type Strided,
} from "../strided.ts";
import type { External, PointwiseNode, Statement, Tail, Term } from "../tail.ts";
import { isView, reindex, storedStrides } from "./reindex.ts";
import { simplify } from "./simplify.ts";

/** A node that has a kernel. */
export type KernelNode = NodeOf<KernelOp>;

/** One kernel: what it reads, what it does, what it makes. */
export interface Step {
  /** Absent if the step is elementwise or a copy. */
  readonly node: KernelNode | undefined;
  /** What the node's inputs are stored as. */
  readonly inputs: readonly ValueId[];
  /** The first input is enlarged so many times as it is read: it is stored small. */
  readonly enlarge: readonly [y: number, x: number] | undefined;
  /** Buffers of the tail. */
  readonly externals: readonly ValueId[];
  readonly tail: Tail;
  /** The value that it makes. */
  readonly output: ValueId;
  readonly spec: TensorSpec;
  /** Whether it depends on constant inputs and weights alone. */
  readonly constant: boolean;
  /** The path of its first node. */
  readonly site: string;
  /** Names of its ops: `conv2d+silu`. */
  readonly label: string;
}

/** A graph as steps. */
export interface Fused {
  /** In an order in which they can run. */
  readonly steps: readonly Step[];
  /** The stored value that holds a value of the graph: same elements, perhaps another shape. */
  stored(id: ValueId): ValueId;
  /** Whether a value depends on constant inputs and weights alone. */
  isConstant(id: ValueId): boolean;
}

/** Statements in one group at most. */
const LONGEST = 48;
/** Elementwise nodes that are tried without the group having one result. */
const PATIENCE = 12;

interface Group {
  readonly anchor: KernelNode | undefined;
  readonly statements: readonly Node[];
  /** The value that leaves the group. */
  readonly output: ValueId;
  /** The permutation at its end. */
  readonly permute: NodeOf<"permute"> | undefined;
}

function isPointwise(node: Node): node is PointwiseNode {
  switch (node.op) {
    case "unary":
    case "binary":
    case "clamp":
    case "compare":
    case "where":
    case "cast":
      return true;
    default:
      return false;
  }
}

function hasKernel(node: Node): node is KernelNode {
  return !isPointwise(node) && !isView(node) && node.op !== "constant" && node.op !== "reshape";
}

/** Storage buffers of a kernel other than its node's inputs: the result, tables, what passes hand on. */
function extraBuffers(node: Node): number {
  return node.op === "resizeBilinear" || node.op === "resizeNearest" ? 3 : 2;
}

/**
 * Makes steps of a graph.
 *
 * @param options.constant Names of inputs that stay the same.
 * @param options.buffers Storage buffers that a shader may bind.
 */
export function fuse(
  graph: Graph,
  options: { readonly constant: readonly string[]; readonly buffers: number },
): Fused {
  const { specs, position, producers, consumers, outputs, constants, nodes, root } = simplify(
    graph,
    options.constant,
  );
  const claimed = new Set<ValueId>();
  /** Views that are stored because a group ends in them. */
  const storedViews = new Set<ValueId>();

  const literalOf = (id: ValueId): number | undefined => {
    const node = producers.get(root(id));
    if (node?.op !== "constant" || node.attributes.values.length !== 1) return undefined;
    return node.attributes.values[0];
  };

  /** Where the elements of a value lie: its own buffer, or another's if it is a view. */
  const views = new Map<ValueId, { base: ValueId; view: Strided } | undefined>();
  const viewOf = (id: ValueId): { base: ValueId; view: Strided } => {
    const own = root(id);
    const dense = () => {
      const shape = specs.get(own)!.shape;
      return { base: own, view: { offset: 0, dims: shape, strides: denseStrides(shape) } };
    };
    const node = producers.get(own);
    if (node === undefined || !isView(node) || storedViews.has(own)) return dense();
    if (!views.has(own)) {
      const from = node.inputs[0]!;
      const shape = specs.get(from)!.shape;
      const under = viewOf(from);
      const view = reindex(node, { shape, under: under.view });
      if (view !== undefined) views.set(own, { base: under.base, view });
      else {
        const whole = { offset: 0, dims: shape, strides: denseStrides(shape) };
        const direct = reindex(node, { shape, under: whole });
        views.set(own, direct === undefined ? undefined : { base: root(from), view: direct });
      }
    }
    return views.get(own) ?? dense();
  };
  /** A value as it is read for a result of shape `target`; from a buffer of its own if it is among `copied`. */
  const operandOf = (
    id: ValueId,
    target: readonly number[],
    copied: ReadonlySet<ValueId> = new Set(),
  ): { base: ValueId; view: Strided } => {
    const shape = specs.get(id)!.shape;
    if (!copied.has(root(id))) {
      const { base, view } = viewOf(id);
      const stretched = stretch(view, { shape, target });
      if (stretched !== undefined) return { base, view: stretched };
    }
    const dense = { offset: 0, dims: shape, strides: denseStrides(shape) };
    return { base: root(id), view: stretch(dense, { shape, target })! };
  };

  /** Grows the group of a kernel's node, or of an elementwise node. */
  const grow = (seed: KernelNode | PointwiseNode): Group => {
    const anchor = isPointwise(seed) ? undefined : seed;
    const count = sizeOf(seed.output.shape);
    const constant = constants.has(seed.id);
    const budget = options.buffers -
      (anchor === undefined ? 1 : anchor.inputs.length + extraBuffers(anchor));
    const most = anchor?.op === "concat" ? Math.min(3, options.buffers - 2) : budget;
    const members = new Map<ValueId, Node>([[seed.id, seed]]);

    /** The elementwise nodes that absorbing `node` takes, or undefined if it cannot be. */
    const closure = (node: Node, into: Set<ValueId>): Node[] | undefined => {
      if (!isPointwise(node) || claimed.has(node.id) || constants.has(node.id) !== constant) {
        return undefined;
      }
      if (sizeOf(node.output.shape) !== count) return undefined;
      into.add(node.id);
      const taken: Node[] = [];
      for (const id of node.inputs) {
        const own = root(id);
        if (members.has(own) || into.has(own) || literalOf(id) !== undefined) continue;
        const producer = producers.get(own);
        if (
          producer === undefined || outputs.has(own) ||
          // What the kernel's own node reads must be there before it.
          consumers.get(own)!.some((each) =>
            each === anchor || (!members.has(each.id) && !into.has(each.id))
          )
        ) continue;
        const below = closure(producer, into);
        if (below !== undefined) taken.push(...below);
      }
      return [...taken, node];
    };
    const fits = (): boolean => {
      const bases = new Set<ValueId>();
      const shapes: (readonly number[])[] = [[count]];
      for (const node of members.values()) {
        if (node === anchor) continue;
        for (const id of node.inputs) {
          if (members.has(root(id)) || literalOf(id) !== undefined) continue;
          const { base, view } = operandOf(id, node.output.shape);
          bases.add(base);
          shapes.push(view.dims);
        }
      }
      return bases.size <= most && refine(shapes) !== undefined;
    };
    /** The one value that leaves, if there is only one. */
    const leaving = (): ValueId | undefined => {
      let only: ValueId | undefined;
      for (const id of members.keys()) {
        const leaves = outputs.has(id) || consumers.get(id)!.some((node) => !members.has(node.id));
        if (!leaves) continue;
        if (only !== undefined) return undefined;
        only = id;
      }
      return only;
    };

    let best = [...members.keys()];
    let output = seed.id;
    let tries = 0;
    while (members.size < LONGEST && tries < PATIENCE) {
      let next: Node | undefined;
      for (const id of members.keys()) {
        for (const node of consumers.get(id) ?? []) {
          if (members.has(node.id) || !isPointwise(node) || claimed.has(node.id)) continue;
          if (sizeOf(node.output.shape) !== count || constants.has(node.id) !== constant) continue;
          if (next === undefined || position.get(node.id)! < position.get(next.id)!) next = node;
        }
      }
      if (next === undefined) break;
      const taken = closure(next, new Set());
      if (taken === undefined) break;
      for (const node of taken) members.set(node.id, node);
      if (!fits()) break;
      const only = leaving();
      if (only === undefined) tries++;
      else {
        best = [...members.keys()];
        output = only;
        tries = 0;
      }
    }
    const statements = best.filter((id) => id !== anchor?.id).map((id) => members.get(id)!)
      .sort((a, b) => position.get(a.id)! - position.get(b.id)!);
    // A permutation of the result, by its only reader, is where the result is stored.
    const readers = consumers.get(output) ?? [];
    const reader = readers.length === 1 && !outputs.has(output) ? readers[0]! : undefined;
    const permute = reader?.op === "permute" && !claimed.has(reader.id) &&
        constants.has(reader.id) === constant &&
        permutable(reader, statements)
      ? reader
      : undefined;
    for (const node of statements) claimed.add(node.id);
    if (permute !== undefined) {
      claimed.add(permute.id);
      storedViews.add(permute.id);
      // Whoever reads through it finds another buffer now.
      views.clear();
      output = permute.id;
    }
    return { anchor, statements, output, permute };
  };
  /** Whether the shape that a permutation reorders goes with what the statements read. */
  const permutable = (permute: NodeOf<"permute">, statements: readonly Node[]): boolean => {
    const own = new Set(statements.map(({ id }) => id));
    const shapes = [specs.get(permute.inputs[0]!)!.shape];
    for (const node of statements) {
      for (const id of node.inputs) {
        if (own.has(root(id)) || literalOf(id) !== undefined) continue;
        if (sizeOf(specs.get(id)!.shape) !== sizeOf(node.output.shape) || isViewed(id)) {
          shapes.push(operandOf(id, node.output.shape).view.dims);
        }
      }
    }
    return refine(shapes) !== undefined;
  };
  const isViewed = (id: ValueId): boolean => viewOf(id).base !== root(id);

  const groups: Group[] = [];
  for (const node of nodes) if (hasKernel(node)) groups.push(grow(node));
  for (const node of nodes) {
    if (!isPointwise(node) || claimed.has(node.id)) continue;
    claimed.add(node.id);
    groups.push(grow(node));
  }

  // Views that someone needs as a buffer of their own become copies.
  const steps: Step[] = [];
  const made = new Set<ValueId>();
  const demanded: ValueId[] = [];
  const demand = (id: ValueId) => {
    const node = producers.get(id);
    if (node === undefined || !isView(node) || storedViews.has(id)) return;
    if (sizeOf(node.output.shape) > 0) demanded.push(id);
  };
  const build = (group: Group) => {
    const step = makeStep(group);
    steps.push(step);
    made.add(step.output);
    step.inputs.forEach(demand);
    step.externals.forEach(demand);
  };
  const makeStep = ({ anchor, statements, output, permute }: Group): Step => {
    const at = new Map(statements.map(({ id }, index) => [id, index]));
    const spec = specs.get(output)!;
    const destination = permute === undefined ? undefined : {
      dims: specs.get(permute.inputs[0]!)!.shape,
      strides: storedStrides(permute),
    };
    const common = (views: readonly Strided[]) =>
      refine([
        [sizeOf(spec.shape)],
        ...views.filter((view) => !isDense(view)).map(({ dims }) => dims),
        ...(destination === undefined ? [] : [destination.dims]),
      ]);
    // Views that go with no common factoring are read from copies.
    const reads = statements.flatMap((node) =>
      node.inputs.filter((id) =>
        root(id) !== anchor?.id && !at.has(root(id)) && literalOf(id) === undefined
      ).map((id) => ({ id, target: node.output.shape }))
    );
    const copied = new Set<ValueId>();
    for (const { id } of reads) {
      const all = reads.map((each) => operandOf(each.id, each.target, copied).view);
      if (common(all) !== undefined) break;
      copied.add(root(id));
    }
    const found: { id: ValueId; base: ValueId; view: Strided }[] = [];
    const term = (id: ValueId, target: readonly number[]): Term => {
      const own = root(id);
      const { dtype } = specs.get(id)!;
      if (own === anchor?.id) return { kind: "value", dtype };
      const statement = at.get(own);
      if (statement !== undefined) return { kind: "statement", index: statement, dtype };
      const value = literalOf(id);
      if (value !== undefined) return { kind: "literal", value, dtype: "f32" };
      const { base, view } = operandOf(id, target, copied);
      let index = found.findIndex((each) =>
        each.base === base && each.view.offset === view.offset &&
        sameShape(each.view.dims, view.dims) && sameShape(each.view.strides, view.strides)
      );
      if (index < 0) index = found.push({ id, base, view }) - 1;
      return { kind: "external", index, dtype };
    };
    const lines = statements.map((node): Statement => ({
      node: node as PointwiseNode,
      operands: node.inputs.map((id) => term(id, node.output.shape)),
    }));
    const last = statements.at(-1) ?? anchor;
    const result: Term = last === undefined
      ? term(output, spec.shape)
      : last === anchor
      ? { kind: "value", dtype: last.output.dtype }
      : { kind: "statement", index: statements.length - 1, dtype: last.output.dtype };
    const bases = [...new Set(found.map(({ base }) => base))];
    const strided = found.filter(({ view }) => !isDense(view));
    const dims = common(strided.map(({ view }) => view))!;
    const fine = collapse(dims, [
      ...strided.map(({ view }) => expand(view, dims)),
      ...(destination === undefined ? [] : [expand(destination, dims)]),
    ]);
    const externals = found.map(({ id, base, view }): External => {
      const which = strided.findIndex((each) => each.view === view);
      return {
        dtype: specs.get(id)!.dtype,
        buffer: bases.indexOf(base),
        offset: view.offset,
        strides: which < 0 ? null : fine.strides[which]!,
      };
    });
    const first = anchor ?? statements[0] ?? producers.get(output)!;
    const inputs = anchor === undefined ? [] : anchor.inputs.map(root);
    // A convolution reads an enlarged image from the small one.
    const image = anchor?.op === "conv2d" ? producers.get(inputs[0]!) : undefined;
    const enlarged = image?.op === "upsampleNearest" && sizeOf(image.output.shape) > 0 &&
        sameShape(image.output.shape, specs.get(anchor!.inputs[0]!)!.shape)
      ? image
      : undefined;
    if (enlarged !== undefined) inputs[0] = root(enlarged.inputs[0]!);
    return {
      node: anchor,
      inputs,
      enlarge: enlarged?.attributes.scale,
      externals: bases,
      tail: {
        statements: lines,
        externals,
        result,
        dims: fine.dims,
        destination: destination === undefined ? null : fine.strides.at(-1)!,
      },
      output,
      spec,
      constant: constants.has(output),
      site: first.site,
      label:
        [...(anchor === undefined ? [] : [anchor]), ...statements, ...(permute ? [permute] : [])]
          .map((node) => node.op === "unary" || node.op === "binary" ? node.attributes.f : node.op)
          .join("+") || first.op,
    };
  };
  for (const group of groups) build(group);
  outputs.forEach(demand);
  for (let id = demanded.pop(); id !== undefined; id = demanded.pop()) {
    if (made.has(id)) continue;
    // Its own copy reads through the view; from here on it is a buffer.
    build({ anchor: undefined, statements: [], output: id, permute: undefined });
  }
  steps.sort((a, b) => position.get(a.output)! - position.get(b.output)!);
  return { steps, stored: root, isConstant: (id) => constants.has(id) };
}
