/**
 * What is known of a tensor without its data, and tensors that live in host memory.
 *
 * @module
 */

/** Element types. Graphs compute in `f32`; `i32` holds ids and indices, `u8` conditions. */
export type DType = "f32" | "f16" | "i32" | "u8";

/** Shape and element type of a dense, row-major tensor. Images are `[n, c, h, w]`. */
export interface TensorSpec {
  /** Sizes, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Element type. */
  readonly dtype: DType;
}

/** The typed array that holds the elements of each {@linkcode DType}. */
export interface DTypeArray {
  /** 32-bit floats. */
  readonly f32: Float32Array;
  /** 16-bit floats. */
  readonly f16: Float16Array;
  /** 32-bit integers. */
  readonly i32: Int32Array;
  /** Bytes. */
  readonly u8: Uint8Array;
}

/** A tensor in host memory: `data` has exactly the product of `shape` elements. */
export type HostTensor = {
  readonly [D in DType]: {
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: DTypeArray[D];
  };
}[DType];

/** A {@linkcode HostTensor} of one element type. */
export type HostTensorOf<D extends DType> = Extract<HostTensor, { readonly dtype: D }>;

/** Bytes that one element takes. */
export const BYTES: Readonly<Record<DType, number>> = { f32: 4, f16: 2, i32: 4, u8: 1 };

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A spec of 32-bit floats. */
export function f32(...shape: number[]): TensorSpec {
  return { shape, dtype: "f32" };
}

/** A spec of 32-bit integers. */
export function i32(...shape: number[]): TensorSpec {
  return { shape, dtype: "i32" };
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** `f32[2, 3]`, for messages. */
export function describe(spec: TensorSpec): string {
  return `${spec.dtype}[${spec.shape.join(", ")}]`;
}

/** A typed array of `size` zeros. */
export function allocate<D extends DType>(dtype: D, size: number): DTypeArray[D];
export function allocate(dtype: DType, size: number): DTypeArray[DType] {
  switch (dtype) {
    case "f32":
      return new Float32Array(size);
    case "f16":
      return new Float16Array(size);
    case "i32":
      return new Int32Array(size);
    case "u8":
      return new Uint8Array(size);
  }
}

/**
 * A host tensor of 32-bit floats.
 *
 * @throws {RangeError} If `data` does not have as many elements as `shape`.
 */
export function hostTensor(
  shape: readonly number[],
  data: Float32Array | readonly number[],
): HostTensorOf<"f32"> {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(
      `Cannot make a tensor of shape [${shape.join(", ")}] from ${data.length} numbers: it holds ${
        sizeOf(shape)
      }`,
    );
  }
  return {
    dtype: "f32",
    shape,
    data: data instanceof Float32Array ? data : new Float32Array(data),
  };
}
