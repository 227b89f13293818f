/**
 * Sinusoidal embeddings, one invocation an element. Frequencies are computed beforehand, with the op's own rounding, and the
 * angle is rounded after each product.
 *
 * @module
 */
import { timestepFrequencies } from "../../../graph/ops/mod.ts";
import { sizeOf } from "../../../graph/tensor_spec.ts";
import type { Kernels } from "../kernel.ts";
import { elementwise } from "../wgsl/assemble.ts";
import { input } from "../wgsl/snippets.ts";

/** Kernels of `timestepEmbedding`, best first. */
export const timestepEmbeddingKernels: Kernels<"timestepEmbedding"> = [{
  name: "naive",
  plan({ node, tail }, gpu) {
    const { dim, flipSinToCos, scale } = node.attributes;
    const frequencies = new Uint32Array(timestepFrequencies(node.attributes).buffer);
    const pass = elementwise({
      label: "timestepEmbedding/naive",
      uniforms: {
        dim,
        half: frequencies.length,
        // A quarter turn later a sine is a cosine: in the first half if cosines come first.
        first: flipSinToCos ? 1 : 0,
        scale: { float: scale },
      },
      buffers: {
        t: { ref: input(0), type: "f32" },
        frequencies: { ref: { kind: "table", index: 0 }, type: "f32" },
      },
      tail,
      functions: ["sine"],
      main: `  let c = i % s.dim;
  if (c >= 2u * s.half) { store(i, 0.0); return; }
  let angle = s.scale * (t[i / s.dim] * frequencies[c % s.half]);
  store(i, sine(angle, select(1u - s.first, s.first, c < s.half)));`,
    }, { count: sizeOf(node.output.shape), gpu });
    return { passes: [pass], scratch: [], tables: [frequencies] };
  },
}];
