/**
 * Codebooks and embeddings of numbers in ONNX.
 *
 * @module
 */
import { timestepFrequencies } from "../../../graph/ops/timestep_embedding.ts";
import { type Builder, bytesOf, type Lower } from "../builder.ts";
import { ELEMENT_TYPES } from "../onnx_model.ts";

/** Codes up to this width are compared number by number. All autoencoders of latent diffusion have 3 or 4. */
const NARROW = 8;

/** Codes that are compared at a time: all distances at once would be gigabytes for a large picture. */
const PIECE = 128;

/**
 * See {@linkcode nearestCodeOp}. Indices are int64 in ONNX, 32 bits here. Of equal distances the first counts, in a piece of the
 * codebook and among pieces.
 *
 * Narrow codes: Σ_d (z_d - c_d)², exact where |c|² - 2 z·c cancels, and equal for equal codes. Wide ones would take [n, k, d]
 * numbers or as many nodes; there the products are one MatMul.
 */
export const nearestCode: Lower<"nearestCode"> = ({ inputs: [z, codebook] }, b) => {
  const width = b.spec(z!).shape[1]!;
  const count = b.spec(codebook!).shape[0]!;
  const codes = b.transposed(codebook!); // [d, k]
  const distanceTo = (codes: string): string =>
    width <= NARROW ? sumOfSquares(b, { z: b.value(z!), codes, width }) : b.emit("Sub", [
      b.emit("ReduceSumSquare", [codes], { axes: [0], keepdims: 1 }),
      b.emit("MatMul", [b.emit("Mul", [b.value(z!), b.floats([2])]), codes]),
    ]);
  const nearestOf = (distance: string, keepdims: 0 | 1): string =>
    b.emit("ArgMin", [distance], { axis: 1, keepdims, select_last_index: 0 });
  if (count <= PIECE) {
    return b.emit("Cast", [nearestOf(distanceTo(codes), 0)], { to: ELEMENT_TYPES.int32 });
  }
  // Least distance and index of a piece in one tensor: a runtime that goes by what it needs next finishes with a piece before the
  // next one, instead of keeping all distances for their indices.
  const pairs: string[] = [];
  for (let from = 0; from < count; from += PIECE) {
    const to = Math.min(from + PIECE, count);
    const piece = b.emit("Slice", [codes, b.ints([from]), b.ints([to]), b.ints([1])]);
    const distance = distanceTo(piece);
    const index = b.emit("Add", [nearestOf(distance, 1), b.ints([from])]);
    const least = b.emit("ReduceMin", [distance], { axes: [1], keepdims: 1 });
    const number = b.emit("Cast", [index], { to: ELEMENT_TYPES.float32 }); // exact: below 2^24
    pairs.push(b.emit("Concat", [least, number], { axis: 1 }));
  }
  const all = b.emit("Concat", pairs, { axis: 1 });
  const everySecond = (start: number) =>
    b.emit("Slice", [all, b.ints([start]), b.ints([2 * pairs.length]), b.ints([1]), b.ints([2])]);
  const chosen = b.emit("GatherElements", [everySecond(1), nearestOf(everySecond(0), 1)], {
    axis: 1,
  });
  return b.emit("Cast", [b.emit("Squeeze", [chosen, b.ints([1])])], { to: ELEMENT_TYPES.int32 });
};

function sumOfSquares(
  b: Builder,
  { z, codes, width }: { readonly z: string; readonly codes: string; readonly width: number },
): string {
  const row = (x: string, axis: number, d: number) =>
    b.emit("Slice", [x, b.ints([d]), b.ints([d + 1]), b.ints([axis])]);
  let sum: string | undefined;
  for (let d = 0; d < width; d++) {
    const apart = b.emit("Sub", [row(z, 1, d), row(codes, 0, d)]); // [n, 1] - [1, k]
    const square = b.emit("Mul", [apart, apart]);
    sum = sum === undefined ? square : b.emit("Add", [sum, square]);
  }
  return sum ?? b.emit("MatMul", [z, codes]); // codes of no numbers: all are 0 apart
}

/** See {@linkcode timestepEmbeddingOp}. The angle is rounded after each product, as the op has it. */
export const timestepEmbedding: Lower<"timestepEmbedding"> = ({ attributes, inputs: [t] }, b) => {
  const { dim, flipSinToCos, scale } = attributes;
  const frequencies = timestepFrequencies(attributes);
  const row = b.constant({
    type: "float32",
    dims: [1, frequencies.length],
    data: bytesOf(frequencies),
  });
  const times = b.emit("Unsqueeze", [b.value(t!), b.ints([1])]); // [n, 1]
  let angle = b.emit("Mul", [times, row]);
  if (scale !== 1) angle = b.emit("Mul", [angle, b.floats([scale])]);
  const [sin, cos] = [b.emit("Sin", [angle]), b.emit("Cos", [angle])];
  const y = b.emit("Concat", flipSinToCos ? [cos, sin] : [sin, cos], { axis: 1 });
  // An odd width ends in a 0.
  return dim % 2 === 0 ? y : b.emit("Pad", [y, b.ints([0, 0, 0, 1])], { mode: "constant" });
};
