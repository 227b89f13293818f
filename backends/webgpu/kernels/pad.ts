/** Borders, one invocation an element of the result. @module */
import type { Kernels } from "../kernel.ts";
import { sizeOf } from "../../../graph/tensor_spec.ts";
import { denseStrides } from "../strided.ts";
import { elementwise, type FloatUniform } from "../wgsl/assemble.ts";
import { wgslType } from "../wgsl/pointwise.ts";
import { input } from "../wgsl/snippets.ts";

/** Kernels of `pad`, best first. */
export const padKernels: Kernels<"pad"> = [{
  name: "naive",
  plan({ node, operands, tail }, gpu) {
    const { shape, dtype } = operands[0]!;
    const { pads, mode, value } = node.attributes;
    const strides = denseStrides(shape);
    const uniforms: Record<string, number | FloatUniform> = {};
    const lines: string[] = [];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      uniforms[`from${axis}`] = shape[axis]!;
      uniforms[`to${axis}`] = node.output.shape[axis]!;
      uniforms[`before${axis}`] = pads[axis]![0];
      uniforms[`stride${axis}`] = strides[axis]!;
      lines.push(`  let c${axis} = rest % s.to${axis};`, `  rest /= s.to${axis};`);
      if (mode === "reflect") {
        lines.push(
          `  let d${axis} = abs(i32(c${axis}) - i32(s.before${axis}));`,
          `  at += u32(min(d${axis}, 2 * i32(s.from${axis}) - 2 - d${axis})) * s.stride${axis};`,
        );
      } else {
        // A coordinate before the first wraps around, far past the last.
        lines.push(
          `  let d${axis} = c${axis} - s.before${axis};`,
          `  inside = inside && d${axis} < s.from${axis};`,
          `  at += d${axis} * s.stride${axis};`,
        );
      }
    }
    const type = wgslType(dtype);
    uniforms.value = type === "f32" ? { float: value } : value >>> 0;
    const border = type === "i32" ? "bitcast<i32>(s.value)" : "s.value";
    const pass = elementwise({
      label: "pad/naive",
      uniforms,
      buffers: { x: { ref: input(0), type } },
      tail,
      main: `  var rest = i;
  var at = 0u;
  var inside = true;
${lines.join("\n")}
  if (inside) { store(i, x[at]); } else { store(i, ${border}); }`,
    }, { count: sizeOf(node.output.shape), gpu });
    return { passes: [pass], scratch: [], tables: [] };
  },
}];
