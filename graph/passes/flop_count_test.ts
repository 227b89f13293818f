import { assertEquals } from "@std/assert";
import {
  add,
  attention,
  concat,
  conv2d,
  convTranspose2d,
  linear,
  matmul,
  nearestCode,
  reduce,
  silu,
} from "../ops/mod.ts";
import { f32 } from "../tensor_spec.ts";
import { trace } from "../trace.ts";
import { decompose } from "./decompose.ts";
import { flopCount } from "./flop_count.ts";

const NONE = { convolutions: 0, products: 0, attention: 0, rest: 0 };

Deno.test("a convolution multiplies its window at every pixel, for the channels of its group", () => {
  const graph = trace(
    ({ x, weight, bias }) =>
      conv2d(x, { weight, bias, stride: [2, 2], padding: [1, 1, 1, 1], groups: 2 }),
    { x: f32(3, 4, 8, 6), weight: f32(10, 2, 3, 3), bias: f32(10) },
  );
  const results = 3 * 10 * 4 * 3;
  const convolutions = results * 2 * 9 * 2;
  assertEquals(flopCount(graph), {
    ...NONE,
    convolutions,
    rest: results,
    total: convolutions + results,
  });
});

Deno.test("a transposed convolution multiplies as often as the convolution whose gradient it is", () => {
  const stride = [2, 2] as const;
  const [picture, small, weight] = [f32(1, 3, 8, 8), f32(1, 5, 4, 4), f32(5, 3, 2, 2)];
  const forth = trace(({ x, weight }) => conv2d(x, { weight, stride }), { x: picture, weight });
  const back = trace(
    ({ x, weight }) => convTranspose2d(x, { weight, stride }),
    { x: small, weight },
  );
  assertEquals(forth.nodes[0]!.output.shape, small.shape);
  assertEquals(back.nodes[0]!.output.shape, picture.shape);
  assertEquals(flopCount(back), flopCount(forth));
});

Deno.test("attention is its two products, and what stands between them", () => {
  const graph = trace(
    ({ q, k, v }) => attention(q, { k, v }),
    { q: f32(2, 3, 5, 8), k: f32(2, 3, 7, 8), v: f32(2, 3, 7, 6) },
  );
  const logits = 2 * 3 * 5 * 7;
  assertEquals(flopCount(graph), {
    ...NONE,
    attention: logits * 2 * (8 + 6),
    rest: logits * 2,
    total: logits * 30,
  });
});

Deno.test("a decomposition counts as much as what it stands for", () => {
  const graph = trace(({ q, k, mask, x, weight, bias }) => ({
    plain: attention(q, { k, v: k }),
    masked: attention(q, { k, v: k, mask, causal: true }),
    mapped: linear(x, { weight, bias }),
  }), {
    q: f32(1, 2, 5, 8),
    k: f32(1, 2, 7, 8),
    mask: f32(7),
    x: f32(3, 4),
    weight: f32(6, 4),
    bias: f32(6),
  });
  const simple = decompose(graph, ({ op }) => op !== "attention" && op !== "linear");
  const [whole, parts] = [flopCount(graph), flopCount(simple)];
  assertEquals(parts.total, whole.total);
  assertEquals(parts.products, whole.products + whole.attention);
});

Deno.test("all others count elements; what moves numbers counts nothing", () => {
  const graph = trace(({ x, y, codebook }) => {
    const sum = add(silu(x), y); // 12 and 12
    const products = matmul([sum, x], { transposeB: true }); // 2 * 3 * 3 * 4
    nearestCode(x, { codebook }); // 3 * 3 * 5 * 4
    return reduce(concat([products, products], { axis: 0 }), { f: "mean" }); // 18
  }, { x: f32(3, 4), y: f32(4), codebook: f32(5, 4) });
  assertEquals(flopCount(graph), {
    ...NONE,
    products: 72,
    rest: 12 + 12 + 180 + 18,
    total: 294,
  });
});
