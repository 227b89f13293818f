/**
 * Ops that move elements, in ONNX.
 *
 * @module
 */
import { sizeOf } from "../../../graph/tensor_spec.ts";
import { bytesOf, type Lower } from "../builder.ts";
import { reshapeTo } from "../reshape_to.ts";
import { isFixed, sameSize } from "../sizes.ts";

/** A constant of one number is spelled out up to here; a larger one is stretched at run time. */
const LARGEST_FILLED = 1024;

/** See {@linkcode constantOp}. */
export const constant: Lower<"constant"> = (node, b) => {
  const { attributes: { values }, output: { shape } } = node;
  const sizes = b.sizes(node.id);
  const size = sizeOf(shape);
  if (values.length === size || (sizes.every(isFixed) && size <= LARGEST_FILLED)) {
    const data = values.length === size ? values : Array<number>(size).fill(values[0]!);
    return b.floats(data, shape);
  }
  return b.emit("Expand", [b.floats(values), b.shape(sizes, node)]);
};

/** See {@linkcode concatOp}. */
export const concat: Lower<"concat"> = ({ attributes: { axis }, inputs }, b) =>
  b.emit("Concat", inputs.map(b.value), { axis });

/** See {@linkcode permuteOp}. */
export const permute: Lower<"permute"> = ({ attributes: { order }, inputs: [x] }, b) =>
  b.emit("Transpose", [b.value(x!)], { perm: order });

/** See {@linkcode reshapeOp}. */
export const reshape: Lower<"reshape"> = (node, b) => {
  const x = node.inputs[0]!;
  return reshapeTo(b.value(x), { from: b.sizes(x), to: b.sizes(node.id), node, b });
};

/** See {@linkcode sliceOp}. Axes that are taken whole are not named, so their sizes may be free. */
export const slice: Lower<"slice"> = (node, b) => {
  const sizes = b.sizes(node.inputs[0]!);
  const start = b.numbers(node, ({ attributes }) => attributes.start);
  const stop = b.numbers(node, ({ attributes }) => attributes.stop);
  const { step } = node.attributes;
  const cut = sizes.map((_, axis) => axis).filter((axis) =>
    start[axis] !== 0 || step[axis] !== 1 || !sameSize(stop[axis]!, sizes[axis]!)
  );
  const x = b.value(node.inputs[0]!);
  if (cut.length === 0) return b.emit("Identity", [x]);
  return b.emit("Slice", [
    x,
    b.shape(cut.map((axis) => start[axis]!), node),
    b.shape(cut.map((axis) => stop[axis]!), node),
    b.ints(cut),
    b.ints(cut.map((axis) => step[axis]!)),
  ]);
};

/** See {@linkcode padOp}. The value has the tensor's type. */
export const pad: Lower<"pad"> = (node, b) => {
  const { attributes: { pads, mode, value }, inputs: [x] } = node;
  const { dtype } = b.spec(x!);
  const counts = b.ints([...pads.map(([before]) => before), ...pads.map(([, after]) => after)]);
  if (mode === "reflect") return b.emit("Pad", [b.value(x!), counts], { mode });
  const fill = {
    f32: () => b.floats([value]),
    f16: () => b.constant({ type: "float16", dims: [], data: bytesOf(Float16Array.of(value)) }),
    i32: () => b.constant({ type: "int32", dims: [], data: bytesOf(Int32Array.of(value)) }),
    u8: () => b.constant({ type: "uint8", dims: [], data: Uint8Array.of(value) }),
  }[dtype]();
  return b.emit("Pad", [b.value(x!), counts, fill], { mode });
};

/**
 * See {@linkcode gatherOp}.
 *
 * ONNX counts negative indices from the end, where ours are errors. They are sent beyond the end, so that runtimes that check
 * indices refuse them as well.
 */
export const gather: Lower<"gather"> = ({ attributes: { axis }, inputs: [x, indices] }, b) => {
  const whole = (value: number) =>
    b.constant({ type: "int32", dims: [], data: bytesOf(Int32Array.of(value)) });
  const at = b.value(indices!);
  const checked = b.emit("Where", [b.emit("Less", [at, whole(0)]), whole(2 ** 31 - 1), at]);
  return b.emit("Gather", [b.value(x!), checked], { axis });
};
