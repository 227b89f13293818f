/**
 * Ops on images in ONNX.
 *
 * @module
 */
import type { Conv2dAttributes } from "../../../graph/ops/conv2d.ts";
import { bilinearTaps } from "../../../graph/ops/resize_bilinear.ts";
import { nearestSource } from "../../../graph/ops/resize_nearest.ts";
import { type Builder, bytesOf, type Lower } from "../builder.ts";
import { ELEMENT_TYPES } from "../onnx_model.ts";
import { OnnxError } from "../onnx_error.ts";
import { isFixed, type Size } from "../sizes.ts";

/** Ours are left, right, top, bottom; ONNX has all starts before all ends. */
function pads([left, right, top, bottom]: Conv2dAttributes["padding"]): readonly number[] {
  return [top, left, bottom, right];
}

/** See {@linkcode conv2dOp}. */
export const conv2d: Lower<"conv2d"> = ({ attributes, inputs }, b) => {
  const { stride, padding, groups } = attributes;
  return b.emit("Conv", inputs.map(b.value), {
    kernel_shape: b.spec(inputs[1]!).shape.slice(2),
    strides: stride,
    pads: pads(padding),
    group: groups,
  });
};

/** See {@linkcode convTranspose2dOp}. */
export const convTranspose2d: Lower<"convTranspose2d"> = ({ attributes, inputs }, b) => {
  const { stride, padding, outputPadding, groups } = attributes;
  return b.emit("ConvTranspose", inputs.map(b.value), {
    kernel_shape: b.spec(inputs[1]!).shape.slice(2),
    strides: stride,
    pads: pads(padding),
    output_padding: outputPadding,
    group: groups,
  });
};

/** See {@linkcode avgPool2dOp}. */
export const avgPool2d: Lower<"avgPool2d"> = ({ attributes: { kernel, stride }, inputs }, b) =>
  b.emit("AveragePool", inputs.map(b.value), { kernel_shape: kernel, strides: stride });

/** See {@linkcode upsampleNearestOp}. */
export const upsampleNearest: Lower<"upsampleNearest"> = ({ attributes, inputs: [x] }, b) =>
  b.emit("Resize", [b.value(x!), "", b.floats([1, 1, ...attributes.scale], [4])], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });

/**
 * See {@linkcode resizeNearestOp}.
 *
 * Resize divides by out / in where torch multiplies by in / out, and rounding tells the two apart; so rows and columns are
 * gathered by torch's own indices.
 */
export const resizeNearest: Lower<"resizeNearest"> = (node, b) =>
  [2, 3].reduce((image, axis) => {
    const from = b.sizes(node.inputs[0]!)[axis]!;
    const to = b.sizes(node.id)[axis]!;
    if (isFixed(from) && isFixed(to)) {
      const rows = Array.from({ length: to }, (_, at) => nearestSource(at, { from, to }));
      return b.emit("Gather", [image, b.ints(rows)], { axis });
    }
    return b.emit("Gather", [image, freeSources(b, { from, to, node })], { axis });
  }, b.value(node.inputs[0]!));

/** {@linkcode nearestSource} of every index, for sizes that are known at run time; every step is rounded to float32. */
function freeSources(
  b: Builder,
  { from, to, node }: {
    readonly from: Size;
    readonly to: Size;
    readonly node: Parameters<typeof resizeNearest>[0];
  },
): string {
  const float = (size: Size) =>
    b.emit("Squeeze", [b.emit("Cast", [b.shape([size], node)], { to: ELEMENT_TYPES.float32 })]);
  const [n, end] = [float(from), float(to)];
  const places = b.emit("Range", [b.floats([0]), end, b.floats([1])]);
  const rows = b.emit("Floor", [b.emit("Mul", [places, b.emit("Div", [n, end])])]);
  const inside = b.emit("Min", [rows, b.emit("Sub", [n, b.floats([1])])]);
  return b.emit("Cast", [inside], { to: ELEMENT_TYPES.int64 });
}

/**
 * See {@linkcode resizeBilinearOp}.
 *
 * Antialiasing is of opset 18, and the filter's definition is ours; as resampling is linear in each axis it is a product with a
 * matrix of taps on either side: y = R x Cᵀ.
 */
export const resizeBilinear: Lower<"resizeBilinear"> = (node, b) => {
  const { attributes: { antialias }, inputs: [x], site } = node;
  const [from, to] = [b.sizes(x!), b.sizes(node.id)];
  const [h, w, height, width] = [from[2]!, from[3]!, to[2]!, to[3]!];
  if (isFixed(h) && isFixed(w) && isFixed(height) && isFixed(width)) {
    const rows = taps(b, { from: h, to: height, antialias, transposed: false });
    const columns = taps(b, { from: w, to: width, antialias, transposed: true });
    return b.emit("MatMul", [b.emit("MatMul", [rows, b.value(x!)]), columns]);
  }
  if (antialias) {
    throw new OnnxError(
      `Cannot write resizeBilinear at ${site || "the top"}: its sizes are free and it is ` +
        "antialiased, which opset 17 has no op for",
    );
  }
  return b.emit("Resize", [b.value(x!), "", "", b.shape(to, node)], {
    mode: "linear",
    coordinate_transformation_mode: "half_pixel",
  });
};

/** The matrix [to, from] that resamples an axis, or its transpose. */
function taps(
  b: Builder,
  { from, to, antialias, transposed }: {
    readonly from: number;
    readonly to: number;
    readonly antialias: boolean;
    readonly transposed: boolean;
  },
): string {
  const matrix = new Float32Array(from * to);
  for (let row = 0; row < to; row++) {
    const { first, weights } = bilinearTaps(row, { from, to, antialias });
    weights.forEach((weight, at) =>
      matrix[transposed ? (first + at) * to + row : row * from + first + at] = weight
    );
  }
  const dims = transposed ? [from, to] : [to, from];
  return b.constant({ type: "float32", dims, data: bytesOf(matrix) });
}
