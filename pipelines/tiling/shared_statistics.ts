/**
 * Graphs whose group normalisations take their statistics from outside, or tell them: so that tiles of one picture can be
 * normalised alike.
 *
 * @module
 */
import type { Graph, Node, NodeOf, ValueId } from "../../graph/graph.ts";
import type { OpDefinition } from "../../graph/op.ts";
import {
  add,
  clamp,
  concat,
  div,
  mul,
  type OpName,
  ops,
  reduce,
  reshape,
  resizeNearest,
  slice,
  split,
  sqrt,
  sub,
} from "../../graph/ops/mod.ts";
import { f32, sizeOf } from "../../graph/tensor_spec.ts";
import { apply, type Tensor, trace } from "../../graph/trace.ts";

/** What all normalisations of a graph have in common. */
export interface NormLayout {
  /** How many there are. */
  readonly count: number;
  readonly batch: number;
  readonly groups: number;
  readonly epsilon: number;
}

/** The normalisations of a graph; undefined if there are none, or they differ in more than their sizes. */
export function normLayout({ nodes }: Graph): NormLayout | undefined {
  const norms = nodes.filter((node) => node.op === "groupNorm") as NodeOf<"groupNorm">[];
  const [first] = norms;
  if (first === undefined) return undefined;
  const { groups, epsilon } = first.attributes;
  const batch = first.output.shape[0]!;
  const alike = norms.every(({ attributes, output }) =>
    attributes.groups === groups && attributes.epsilon === epsilon && output.shape[0] === batch &&
    output.shape.length === 4
  );
  return alike ? { count: norms.length, batch, groups, epsilon } : undefined;
}

/**
 * A graph of one input, `x`, and one output, `y`, that takes or tells the statistics of its normalisations.
 *
 * `given`: an input `statistics [count, n, groups, 2]`, for each normalisation the means and one over the deviations.
 * `told`: instead of `y` an output `moments` of that shape, the means and the mean squares; and an input `shares`
 * `[1, 1, ...sides]`, how much each position counts in them. Means are of what all shares add up to, 1 at a position that counts
 * once, over the positions of the whole, `area` times those of a tile.
 */
export function withStatistics(
  graph: Graph,
  options: {
    readonly layout: NormLayout;
    readonly given: boolean;
    readonly told: { readonly area: number; readonly sides: readonly [number, number] } | null;
  },
): Graph {
  const { layout: { count, batch, groups }, given, told } = options;
  const [input] = graph.inputs;
  const { spec } = input!;
  return trace<string>((inputs, weights) => {
    const values = new Map<ValueId, Tensor>([[input!.id, inputs.x!]]);
    for (const { id, name, spec } of graph.parameters) {
      values.set(id, weights.tensor(name, spec.shape));
    }
    const moments: Tensor[] = [];
    const build = (node: Node): Tensor => {
      const [x, ...rest] = node.inputs.map((id) => values.get(id)!) as [Tensor, ...Tensor[]];
      if (node.op !== "groupNorm") {
        return apply(ops[node.op] as OpDefinition<OpName>, [x, ...rest], node.attributes);
      }
      const at = moments.length;
      moments.push(
        told === null ? x : momentsOf(x, { shares: inputs.shares!, groups, area: told.area }),
      );
      if (!given) return apply(ops.groupNorm, [x, ...rest], node.attributes);
      const own = slice(inputs.statistics!, { axis: 0, start: at, stop: at + 1 });
      return normalised(x, { statistics: reshape(own, [batch, groups, 2]), affine: rest });
    };
    for (const node of graph.nodes) {
      const built = node.site === ""
        ? build(node)
        : weights.at(node.site).module(() => build(node));
      values.set(node.id, built);
    }
    return told === null
      ? { y: values.get(graph.outputs[0]!.id)! }
      : { moments: concat(moments, { axis: 0 }) };
  }, {
    x: spec,
    ...(given ? { statistics: f32(count, batch, groups, 2) } : {}),
    ...(told === null ? {} : { shares: f32(1, 1, ...told.sides) }),
  });
}

/** `[1, n, groups, 2]`: this tensor's part of the means and the mean squares of each group. */
function momentsOf(
  x: Tensor,
  { shares, groups, area }: {
    readonly shares: Tensor;
    readonly groups: number;
    readonly area: number;
  },
): Tensor {
  const [n, c, height, width] = x.shape as [number, number, number, number];
  const own = resizeNearest(shares, { size: [height, width] });
  const weighted = mul(x, own);
  const over = (values: Tensor) =>
    reduce(reshape(values, [1, n, groups, sizeOf(x.shape) / n / groups]), {
      f: "sum",
      axes: [3],
      keepDims: true,
    });
  // The whole has as many positions more than x as its area is larger.
  const scale = 1 / (c / groups * height * width * area);
  return mul(concat([over(weighted), over(mul(weighted, x))], { axis: 3 }), scale);
}

/** Group normalisation with means and reciprocal deviations `[n, groups, 2]`. */
function normalised(
  x: Tensor,
  { statistics, affine: [weight, bias] }: {
    readonly statistics: Tensor;
    readonly affine: readonly Tensor[];
  },
): Tensor {
  const [n, groups] = statistics.shape as [number, number];
  const [mean, scale] = split(statistics, { axis: 2, sizes: [1, 1] }) as [Tensor, Tensor];
  const flat = reshape(x, [n, groups, sizeOf(x.shape) / n / groups]);
  const unit = reshape(mul(sub(flat, mean), scale), x.shape);
  const perChannel = (tensor: Tensor) => reshape(tensor, [1, x.size(1), 1, 1]);
  const scaled = weight === undefined ? unit : mul(unit, perChannel(weight));
  return bias === undefined ? scaled : add(scaled, perChannel(bias));
}

/** From the moments of a whole, `moments`, to `statistics`. */
export function statisticsOfMoments({ count, batch, groups, epsilon }: NormLayout): Graph {
  return trace(({ moments }) => {
    const [mean, square] = split(moments, { axis: 3, sizes: [1, 1] }) as [Tensor, Tensor];
    // Rounding may leave a variance of 0 a little below.
    const variance = clamp(sub(square, mul(mean, mean)), { min: 0, max: Infinity });
    return { statistics: concat([mean, div(1, sqrt(add(variance, epsilon)))], { axis: 3 }) };
  }, { moments: f32(count, batch, groups, 2) });
}
