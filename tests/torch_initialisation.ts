/**
 * Weights as PyTorch initialises them after `torch.manual_seed`.
 *
 * @module
 */
import type { Graph } from "../graph/graph.ts";
import { type HostTensor, hostTensor, sizeOf } from "../graph/tensor_spec.ts";
import { TorchGenerator } from "../random/torch_generator.ts";

/**
 * The weights of a network whose graphs, one after the other, ask for them in the order in which PyTorch constructs its modules.
 *
 * Convolutions and linear layers draw `kaiming_uniform_(a=sqrt(5))` for the weight and then 1 / sqrt(fan in) either way for the
 * bias; normalisations draw nothing. A codebook draws a normal that is then overwritten by a uniform of 1 / n either way.
 */
export function torchInitialised(
  graphs: readonly Pick<Graph, "parameters">[],
  seed: number,
): Record<string, HostTensor> {
  const generator = new TorchGenerator(seed);
  const shapes = new Map(
    graphs.flatMap(({ parameters }) => parameters.map(({ name, spec }) => [name, spec.shape])),
  );
  const uniform = (shape: readonly number[], bound: number): HostTensor =>
    hostTensor(
      shape,
      // In single precision: low + (high - low) u.
      generator.rand(sizeOf(shape)).map((u) =>
        Math.fround(Math.fround(2 * bound) * u) - Math.fround(bound)
      ),
    );
  const tensors: Record<string, HostTensor> = {};
  for (const [name, shape] of shapes) {
    const weightShape = shapes.get(name.replace(/bias$/, "weight"));
    const isNorm = weightShape !== undefined && weightShape.length === 1;
    if (isNorm) {
      const one = name.endsWith("weight") ? 1 : 0;
      tensors[name] = hostTensor(shape, new Float32Array(sizeOf(shape)).fill(one));
    } else if (name === "quantize.embedding.weight") {
      generator.randn(sizeOf(shape));
      tensors[name] = uniform(shape, 1 / shape[0]!);
    } else {
      const fanIn = sizeOf(weightShape!.slice(1));
      const bound = name.endsWith("weight")
        ? Math.sqrt(3) * (Math.sqrt(2 / 6) / Math.sqrt(fanIn))
        : 1 / Math.sqrt(fanIn);
      tensors[name] = uniform(shape, bound);
    }
  }
  return tensors;
}
