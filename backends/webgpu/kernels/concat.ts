/**
 * Joining tensors: one invocation an element of the result, which finds the input that it comes from. More inputs than a
 * shader may bind are joined in several dispatches.
 *
 * @module
 */
import type { Kernels, Pass } from "../kernel.ts";
import { sizeOf } from "../../../graph/tensor_spec.ts";
import { elementwise } from "../wgsl/assemble.ts";
import { wgslType } from "../wgsl/pointwise.ts";
import { input } from "../wgsl/snippets.ts";

/** Kernels of `concat`, best first. */
export const concatKernels: Kernels<"concat"> = [{
  name: "naive",
  plan({ node, operands, tail }, gpu) {
    const { axis } = node.attributes;
    const shape = node.output.shape;
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    const whole = shape[axis]! * inner;
    const most = gpu.limits.maxStorageBuffersPerShaderStage - 1 - tail.externals.length;
    const passes: Pass[] = [];
    let first = 0;
    for (let start = 0; start < operands.length; start += most) {
      const own = operands.slice(start, start + most);
      const widths = own.map((operand) => operand.shape[axis]! * inner);
      const width = widths.reduce((sum, each) => sum + each, 0);
      const choices = own.map((_, at) =>
        `  if (c < s.width${at}) { store(place, x${at}[row * s.width${at} + c]); return; }
  c -= s.width${at};`
      );
      passes.push(elementwise({
        label: "concat/naive",
        uniforms: {
          width,
          whole,
          first,
          ...Object.fromEntries(widths.map((each, at) => [`width${at}`, each])),
        },
        buffers: Object.fromEntries(
          own.map(({ dtype }, at) => [`x${at}`, { ref: input(start + at), type: wgslType(dtype) }]),
        ),
        tail,
        main: `  let row = i / s.width;
  var c = i % s.width;
  let place = row * s.whole + s.first + c;
${choices.join("\n")}`,
      }, { count: outer * width, gpu }));
      first += width;
    }
    return { passes, scratch: [], tables: [] };
  },
}];
