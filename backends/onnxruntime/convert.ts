/**
 * Tensors of ours and of ONNX Runtime.
 *
 * @module
 */
import type { Tensor, TensorConstructor } from "onnxruntime-web";
import { type DType, type HostTensor, sizeOf } from "../../graph/tensor_spec.ts";
import type { OrtType } from "./protocol.ts";

const TYPES: Readonly<Record<DType, OrtType>> = {
  f32: "float32",
  f16: "float16",
  i32: "int32",
  u8: "uint8",
};

/**
 * A tensor for the runtime.
 *
 * @param options The type and sizes that the model takes, where they are not the tensor's own. Numbers are cut to whole ones
 * where it takes those; a single number is repeated where it takes several.
 */
export function toRuntime(
  make: TensorConstructor,
  tensor: HostTensor,
  { as = TYPES[tensor.dtype], dims = tensor.shape }: {
    readonly as?: OrtType | undefined;
    readonly dims?: readonly number[] | undefined;
  } = {},
): Tensor {
  const { data } = tensor;
  const size = sizeOf(dims);
  const numbers = data.length === size ? data : Float64Array.from({ length: size }, () => data[0]!);
  return new make(as, elements(numbers, as) as Float32Array, [...dims]);
}

function elements(data: ArrayLike<number>, as: OrtType): ArrayLike<number | bigint> {
  switch (as) {
    case "float32":
      return data instanceof Float32Array ? data : Float32Array.from(data);
    case "float16":
      return data instanceof Float16Array ? data : Float16Array.from(data);
    case "int32":
      return data instanceof Int32Array ? data : Int32Array.from(data);
    case "int64":
      return BigInt64Array.from({ length: data.length }, (_, at) => BigInt(Math.trunc(data[at]!)));
    case "uint8":
    case "bool":
      return data instanceof Uint8Array ? data : Uint8Array.from(data);
  }
}

/** What the runtime computed. Whole numbers of 64 bits become 32; halves become floats where they are wanted so. */
export async function fromRuntime(tensor: Tensor, as?: DType): Promise<HostTensor> {
  const shape = [...tensor.dims];
  const data = await tensor.getData();
  switch (tensor.type) {
    case "float32":
      return { dtype: "f32", shape, data: data as Float32Array };
    case "float16": {
      const halves = data as unknown as Float16Array;
      return as === "f32"
        ? { dtype: "f32", shape, data: Float32Array.from(halves) }
        : { dtype: "f16", shape, data: halves };
    }
    case "int32":
      return { dtype: "i32", shape, data: data as Int32Array };
    case "int64":
      return { dtype: "i32", shape, data: Int32Array.from(data as BigInt64Array, Number) };
    case "uint8":
    case "bool":
      return { dtype: "u8", shape, data: data as Uint8Array };
    default:
      throw new Error(`an output is of type ${tensor.type}, which is not one of ours`);
  }
}
