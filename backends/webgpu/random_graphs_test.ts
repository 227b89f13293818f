/** Random graphs, fused, planned and run on the device, against the reference: fusing must never change what is computed. */
import { NO_WEIGHTS } from "../backend.ts";
import { assert } from "@std/assert";
import {
  add,
  binary,
  cast,
  clamp,
  compare,
  concat,
  conv2d,
  cumsum,
  geglu,
  groupNorm,
  layerNorm,
  linear,
  matmul,
  pad,
  permute,
  reduce,
  reshape,
  slice,
  softmax,
  unary,
  upsampleNearest,
  where,
} from "../../graph/ops/mod.ts";
import {
  f32,
  type HostTensor,
  hostTensor,
  sizeOf,
  type TensorSpec,
} from "../../graph/tensor_spec.ts";
import { type Tensor, trace } from "../../graph/trace.ts";
import { MT19937 } from "../../random/mt19937.ts";
import { TorchGenerator } from "../../random/torch_generator.ts";
import { referenceBackend } from "../reference/backend.ts";
import { hasWebgpu, webgpuBackend } from "./webgpu_backend.ts";

const ignore = !await hasWebgpu();

/** Graphs of this test; more by hand: each draws other ops. */
const GRAPHS = 24;

function randomGraph(seed: number) {
  const words = new MT19937(seed);
  const below = (limit: number) => words.next() % limit;
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const inputs: Record<string, TensorSpec> = {
    a: f32(2, 4, 3, 6),
    b: f32(2, 4, 3, 6),
    row: f32(6),
    channel: f32(4, 1, 1),
    weights: f32(3),
    square: f32(6, 6),
    kernel: f32(4, 4, 3, 3),
  };
  const constant = ["row", "square", "kernel", "b"].filter(() => below(2) === 0);
  const graph = trace<string>((given) => {
    const all: Tensor[] = [given.a!, given.b!];
    const x = () => all[Math.max(0, all.length - 1 - below(4))]!;
    const like = (tensor: Tensor) => {
      const fitting = all.filter((each) => each.shape.join() === tensor.shape.join());
      return pick(fitting);
    };
    /** Something that broadcasts to a tensor, perhaps of a smaller shape. */
    const operand = (tensor: Tensor): Tensor | number => {
      switch (below(4)) {
        case 0:
          return 0.5;
        case 1: {
          const at = below(3);
          return slice(given.weights!, { axis: 0, start: at, stop: at + 1 });
        }
        case 2:
          if (tensor.size(-1) === 6) return given.row!;
          return like(tensor);
        default:
          return like(tensor);
      }
    };
    const image = (tensor: Tensor) => reshape(tensor, [-1, 4, 3, 6]);
    const steps: (() => Tensor)[] = [
      () => unary(pick(["silu", "tanh", "gelu", "sigmoid", "abs"]), x()),
      () => {
        const left = x();
        return binary(pick(["add", "sub", "mul", "maximum", "minimum"]), [left, operand(left)]);
      },
      () => {
        const left = x();
        return binary(pick(["add", "mul"]), [operand(left), left]);
      },
      () => clamp(x(), { min: -1, max: 0.75 }),
      () => {
        const left = x();
        return where(compare(pick(["less", "greaterEqual"]), [left, like(left)]), {
          a: left,
          b: like(left),
        });
      },
      () => cast(cast(x(), { to: "f16" }), { to: "f32" }),
      () => add(image(x()), given.channel!),
      () => {
        const from = x();
        const order = from.shape.map((_, axis) => axis);
        for (let at = order.length - 1; at > 0; at--) {
          const other = below(at + 1);
          [order[at], order[other]] = [order[other]!, order[at]!];
        }
        return permute(from, order);
      },
      () => {
        const from = x();
        const axis = below(from.shape.length);
        const size = from.size(axis);
        if (size < 2) return from;
        const half = slice(from, { axis, start: below(2), stop: size, step: 1 + below(2) });
        return sizeOf(half.shape) % 72 === 0 ? half : concat([from, from], { axis });
      },
      () => image(x()),
      () => reshape(x(), [-1, 12, 6]),
      () => reshape(x(), [-1, 2, 3, 2, 6]),
      () => conv2d(image(x()), { weight: given.kernel!, padding: [1, 1, 1, 1] }),
      () =>
        conv2d(upsampleNearest(image(x())), {
          weight: given.kernel!,
          stride: [2, 2],
          padding: [1, 1, 1, 1],
        }),
      () => linear(reshape(x(), [-1, 3, 6]), { weight: given.square! }),
      () => matmul([reshape(x(), [-1, 12, 6]), given.square!]),
      () => groupNorm(image(x()), { groups: 2, epsilon: 1e-2 }),
      () => layerNorm(reshape(x(), [-1, 6]), { epsilon: 1e-2 }),
      () => softmax(x(), { axis: -1 }),
      () => cumsum(reshape(x(), [-1, 6]), { axis: 1 }),
      () => {
        const from = reshape(x(), [-1, 12]);
        const gated = geglu(from);
        return concat([gated, gated], { axis: 1 });
      },
      () => {
        const from = image(x());
        return binary("sub", [from, reduce(from, { f: "mean", axes: [2, 3], keepDims: true })]);
      },
      () => {
        const from = image(x());
        const wide = pad(from, { pads: [[0, 0], [0, 0], [1, 1], [0, 2]], value: 0.25 });
        return slice(slice(wide, { axis: 2, start: 1, stop: 4 }), { axis: 3, start: 2, stop: 8 });
      },
      () => {
        const left = x();
        return concat([left, like(left)], { axis: below(left.shape.length) });
      },
    ];
    for (let at = 0; at < 14; at++) {
      const made = pick(steps)();
      if (sizeOf(made.shape) <= 1152 && sizeOf(made.shape) % 72 === 0) all.push(made);
    }
    const outputs: Record<string, Tensor> = { last: all.at(-1)! };
    for (let at = below(3); at > 0; at--) outputs[`other${at}`] = pick(all);
    return outputs;
  }, inputs);
  return { graph, constant, inputs };
}

function draw(
  inputs: Readonly<Record<string, TensorSpec>>,
  seed: number,
): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { shape }], at) => {
      const data = new TorchGenerator(seed + at).randn(sizeOf(shape));
      // Products stay small over many layers.
      const scale = name === "kernel" || name === "square" ? 0.3 : 1;
      return [name, hostTensor(shape, data.map((x) => x * scale))];
    }),
  );
}

/** Largest difference of an output, as a share of its largest magnitude. */
function difference(actual: HostTensor, expected: HostTensor): number {
  let largest = 1e-6;
  let worst = 0;
  for (let at = 0; at < expected.data.length; at++) {
    const wanted = Number(expected.data[at]);
    largest = Math.max(largest, Math.abs(wanted));
    worst = Math.max(worst, Math.abs(Number(actual.data[at]) - wanted));
  }
  return worst / largest;
}

Deno.test({
  name: "random graphs compute what the reference computes, whatever is fused",
  ignore,
  async fn() {
    await using backend = await webgpuBackend();
    await using reference = referenceBackend();
    using none = await backend.load(NO_WEIGHTS);
    using own = await reference.load(NO_WEIGHTS);
    const first = Number(Deno.env.get("FIRST_GRAPH") ?? 1);
    const failed: string[] = [];
    for (let seed = first; seed < first + Number(Deno.env.get("GRAPHS") ?? GRAPHS); seed++) {
      const { graph, constant, inputs } = randomGraph(seed);
      using program = await backend.compile(graph, none, { constant });
      using expected = await reference.compile(graph, own);
      // Twice: constant inputs stay, others change.
      let given = draw(inputs, seed);
      for (let round = 0; round < 2; round++) {
        const [results, wanted] = [program.run(given), expected.run(given)];
        for (const name of Object.keys(wanted)) {
          using output = results[name]!;
          using right = wanted[name]!;
          const share = difference(await output.read(), await right.read());
          // A rounding to halves may fall to the other side.
          const halves = graph.nodes.some(({ op }) => op === "cast");
          if (!(share <= (halves ? 1e-2 : 2e-4))) failed.push(`graph ${seed}, ${name}: ${share}`);
        }
        const other = draw(inputs, seed + 1000);
        given = { ...other, ...Object.fromEntries(constant.map((name) => [name, given[name]!])) };
      }
    }
    assert(failed.length === 0, failed.join("\n"));
  },
});
