/**
 * A small model whose work the runtime shares out among its threads.
 *
 * @module
 */
import { onnxBytes } from "../../formats/onnx/write_onnx.ts";
import { onnxOutputNames } from "../../formats/onnx/lower.ts";
import { matmul } from "../../graph/ops/mod.ts";
import { allocate, f32, type HostTensor, sizeOf } from "../../graph/tensor_spec.ts";
import { trace } from "../../graph/trace.ts";

/** Large enough to be shared out, small enough to take a millisecond. */
const SIDE = 256;

/** The model, what it takes, and what its output is called. */
export async function threadProbe(): Promise<{
  readonly model: Uint8Array<ArrayBuffer>;
  readonly inputs: Readonly<Record<string, HostTensor>>;
  readonly output: string;
}> {
  const spec = f32(SIDE, SIDE);
  const graph = trace(({ a, b }) => matmul([a, b]), { a: spec, b: spec });
  const zeros: HostTensor = { ...spec, dtype: "f32", data: allocate("f32", sizeOf(spec.shape)) };
  return {
    model: await onnxBytes(graph),
    inputs: { a: zeros, b: zeros },
    output: onnxOutputNames(graph)[0]!,
  };
}
