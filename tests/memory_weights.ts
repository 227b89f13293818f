/**
 * Weights for tests.
 *
 * @module
 */
import type { ParameterSource } from "../backends/backend.ts";
import type { Graph } from "../graph/graph.ts";
import { type HostTensor, sizeOf } from "../graph/tensor_spec.ts";
import { TorchGenerator } from "../random/torch_generator.ts";

/** Weights in memory, which remember what was read of them. */
export interface MemoryWeights extends ParameterSource {
  /** Names in the order of reading. */
  readonly reads: readonly string[];
}

/** Tensors as a checkpoint. */
export function memoryWeights(
  tensors: Readonly<Record<string, HostTensor>> = {},
): MemoryWeights {
  const reads: string[] = [];
  return {
    description: "memory",
    tensors: new Map(
      Object.entries(tensors).map(([name, { shape }]) => [name, { shape, stored: "F32" }]),
    ),
    reads,
    read(name, rows) {
      reads.push(name);
      const { shape, data } = tensors[name]!;
      const row = sizeOf(shape.slice(1));
      const [start, end] = rows ?? [0, shape[0] ?? 1];
      return Promise.resolve(Float32Array.from(data.subarray(start * row, end * row)));
    },
  };
}

/** Standard normal numbers for all weights of a graph. */
export function randomWeights(graph: Graph, seed = 1): MemoryWeights {
  const generator = new TorchGenerator(seed);
  return memoryWeights(Object.fromEntries(
    graph.parameters.map(({ name, spec: { shape } }): [string, HostTensor] => [
      name,
      { dtype: "f32", shape, data: Float32Array.from(generator.randn(sizeOf(shape))) },
    ]),
  ));
}
