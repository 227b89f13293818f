/**
 * Weights on their way from a checkpoint to a model.
 *
 * @module
 */
import { sameShape, sizeOf } from "../../graph/tensor_spec.ts";
import { bytesOf, type WeightUse } from "./builder.ts";
import { OnnxError } from "./onnx_error.ts";

/** Where weights come from: an open safetensors file, or a backend's parameter source. */
export interface WeightSource {
  /** Where it comes from, for messages. */
  readonly description: string;
  /** Every tensor that there is. */
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>;
  /** Reads one tensor as 32-bit floats. */
  read(name: string): Promise<Float32Array>;
}

/** Weights by their names in the checkpoint: a source, or what is in memory. */
export type OnnxWeights = WeightSource | ReadonlyMap<string, Float32Array>;

/** Names of the most weights that an error lists. */
const MOST_LISTED = 10;

/**
 * Checks that there are all weights, before the first is read.
 *
 * @throws {OnnxError} Listing those that are missing or of another shape.
 */
export function checkWeights(uses: readonly WeightUse[], weights: OnnxWeights): void {
  const faults = uses.flatMap(({ weight, shape }) => {
    if (!isSource(weights)) {
      const count = weights.get(weight)?.length;
      return count === sizeOf(shape) ? [] : [
        `${weight} (${count === undefined ? "missing" : `${count} numbers`}, not ${shown(shape)})`,
      ];
    }
    const own = weights.tensors.get(weight)?.shape;
    return own !== undefined && sameShape(own, shape)
      ? []
      : [`${weight} (${own === undefined ? "missing" : shown(own)}, not ${shown(shape)})`];
  });
  if (faults.length === 0) return;
  const more = faults.length > MOST_LISTED ? ` and ${faults.length - MOST_LISTED} more` : "";
  throw new OnnxError(
    `Cannot write the weights of ${isSource(weights) ? weights.description : "memory"}: ` +
      faults.slice(0, MOST_LISTED).join(", ") + more,
  );
}

/** Sizes as they are stored. */
export function storedShape({ shape, transposed }: WeightUse): readonly number[] {
  return transposed ? shape.toReversed() : shape;
}

/**
 * The bytes of a weight as they are stored. They may be the source's own.
 *
 * @throws {OnnxError} If the source has not as many numbers as it said.
 */
export async function readWeight(
  { weight, shape, transposed }: WeightUse,
  weights: OnnxWeights,
): Promise<Uint8Array> {
  const numbers = isSource(weights) ? await weights.read(weight) : weights.get(weight)!;
  if (numbers.length !== sizeOf(shape)) {
    throw new OnnxError(
      `Cannot write ${weight}: ${numbers.length} numbers were read for ${shown(shape)}`,
    );
  }
  return bytesOf(transposed ? transpose(numbers, shape as [number, number]) : numbers);
}

function isSource(weights: OnnxWeights): weights is WeightSource {
  return "read" in weights;
}

function shown(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/** Rows and columns of a block that stays in the processor's cache. */
const BLOCK = 32;

function transpose(matrix: Float32Array, [rows, columns]: readonly [number, number]): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let top = 0; top < rows; top += BLOCK) {
    const bottom = Math.min(top + BLOCK, rows);
    for (let left = 0; left < columns; left += BLOCK) {
      const right = Math.min(left + BLOCK, columns);
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          result[column * rows + row] = matrix[row * columns + column]!;
        }
      }
    }
  }
  return result;
}
