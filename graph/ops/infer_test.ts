/** What every op infers, and what it says of inputs that do not fit. */
import { assertEquals, assertThrows } from "@std/assert";
import { ShapeError } from "../op.ts";
import { f32, i32, type TensorSpec } from "../tensor_spec.ts";
import { type Tensor, trace } from "../trace.ts";
import * as op from "./mod.ts";

const u8 = (...shape: number[]): TensorSpec => ({ shape, dtype: "u8" });

type Build = (...tensors: Tensor[]) => Tensor;

/** Applies `build` to tensors of the specs; the result's spec. */
function infer(specs: readonly TensorSpec[], build: Build): TensorSpec {
  const names = specs.map((_, at) => `x${at}`);
  const graph = trace<string>(
    (inputs) => build(...names.map((name) => inputs[name]!)),
    Object.fromEntries(specs.map((spec, at) => [`x${at}`, spec])),
  );
  return graph.nodes.at(-1)!.output;
}

/** An application that does not fit, and what the error says: what was tried, what is there, what is wanted. */
type Fault = readonly [specs: readonly TensorSpec[], build: Build, message: string];

const FAULTS: Readonly<Record<op.OpName, readonly Fault[]>> = {
  attention: [
    [
      [f32(1, 2, 3, 4), f32(1, 2, 3, 5), f32(1, 2, 3, 5)],
      (q, k, v) => op.attention(q!, { k: k!, v: v! }),
      "Cannot attend from f32[1, 2, 3, 4] to f32[1, 2, 3, 5] and f32[1, 2, 3, 5]: queries and keys are 4 and 5 wide",
    ],
    [
      [f32(1, 2, 3, 4), f32(1, 2, 6, 4), f32(1, 2, 7, 4)],
      (q, k, v) => op.attention(q!, { k: k!, v: v! }),
      "there are 6 keys and 7 values",
    ],
    [
      [f32(1, 2, 3, 4), f32(1, 3, 3, 4), f32(1, 3, 3, 4)],
      (q, k, v) => op.attention(q!, { k: k!, v: v! }),
      "batch and heads must be equal",
    ],
    [
      [f32(2, 3, 4), f32(2, 3, 4), f32(2, 3, 4)],
      (q, k, v) => op.attention(q!, { k: k!, v: v!, scale: 1 }),
      "all must have four axes",
    ],
    [
      [f32(1, 1, 5, 4), f32(1, 1, 3, 4), f32(1, 1, 3, 4)],
      (q, k, v) => op.attention(q!, { k: k!, v: v!, causal: true }),
      "causal: there are more queries (5) than keys (3)",
    ],
    [
      [f32(1, 1, 5, 4), f32(1, 1, 3, 4), f32(1, 1, 3, 4), f32(5, 4)],
      (q, k, v, mask) => op.attention(q!, { k: k!, v: v!, mask: mask! }),
      "Cannot mask attention [5, 4] and [1, 1, 5, 3]: sizes 4 and 3 of axis 3 differ",
    ],
    [
      [f32(1, 1, 1, 4), f32(1, 1, 3, 4), f32(1, 1, 3, 4), f32(2, 3)],
      (q, k, v, mask) => op.attention(q!, { k: k!, v: v!, mask: mask! }),
      "the mask f32[2, 3] does not fit [1, 1, 1, 3]",
    ],
    [
      [f32(1, 1, 5, 4), f32(1, 1, 3, 4), f32(1, 1, 3, 4), u8(5, 3)],
      (q, k, v, mask) => op.attention(q!, { k: k!, v: v!, mask: mask! }),
      "u8[5, 3] is not of 32-bit floats",
    ],
  ],
  avgPool2d: [
    [
      [f32(1, 1, 2, 3)],
      (x) => op.avgPool2d(x!, { kernel: [3, 3] }),
      "Cannot average 3 x 3 windows of f32[1, 1, 2, 3]: the window is larger than the image",
    ],
    [[f32(2, 3)], (x) => op.avgPool2d(x!, { kernel: [1, 1] }), "it takes four axes"],
    [
      [f32(1, 1, 2, 3)],
      (x) => op.avgPool2d(x!, { kernel: [1, 1], stride: [0, 1] }),
      "sizes and the stride 0 x 1 must be whole and positive",
    ],
    [[i32(1, 1, 2, 3)], (x) => op.avgPool2d(x!, { kernel: [1, 1] }), "is not of 32-bit floats"],
  ],
  binary: [
    [
      [f32(2, 3), f32(2)],
      (a, b) => op.mul(a!, b!),
      "Cannot mul [2, 3] and [2]: sizes 3 and 2 of axis 1 differ and neither is 1",
    ],
    [
      [f32(2), i32(2)],
      (a, b) => op.sub(a!, b!),
      "Cannot sub f32[2] and i32[2]: both must be of 32-bit floats",
    ],
  ],
  cast: [], // any tensor has its numbers in every type
  clamp: [
    [
      [f32(3)],
      (x) => op.clamp(x!, { min: 1, max: -1 }),
      "Cannot clamp f32[3]: the least value 1 is above the greatest -1",
    ],
    [[f32(3)], (x) => op.clamp(x!, { min: NaN }), "the limits NaN and null must be numbers"],
    [[u8(3)], (x) => op.clamp(x!, { min: 0 }), "Cannot clamp u8[3]: it must be of 32-bit floats"],
  ],
  compare: [
    [
      [f32(3), i32(3)],
      (a, b) => op.compare("less", [a!, b!]),
      "Cannot compare f32[3] and i32[3]: their types differ",
    ],
    [[f32(3), f32(2)], (a, b) => op.compare("less", [a!, b!]), "sizes 3 and 2 of axis 0 differ"],
  ],
  concat: [
    [
      [f32(2, 3), f32(2, 4)],
      (a, b) => op.concat([a!, b!], { axis: 0 }),
      "Cannot join f32[2, 3], f32[2, 4] along axis 0: all other sizes must be equal",
    ],
    [[f32(2), f32(2, 1)], (a, b) => op.concat([a!, b!], { axis: 0 }), "types and ranks must be"],
    [[f32(2), i32(2)], (a, b) => op.concat([a!, b!], { axis: 0 }), "types and ranks must be equal"],
    [[f32(2)], (a) => op.concat([a!], { axis: 1 }), "along axis 1: there is no such axis"],
    [[], () => op.concat([], { axis: 0 }), "there is nothing to join"],
  ],
  constant: [
    [
      [],
      () => op.constant([1, 2], { shape: [3] }),
      "Cannot fill [3] with 2 numbers: it takes 1 or 3",
    ],
  ],
  conv2d: [
    [
      [f32(1, 4, 8, 8), f32(2, 3, 3, 3)],
      (x, weight) => op.conv2d(x!, { weight: weight! }),
      "Cannot convolve f32[1, 4, 8, 8] with f32[2, 3, 3, 3]: the weight takes 3 channels, the image has 4",
    ],
    [
      [f32(1, 4, 8, 8), f32(3, 2, 3, 3)],
      (x, weight) => op.conv2d(x!, { weight: weight!, groups: 2 }),
      "3 outputs do not fall into 2 groups",
    ],
    [
      [f32(1, 4, 8, 8), f32(2, 4, 1, 1), f32(3)],
      (x, weight, bias) => op.conv2d(x!, { weight: weight!, bias: bias! }),
      "the bias is f32[3], not [2]",
    ],
    [
      [f32(1, 4, 2, 8), f32(2, 4, 3, 3)],
      (x, weight) => op.conv2d(x!, { weight: weight! }),
      "the window is larger than the padded image",
    ],
    [
      [f32(4, 8, 8), f32(2, 4, 1, 1)],
      (x, weight) => op.conv2d(x!, { weight: weight! }),
      "both must have four axes",
    ],
    [
      [f32(1, 4, 8, 8), f32(2, 4, 1, 1)],
      (x, weight) => op.conv2d(x!, { weight: weight!, stride: [0, 1] }),
      "the stride 0 x 1 is not whole and positive",
    ],
    [
      [u8(1, 4, 8, 8), f32(2, 4, 1, 1)],
      (x, weight) => op.conv2d(x!, { weight: weight! }),
      "u8[1, 4, 8, 8] is not of 32-bit floats",
    ],
  ],
  convTranspose2d: [
    [
      [f32(1, 4, 8, 8), f32(3, 2, 3, 3)],
      (x, weight) => op.convTranspose2d(x!, { weight: weight! }),
      "Cannot convolve (transposed) f32[1, 4, 8, 8] with f32[3, 2, 3, 3]: the weight takes 3 channels in 1 groups, the image has 4",
    ],
    [
      [f32(1, 4, 8, 8), f32(4, 2, 3, 3), f32(3)],
      (x, weight, bias) => op.convTranspose2d(x!, { weight: weight!, bias: bias! }),
      "the bias is f32[3], not [2]",
    ],
    [
      [f32(1, 4, 1, 1), f32(4, 2, 2, 2)],
      (x, weight) => op.convTranspose2d(x!, { weight: weight!, padding: [1, 1, 1, 1] }),
      "nothing is left of the result",
    ],
    [
      [f32(1, 4, 1, 1), f32(4, 2, 2, 2)],
      (x, weight) => op.convTranspose2d(x!, { weight: weight!, stride: [1.5, 1] }),
      "the stride 1.5 x 1 is not whole and positive",
    ],
  ],
  cumsum: [
    [
      [f32(2, 3)],
      (x) => op.cumsum(x!, { axis: 2 }),
      "Cannot sum f32[2, 3] along axis 2: there is no such axis",
    ],
    [[i32(2)], (x) => op.cumsum(x!, { axis: 0 }), "i32[2] is not of 32-bit floats"],
  ],
  gather: [
    [
      [f32(2, 3), i32(4)],
      (x, indices) => op.gather(x!, { indices: indices!, axis: 2 }),
      "Cannot gather from axis 2 of f32[2, 3] by i32[4]: there is no such axis",
    ],
    [
      [f32(2, 3), f32(4)],
      (table, ids) => op.embedding(ids!, { table: table! }),
      "Cannot gather from axis 0 of f32[2, 3] by f32[4]: indices must be whole numbers (i32)",
    ],
  ],
  geglu: [
    [[f32(2, 5)], (x) => op.geglu(x!), "Cannot gate f32[2, 5]: the last axis must have an even"],
    [[f32()], (x) => op.geglu(x!), "Cannot gate f32[]: the last axis must have an even size"],
    [[i32(2)], (x) => op.geglu(x!), "is not of 32-bit floats"],
  ],
  groupNorm: [
    [
      [f32(1, 6, 2)],
      (x) => op.groupNorm(x!, { groups: 4, epsilon: 1e-5 }),
      "Cannot normalise f32[1, 6, 2] in 4 groups: 6 channels do not divide evenly",
    ],
    [
      [f32(1, 6, 2), f32(4)],
      (x, weight) => op.groupNorm(x!, { groups: 3, epsilon: 1e-5, weight: weight! }),
      "weight and bias must be [6], not f32[4]",
    ],
    [
      [f32(1, 6, 2), f32(6)],
      (x, bias) => op.groupNorm(x!, { groups: 3, epsilon: 1e-5, bias: bias! }),
      "a bias needs a weight beside it",
    ],
    [[f32(6)], (x) => op.groupNorm(x!, { groups: 1, epsilon: 0 }), "it needs two axes or more"],
    [[i32(1, 6)], (x) => op.groupNorm(x!, { groups: 1, epsilon: 0 }), "is not of 32-bit floats"],
  ],
  layerNorm: [
    [
      [f32(2, 6), f32(4)],
      (x, weight) => op.layerNorm(x!, { epsilon: 1e-5, weight: weight! }),
      "Cannot normalise f32[2, 6]: weight and bias must be [6], not f32[4]",
    ],
    [
      [f32(2, 6), f32(6)],
      (x, bias) => op.layerNorm(x!, { epsilon: 1e-5, bias: bias! }),
      "a bias needs a weight beside it",
    ],
    [[f32()], (x) => op.layerNorm(x!, { epsilon: 1e-5 }), "a scalar has no axis"],
    [[u8(2)], (x) => op.layerNorm(x!, { epsilon: 1e-5 }), "is not of 32-bit floats"],
  ],
  linear: [
    [
      [f32(2, 6), f32(4, 5)],
      (x, weight) => op.linear(x!, { weight: weight! }),
      "Cannot map f32[2, 6] by f32[4, 5]: the last axis must be of size 5",
    ],
    [
      [f32(2, 6), f32(4, 6, 1)],
      (x, weight) => op.linear(x!, { weight: weight! }),
      "the weight must have two axes",
    ],
    [
      [f32(2, 6), f32(4, 6), f32(6)],
      (x, weight, bias) => op.linear(x!, { weight: weight!, bias: bias! }),
      "the bias is f32[6], not [4]",
    ],
    [
      [f32(2, 6), f32(4, 6), i32(4)],
      (x, weight, bias) => op.linear(x!, { weight: weight!, bias: bias! }),
      "i32[4] is not of 32-bit floats",
    ],
  ],
  matmul: [
    [
      [f32(2, 3), f32(2, 3)],
      (a, b) => op.matmul([a!, b!]),
      "Cannot multiply [2, 3] by [2, 3]: inner sizes differ (3, 2)",
    ],
    [
      [f32(2, 3), f32(4, 2)],
      (a, b) => op.matmul([a!, b!], { transposeB: true }),
      "Cannot multiply [2, 3] by [4, 2] transposed: inner sizes differ (3, 2)",
    ],
    [
      [f32(2, 2, 3), f32(3, 3, 2)],
      (a, b) => op.matmul([a!, b!]),
      "sizes 2 and 3 of axis 0 differ and neither is 1",
    ],
    [[f32(3), f32(3, 2)], (a, b) => op.matmul([a!, b!]), "both need two axes or more"],
    [[f32(2, 3), i32(3, 2)], (a, b) => op.matmul([a!, b!]), "not of 32-bit floats"],
  ],
  nearestCode: [
    [
      [f32(5, 3), f32(8, 4)],
      (z, codebook) => op.nearestCode(z!, { codebook: codebook! }),
      "Cannot find f32[5, 3] in the codebook f32[8, 4]: both must be [count, width] of one width",
    ],
    [
      [i32(5, 3), f32(8, 3)],
      (z, codebook) => op.nearestCode(z!, { codebook: codebook! }),
      "i32[5, 3] is not of 32-bit floats",
    ],
  ],
  pad: [
    [
      [f32(2, 3)],
      (x) => op.pad(x!, { pads: [[1, 1]] }),
      "Cannot pad f32[2, 3] by [[1,1]]: it has 2 axes",
    ],
    [[f32(2)], (x) => op.pad(x!, { pads: [[-1, 0]] }), "borders cannot be negative"],
    [
      [f32(2)],
      (x) => op.pad(x!, { pads: [[2, 0]], mode: "reflect" }),
      "axis 0 of size 2 has too little to mirror",
    ],
    [
      [f32(2)],
      (x) => op.pad(x!, { pads: [[0.5, 0]] }),
      "result would be [2.5], and sizes are whole",
    ],
  ],
  permute: [
    [
      [f32(2, 3)],
      (x) => op.permute(x!, [0, 0]),
      "Cannot permute f32[2, 3] by [0, 0]: the order must name each axis once",
    ],
    [[f32(2, 3)], (x) => op.permute(x!, [1, 0, 2]), "the order must name each axis once"],
  ],
  quantile: [
    [
      [f32(2, 3)],
      (x) => op.quantile(x!, { q: 1.5 }),
      "Cannot take the 1.5-quantile of f32[2, 3]: it takes one axis or more and 0 <= q <= 1",
    ],
    [[f32()], (x) => op.quantile(x!, { q: 0.5 }), "it takes one axis or more"],
    [[f32(2)], (x) => op.quantile(x!, { q: NaN }), "0 <= q <= 1"],
    [[i32(2)], (x) => op.quantile(x!, { q: 0.5 }), "is not of 32-bit floats"],
  ],
  reduce: [
    [
      [f32(2, 3)],
      (x) => op.reduce(x!, { f: "mean", axes: [2] }),
      "Cannot take the mean of f32[2, 3] over [2]: axes must exist and stand once",
    ],
    [
      [f32(2, 3)],
      (x) => op.reduce(x!, { f: "sum", axes: [1, -1] }),
      "over [1, 1]: axes must exist",
    ],
    [[i32(2)], (x) => op.reduce(x!, { f: "sum" }), "is not of 32-bit floats"],
  ],
  reshape: [
    [
      [f32(2, 3)],
      (x) => op.reshape(x!, [4, 2]),
      "Cannot reshape f32[2, 3] to [4, 2]: they have 6 and 8 elements",
    ],
    [[f32(7)], (x) => op.reshape(x!, [2, -1]), "its result would be [2, 3.5], and sizes are whole"],
    [[f32(4)], (x) => op.reshape(x!, [-2, -2]), "its result would be [-2, -2]"],
  ],
  resizeBilinear: [
    [
      [f32(1, 1, 2, 2)],
      (x) => op.resizeBilinear(x!, { size: [0, 3] }),
      "Cannot resize f32[1, 1, 2, 2] to 0 x 3: it takes four axes and positive sizes",
    ],
    [[u8(1, 1, 2, 2)], (x) => op.resizeBilinear(x!, { size: [3, 3] }), "not of 32-bit floats"],
  ],
  resizeNearest: [
    [
      [f32(2, 2)],
      (x) => op.resizeNearest(x!, { size: [3, 3] }),
      "Cannot resize f32[2, 2] to 3 x 3: it takes four axes and positive sizes",
    ],
    [[u8(1, 1, 2, 2)], (x) => op.resizeNearest(x!, { size: [3, 3] }), "not of 32-bit floats"],
  ],
  slice: [
    [
      [f32(4)],
      (x) => op.slice(x!, { axis: 0, start: 2, stop: 5 }),
      "Cannot slice f32[4] from [2] to [5]: axis 0 of size 4 has no 2:5:1",
    ],
    [[f32(4)], (x) => op.slice(x!, { axis: 0, start: -1, stop: 4 }), "has no -1:4:1"],
    [[f32(4)], (x) => op.slice(x!, { axis: 0, start: 0, stop: 4, step: 0 }), "has no 0:4:0"],
    [
      [f32(4)],
      (x) => op.slice(x!, { axis: 0, start: 0, stop: 4, step: 1.5 }),
      "start, stop and step [1.5] must be whole",
    ],
    [
      [f32(4)],
      (x) => op.slice(x!, { axis: 1, start: 0, stop: 1 }),
      "Cannot slice axis 1 of f32[4]: there is no such axis",
    ],
    [
      [f32(4)],
      (x) => op.split(x!, { axis: 0, sizes: [1, 2] })[0]!,
      "Cannot split axis 0 of f32[4] into 1 + 2: that makes 3",
    ],
  ],
  softmax: [
    [
      [f32(2, 3)],
      (x) => op.softmax(x!, { axis: 2 }),
      "Cannot take softmax of f32[2, 3]: it has no axis 2",
    ],
    [[i32(2)], (x) => op.softmax(x!, { axis: 0 }), "i32[2] is not of 32-bit floats"],
  ],
  timestepEmbedding: [
    [
      [i32(2)],
      (t) => op.timestepEmbedding(t!, { dim: 8 }),
      "Cannot embed i32[2] in 8 numbers: it takes f32[n] and two numbers or more",
    ],
    [[f32(2, 1)], (t) => op.timestepEmbedding(t!, { dim: 8 }), "it takes f32[n]"],
    [[f32(2)], (t) => op.timestepEmbedding(t!, { dim: 1 }), "two numbers or more"],
  ],
  unary: [
    [[i32(2)], (x) => op.sqrt(x!), "Cannot take sqrt of i32[2]: it must be of 32-bit floats"],
  ],
  upsampleNearest: [
    [
      [f32(1, 1, 2, 2)],
      (x) => op.upsampleNearest(x!, { scale: [2, 0.5] }),
      "Cannot enlarge f32[1, 1, 2, 2] by 2 x 0.5: it takes four axes and whole factors",
    ],
    [[f32(2, 2)], (x) => op.upsampleNearest(x!), "it takes four axes and whole factors"],
    [[u8(1, 1, 2, 2)], (x) => op.upsampleNearest(x!), "is not of 32-bit floats"],
  ],
  where: [
    [
      [f32(2), f32(2), f32(2)],
      (condition, a, b) => op.where(condition!, { a: a!, b: b! }),
      "Cannot choose by f32[2] between f32[2] and f32[2]: the condition must be of bytes",
    ],
    [
      [u8(2), f32(2), f32(3)],
      (condition, a, b) => op.where(condition!, { a: a!, b: b! }),
      "Cannot choose among [2] and [2] and [3]: sizes 2 and 3 of axis 0 differ",
    ],
  ],
};

for (const [name, faults] of Object.entries(FAULTS)) {
  if (faults.length === 0) continue;
  Deno.test(`${name} says what does not fit`, () => {
    for (const [specs, build, message] of faults) {
      assertThrows(() => infer(specs, build), ShapeError, message);
    }
  });
}

Deno.test("ops infer shapes and types", () => {
  const image = f32(2, 4, 9, 8);
  const cases: readonly (readonly [specs: readonly TensorSpec[], build: Build, TensorSpec])[] = [
    [
      [f32(2, 3, 5, 4), f32(2, 3, 7, 4), f32(2, 3, 7, 6), f32(7)],
      (q, k, v, mask) => op.attention(q!, { k: k!, v: v!, mask: mask! }),
      f32(2, 3, 5, 6),
    ],
    [[image], (x) => op.avgPool2d(x!, { kernel: [2, 3] }), f32(2, 4, 4, 2)],
    [[image, f32(4, 1, 1)], (a, b) => op.div(b!, a!), image],
    [[image], (x) => op.add(1, x!), image],
    [[image], (x) => op.cast(x!, { to: "f16" }), { ...image, dtype: "f16" }],
    [[i32(3), i32(2, 1)], (a, b) => op.compare("equal", [a!, b!]), u8(2, 3)],
    [[f32(2, 3), f32(2, 5)], (a, b) => op.concat([a!, b!], { axis: -1 }), f32(2, 8)],
    [
      [image, f32(6, 2, 3, 3)],
      (x, weight) =>
        op.conv2d(x!, { weight: weight!, groups: 2, stride: [2, 1], padding: [1, 0, 0, 2] }),
      f32(2, 6, 5, 7),
    ],
    [
      [image, f32(4, 3, 4, 4)],
      (x, weight) =>
        op.convTranspose2d(x!, {
          weight: weight!,
          stride: [2, 2],
          padding: [1, 1, 1, 1],
          outputPadding: [0, 1],
          groups: 2,
        }),
      f32(2, 6, 18, 17),
    ],
    [[image, i32(5, 6)], (x, at) => op.gather(x!, { indices: at!, axis: 1 }), f32(2, 5, 6, 9, 8)],
    [[i32(2, 7), f32(9, 3)], (ids, table) => op.embedding(ids!, { table: table! }), f32(2, 7, 3)],
    [[image], (x) => op.geglu(x!), f32(2, 4, 9, 4)],
    [[image, f32(5, 8)], (x, weight) => op.linear(x!, { weight: weight! }), f32(2, 4, 9, 5)],
    [[f32(3, 1, 4, 5), f32(2, 5, 6)], (a, b) => op.matmul([a!, b!]), f32(3, 2, 4, 6)],
    [[f32(4, 5), f32(6, 5)], (a, b) => op.matmul([a!, b!], { transposeB: true }), f32(4, 6)],
    [[f32(7, 3), f32(9, 3)], (z, codebook) => op.nearestCode(z!, { codebook: codebook! }), i32(7)],
    [[f32(2, 3)], (x) => op.pad(x!, { pads: [[1, 0], [2, 3]] }), f32(3, 8)],
    [[i32(2, 3, 4)], (x) => op.permute(x!, [2, 0, 1]), i32(4, 2, 3)],
    [[image], (x) => op.quantile(x!, { q: 0.9 }), f32(2, 4, 9)],
    [[image], (x) => op.reduce(x!, { f: "max", axes: [-1, 0] }), f32(4, 9)],
    [[image], (x) => op.reduce(x!, { f: "sum", axes: [1, 3], keepDims: true }), f32(2, 1, 9, 1)],
    [[image], (x) => op.reduce(x!, { f: "mean" }), f32()],
    [[u8(2, 6)], (x) => op.reshape(x!, [3, -1]), u8(3, 4)],
    [[image], (x) => op.resizeBilinear(x!, { size: [3, 4] }), f32(2, 4, 3, 4)],
    [[image], (x) => op.resizeNearest(x!, { size: [30, 4] }), f32(2, 4, 30, 4)],
    [[image], (x) => op.slice(x!, { axis: -2, start: 1, stop: 8, step: 3 }), f32(2, 4, 3, 8)],
    [[f32(7)], (x) => op.chunk(x!, { axis: 0, chunks: 3 }).at(-1)!, f32(1)],
    [[image], (x) => op.cumsum(op.softmax(x!, { axis: -1 }), { axis: -2 }), image],
    [[f32(3)], (t) => op.timestepEmbedding(t!, { dim: 7 }), f32(3, 7)],
    [[image], (x) => op.upsampleNearest(x!, { scale: [1, 3] }), f32(2, 4, 9, 24)],
    [[u8(3, 1), f32(2), f32()], (c, a, b) => op.where(c!, { a: a!, b: b! }), f32(3, 2)],
  ];
  for (const [specs, build, expected] of cases) {
    assertEquals(infer(specs, build), expected, build.toString());
  }
});
