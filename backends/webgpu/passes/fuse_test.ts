import { assertEquals } from "@std/assert";
import {
  add,
  chunk,
  concat,
  constant,
  conv2d,
  cumsum,
  geglu,
  groupNorm,
  linear,
  mul,
  permute,
  reshape,
  silu,
  slice,
  sub,
  upsampleNearest,
} from "../../../graph/ops/mod.ts";
import { f32, type TensorSpec } from "../../../graph/tensor_spec.ts";
import { type Tensor, trace, type Traced } from "../../../graph/trace.ts";
import { fuse } from "./fuse.ts";

function labels(
  build: (inputs: Readonly<Record<string, Tensor>>) => Traced,
  inputs: Record<string, TensorSpec>,
  constant: string[] = [],
): string[] {
  return fuse(trace<string>(build, inputs), { constant, buffers: 8 }).steps.map(({ label }) =>
    label
  );
}

Deno.test("an activation joins the kernel that makes its input", () => {
  assertEquals(
    labels(({ x }) => silu(groupNorm(x!, { groups: 2, epsilon: 1e-5 })), { x: f32(1, 4, 3, 3) }),
    ["groupNorm+silu"],
  );
});

Deno.test("a residual joins the second of two convolutions", () => {
  assertEquals(
    labels(
      ({ x, w, t }) => {
        const h = add(conv2d(x!, { weight: w! }), t!);
        return add(conv2d(silu(h), { weight: w! }), x!);
      },
      { x: f32(2, 4, 3, 3), w: f32(4, 4, 1, 1), t: f32(2, 4, 1, 1) },
    ),
    ["conv2d+add+silu", "conv2d+add"],
  );
});

Deno.test("heads are split where the projection stores them, and joined where attention does", () => {
  assertEquals(
    labels(
      ({ x, w }) => permute(reshape(linear(x!, { weight: w! }), [2, 5, 2, 4]), [0, 2, 1, 3]),
      { x: f32(2, 5, 8), w: f32(8, 8) },
    ),
    ["linear+permute"],
  );
});

Deno.test("a value that is read twice is stored", () => {
  assertEquals(
    labels(
      ({ x, w }) => {
        const h = linear(x!, { weight: w! });
        return { a: silu(h), h };
      },
      { x: f32(2, 8), w: f32(8, 8) },
    ),
    ["linear", "silu"],
  );
});

Deno.test("elementwise nodes between two uses of a value join it", () => {
  assertEquals(
    labels(
      ({ x, w }) => {
        const h = linear(x!, { weight: w! });
        return mul(h, silu(h));
      },
      { x: f32(2, 8), w: f32(8, 8) },
    ),
    ["linear+silu+mul"],
  );
});

Deno.test("guidance and a sampler's step are one kernel", () => {
  const guided = labels(
    ({ sample, output, weights }) => {
      const [without, wanted] = chunk(output!, { axis: 0, chunks: 2 }) as [Tensor, Tensor];
      const noise = add(without, mul(sub(wanted, without), 3));
      const weight = (at: number) => slice(weights!, { axis: 0, start: at, stop: at + 1 });
      return add(mul(sample!, weight(0)), mul(noise, weight(1)));
    },
    { sample: f32(1, 4, 8, 8), output: f32(2, 4, 8, 8), weights: f32(2) },
  );
  assertEquals(guided.length, 1);
});

Deno.test("what depends on constant inputs stays apart", () => {
  const graph = trace(({ x, c }) => add(x, silu(c)), { x: f32(4), c: f32(4) });
  const { steps } = fuse(graph, { constant: ["c"], buffers: 8 });
  assertEquals(steps.map(({ label, constant }) => [label, constant]), [
    ["silu", true],
    ["add", false],
  ]);
});

Deno.test("equal nodes are computed once", () => {
  assertEquals(labels(({ x }) => concat([silu(x!), silu(x!)], { axis: 0 }), { x: f32(4) }), [
    "silu",
    "concat",
  ]);
});

Deno.test("zeros of two signs and infinities are not equal nodes", () => {
  const graph = trace(({ x }) => {
    const parts = [0, -0, Infinity, -Infinity].map((value) => add(x, constant([value])));
    return concat([...parts, add(x, constant([0]))], { axis: 0 });
  }, { x: f32(4) });
  const { steps } = fuse(graph, { constant: [], buffers: 8 });
  assertEquals(steps.at(-1)!.inputs.length, 5);
  assertEquals(new Set(steps.at(-1)!.inputs).size, 4);
});

Deno.test("what a kernel reads is made before it, though its tail reads it too", () => {
  assertEquals(
    labels(({ x }) => {
      const doubled = mul(x!, 2);
      return mul(doubled, cumsum(doubled, { axis: 0 }));
    }, { x: f32(4) }),
    ["mul", "cumsum+mul"],
  );
});

Deno.test("a view becomes a copy only for those who need a buffer", () => {
  assertEquals(
    labels(({ x }) => geglu(slice(x!, { axis: 0, start: 1, stop: 3 })), { x: f32(4, 6) }),
    ["slice", "geglu"],
  );
  assertEquals(
    labels(({ x }) => silu(permute(slice(x!, { axis: 0, start: 1, stop: 3 }), [1, 0])), {
      x: f32(4, 6),
    }),
    ["silu"],
  );
  assertEquals(labels(({ x }) => upsampleNearest(silu(x!)), { x: f32(1, 2, 3, 3) }), [
    "silu",
    "upsampleNearest",
  ]);
});

Deno.test("a convolution reads an enlarged image from the small one", () => {
  assertEquals(
    labels(({ x, w }) => conv2d(upsampleNearest(x!), { weight: w! }), {
      x: f32(1, 2, 3, 3),
      w: f32(4, 2, 3, 3),
    }),
    ["conv2d"],
  );
});

Deno.test("an enlarged image that is reshaped before the convolution is stored", () => {
  assertEquals(
    labels(({ x, w }) => conv2d(reshape(upsampleNearest(x!), [1, 4, 16, 8]), { weight: w! }), {
      x: f32(1, 2, 8, 8),
      w: f32(3, 4, 1, 1),
    }),
    ["upsampleNearest", "conv2d"],
  );
});

Deno.test("a slice of a permutation is read from where the permutation is stored", () => {
  const graph = trace(({ x, y, w }) => {
    const before = linear(x, { weight: w });
    const turned = permute(linear(y, { weight: w }), [1, 0]);
    return add(before, slice(turned, { axis: 0, start: 0, stop: 4 }));
  }, { x: f32(4, 8), y: f32(8, 8), w: f32(8, 8) });
  const { steps } = fuse(graph, { constant: [], buffers: 8 });
  assertEquals(steps.map(({ label }) => label), ["linear+permute", "linear+add"]);
  assertEquals(steps[1]!.externals, [steps[0]!.output]);
});

Deno.test("views that go with no common factoring are copied", () => {
  const flat = (x: Tensor) => reshape(permute(x, [1, 0]), [6]);
  const inputs = { x: f32(2, 3), y: f32(3, 2) };
  assertEquals(labels(({ x, y }) => add(flat(x!), flat(y!)), inputs), ["permute", "add"]);
});

Deno.test("nodes that nothing needs are not computed", () => {
  assertEquals(
    labels(({ x }) => {
      silu(x!);
      return add(x!, constant([1]));
    }, { x: f32(4) }),
    ["add"],
  );
});

Deno.test("a kernel never binds more buffers than it may", () => {
  const names = Array.from({ length: 12 }, (_, at) => `x${at}`);
  const graph = trace<string>(
    (inputs) => names.map((name) => inputs[name]!).reduce((sum, x) => add(sum, x)),
    Object.fromEntries(names.map((name) => [name, f32(4)])),
  );
  const { steps } = fuse(graph, { constant: [], buffers: 8 });
  assertEquals(steps.every(({ externals }) => externals.length <= 7), true);
  assertEquals(steps.length, 2);
});
