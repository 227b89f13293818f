/**
 * Slices by index, one invocation an element. A table in several parts is read part by part: each dispatch writes the elements
 * whose index lies in its part. Indices beyond the table read its first or last slice.
 *
 * @module
 */
import type { Kernels, Pass } from "../kernel.ts";
import { sizeOf } from "../../../graph/tensor_spec.ts";
import { elementwise } from "../wgsl/assemble.ts";
import { wgslType } from "../wgsl/pointwise.ts";
import { input, weightReader } from "../wgsl/snippets.ts";

/** Kernels of `gather`, best first. */
export const gatherKernels: Kernels<"gather"> = [{
  name: "naive",
  plan({ node, operands, tail }, gpu) {
    const [table, indices] = [operands[0]!, operands[1]!];
    const { axis } = node.attributes;
    const size = table.shape[axis]!;
    const inner = sizeOf(table.shape.slice(axis + 1));
    const picked = sizeOf(indices.shape);
    const passes = table.parts.map(({ start, end }, part): Pass => {
      const reader = weightReader(table, { kind: "input", index: 0, part });
      const type = wgslType(table.dtype);
      const parted = table.parts.length > 1;
      return elementwise({
        label: "gather/naive",
        uniforms: {
          inner,
          picked,
          size,
          ...(parted ? { start, end } : {}),
        },
        buffers: {
          w: type === "f32" ? reader.buffer : { ref: { kind: "input", index: 0, part }, type },
          ids: { ref: input(1), type: "i32" },
        },
        declarations: type === "f32"
          ? reader.declaration
          : `fn weight(i: u32) -> ${type} { return w[i]; }`,
        tail,
        main: `  let c = i % s.inner;
  let id = u32(clamp(ids[i / s.inner % s.picked], 0, i32(s.size) - 1));
  let outer = i / (s.inner * s.picked);
${
          parted
            ? `  if (id < s.start || id >= s.end) { return; }
  store(i, weight((id - s.start) * s.inner + c));`
            : "  store(i, weight((outer * s.size + id) * s.inner + c));"
        }`,
      }, { count: sizeOf(node.output.shape), gpu });
    });
    return { passes, scratch: [], tables: [] };
  },
}];
