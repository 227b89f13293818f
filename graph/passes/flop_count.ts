/**
 * How much arithmetic a graph is.
 *
 * @module
 */
import { type Graph, type Node, specsOf } from "../graph.ts";
import { sizeOf } from "../tensor_spec.ts";

/** Floating-point operations: a multiplication and the addition that follows it are two. */
export interface FlopCount {
  /** Of convolutions. */
  readonly convolutions: number;
  /** Of linear layers and matrix products. */
  readonly products: number;
  /** Of attention's two products, queries with keys and weights with values. */
  readonly attention: number;
  /** Of everything else. */
  readonly rest: number;
  /** All of these. */
  readonly total: number;
}

/**
 * Counts the floating-point operations of a graph.
 *
 * Convolutions, products and attention count two for each pair of numbers that is multiplied; zeros around an image and keys
 * that a mask hides count as others do. The rest: a bias is one for each element of the result, attention's scale, mask and
 * softmax one each for each logit, the distance to a code three for each of its numbers, and what only moves or picks numbers
 * is none. All others count one for each element, of what they read where they sum up, of their result otherwise: less than
 * normalisations and exponentials take, but little beside convolutions.
 *
 * @example A linear layer
 * ```ts
 * import { flopCount } from "./flop_count.ts";
 * import { linear } from "../ops/mod.ts";
 * import { f32 } from "../tensor_spec.ts";
 * import { trace } from "../trace.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const graph = trace(({ x, weight }) => linear(x, { weight }), { x: f32(2, 3), weight: f32(4, 3) });
 * assertEquals(flopCount(graph).total, 2 * 2 * 3 * 4);
 * ```
 */
export function flopCount(graph: Graph): FlopCount {
  const specs = specsOf(graph);
  const sum = { convolutions: 0, products: 0, attention: 0, rest: 0 };
  for (const node of graph.nodes) {
    const count = countNode(node, node.inputs.map((id) => specs.get(id)!.shape));
    sum[count.kind] += count.main;
    sum.rest += count.beside;
  }
  return { ...sum, total: sum.convolutions + sum.products + sum.attention + sum.rest };
}

/** Operations of a kind, and those of the rest that an op has beside them. */
interface NodeCount {
  readonly kind: Exclude<keyof FlopCount, "total">;
  readonly main: number;
  readonly beside: number;
}

type Shapes = readonly (readonly number[])[];

function countNode(node: Node, shapes: Shapes): NodeCount {
  const size = sizeOf(node.output.shape);
  const read = sizeOf(shapes[0] ?? []);
  switch (node.op) {
    case "conv2d": // A sum over weight [o, c / groups, kh, kw] for each element of the result.
      return withBias("convolutions", 2 * size * sizeOf(shapes[1]!.slice(1)), { shapes, size });
    case "convTranspose2d": // Each element read goes into weight [c, o / groups, kh, kw] results.
      return withBias("convolutions", 2 * read * sizeOf(shapes[1]!.slice(1)), { shapes, size });
    case "linear":
      return withBias("products", 2 * size * shapes[0]!.at(-1)!, { shapes, size });
    case "matmul":
      return { kind: "products", main: 2 * size * shapes[0]!.at(-1)!, beside: 0 };
    case "attention": {
      const [n, heads, lq, d] = shapes[0] as [number, number, number, number];
      const [, , lk, dv] = shapes[2] as [number, number, number, number];
      const logits = n * heads * lq * lk;
      const masks = (shapes.length > 3 ? 1 : 0) + (node.attributes.causal ? 1 : 0);
      return { kind: "attention", main: 2 * logits * (d + dv), beside: (2 + masks) * logits };
    }
    case "nearestCode":
      return rest(3 * read * shapes[1]![0]!);
    case "cast":
    case "concat":
    case "constant":
    case "gather":
    case "pad":
    case "permute":
    case "reshape":
    case "resizeNearest":
    case "slice":
    case "upsampleNearest":
    case "where":
      return rest(0);
    case "avgPool2d":
    case "cumsum":
    case "quantile":
    case "reduce":
      return rest(read);
    case "binary":
    case "clamp":
    case "compare":
    case "geglu":
    case "groupNorm":
    case "layerNorm":
    case "resizeBilinear":
    case "softmax":
    case "timestepEmbedding":
    case "unary":
      return rest(size);
    default:
      return node satisfies never;
  }
}

function rest(count: number): NodeCount {
  return { kind: "rest", main: count, beside: 0 };
}

function withBias(
  kind: NodeCount["kind"],
  main: number,
  { shapes, size }: { readonly shapes: Shapes; readonly size: number },
): NodeCount {
  return { kind, main, beside: shapes.length > 2 ? size : 0 };
}
