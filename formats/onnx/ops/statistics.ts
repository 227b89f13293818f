/**
 * Ops that sum, and what is made of sums, in ONNX.
 *
 * @module
 */
import type { Builder, Lower } from "../builder.ts";
import { ELEMENT_TYPES } from "../onnx_model.ts";
import { OnnxError } from "../onnx_error.ts";
import { isFixed } from "../sizes.ts";

/**
 * See {@linkcode groupNormOp}.
 *
 * A group is an instance when the channels of a group are one axis with the positions. `GroupNormalization` is of opset 18 with a
 * scale by group, of 21 as we have it, and runtimes expand it into shape arithmetic. In ONNX Runtime 1.30 this takes 0.6 of
 * the time of means, differences and roots in nodes of their own and is as exact: 2e-4 of the largest number where the mean is a
 * thousand deviations.
 */
export const groupNorm: Lower<"groupNorm"> = (node, b) => {
  const { attributes: { groups, epsilon }, inputs: [x, weight, bias], output: { shape } } = node;
  const each = b.emit("Reshape", [b.value(x!), b.ints([0, groups, -1])]);
  const [ones, zeros] = [1, 0].map((value) =>
    b.floats(Array<number>(groups).fill(value), [groups])
  );
  const normed = b.emit("InstanceNormalization", [each, ones!, zeros!], {
    epsilon: { float: epsilon },
  });
  const y = b.emit("Reshape", [normed, sameShape(x!, b)]);
  if (weight === undefined) return y;
  // [c] -> [c, 1, …], to stand at the second axis
  const axes = Array.from({ length: shape.length - 2 }, (_, at) => at + 1);
  const perChannel = (id: number) =>
    axes.length === 0 ? b.value(id) : b.emit("Unsqueeze", [b.value(id), b.ints(axes)]);
  const scaled = b.emit("Mul", [y, perChannel(weight)]);
  return bias === undefined ? scaled : b.emit("Add", [scaled, perChannel(bias)]);
};

/** The shape of a value, asked at run time only if it is free. */
function sameShape(id: number, b: Builder): string {
  const sizes = b.sizes(id);
  return sizes.every(isFixed) ? b.ints(sizes) : b.emit("Shape", [b.value(id)]);
}

/** See {@linkcode layerNormOp}. The scale is not optional in ONNX. */
export const layerNorm: Lower<"layerNorm"> = (node, b) => {
  const { attributes: { epsilon }, inputs: [x, weight, bias], output: { shape } } = node;
  const width = shape.at(-1)!;
  const scale = weight === undefined
    ? b.floats(Array<number>(width).fill(1), [width])
    : b.value(weight);
  const inputs = [b.value(x!), scale, ...bias === undefined ? [] : [b.value(bias)]];
  return b.emit("LayerNormalization", inputs, { axis: -1, epsilon: { float: epsilon } });
};

/** See {@linkcode softmaxOp}. */
export const softmax: Lower<"softmax"> = ({ attributes: { axis }, inputs: [x] }, b) =>
  b.emit("Softmax", [b.value(x!)], { axis });

/** See {@linkcode reduceOp}. No axes mean all to ONNX. In opset 17 the axes are an input of ReduceSum only. */
export const reduce: Lower<"reduce"> = ({ attributes, inputs: [x] }, b) => {
  const { f, axes, keepDims } = attributes;
  if (axes.length === 0) return b.emit("Identity", [b.value(x!)]);
  const keepdims = keepDims ? 1 : 0;
  if (f === "sum") return b.emit("ReduceSum", [b.value(x!), b.ints(axes)], { keepdims });
  const y = b.emit(f === "mean" ? "ReduceMean" : "ReduceMax", [b.value(x!)], { axes, keepdims });
  return f === "mean" ? y : missingIfAny(b, { x: b.value(x!), y, axes, keepdims });
};

/** y, but NaN where there is a NaN among what was reduced to it: what maxima and sorting do with one is not said. */
function missingIfAny(
  b: Builder,
  { x, y, ...reduction }: {
    readonly x: string;
    readonly y: string;
    readonly axes: readonly number[];
    readonly keepdims: number;
  },
): string {
  const missing = b.emit("Cast", [b.emit("IsNaN", [x])], { to: ELEMENT_TYPES.float32 });
  const any = b.emit("Cast", [b.emit("ReduceMax", [missing], reduction)], {
    to: ELEMENT_TYPES.bool,
  });
  return b.emit("Where", [any, b.floats([NaN]), y]);
}

/** See {@linkcode cumsumOp}. */
export const cumsum: Lower<"cumsum"> = ({ attributes: { axis }, inputs: [x] }, b) =>
  b.emit("CumSum", [b.value(x!), b.ints([axis])]);

/**
 * See {@linkcode quantileOp}.
 *
 * Two neighbouring ranks of the sorted row, taken from the end that is nearer.
 */
export const quantile: Lower<"quantile"> = (node, b) => {
  const { attributes: { q }, inputs: [x], site } = node;
  const size = b.sizes(x!).at(-1)!;
  if (!isFixed(size)) {
    throw new OnnxError(
      `Cannot write quantile at ${
        site || "the top"
      } with a free axis: its ranks depend on the size`,
    );
  }
  const rank = q * (size - 1);
  const below = Math.floor(rank);
  const above = Math.min(below + 1, size - 1);
  const fromTop = size - below < above + 1;
  const count = fromTop ? size - below : above + 1;
  const [sorted] = b.emitMany("TopK", [b.value(x!), b.ints([count])], {
    outputs: 2,
    attributes: { axis: -1, largest: fromTop ? 1 : 0 },
  });
  const pick = (rank: number) =>
    b.emit("Gather", [sorted!, b.ints([fromTop ? size - 1 - rank : rank], [])], { axis: -1 });
  let y = pick(below);
  if (rank > below) {
    const rise = b.emit("Sub", [pick(above), y]);
    y = b.emit("Add", [y, b.emit("Mul", [rise, b.floats([rank - below])])]);
  }
  return missingIfAny(b, { x: b.value(x!), y, axes: [-1], keepdims: 0 });
};
