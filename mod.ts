/**
 * Latent diffusion for Deno and the browser.
 *
 * @example
 * ```ts
 * import { pipeline } from "@denoise/denoise";
 *
 * await using generate = await pipeline("text-to-image", "shapes");
 * const { images } = await generate({ prompt: "a red circle", seed: 7, steps: 2, width: 32, height: 32 });
 * images[0]!.width; // 32
 * ```
 *
 * @module
 */
export * from "./graph/graph.ts";
export * from "./graph/op.ts";
export * from "./graph/ops/mod.ts";
export { decompose, UnsupportedOpError } from "./graph/passes/decompose.ts";
export { prune } from "./graph/passes/prune.ts";
export { withOutputs } from "./graph/passes/with_outputs.ts";
export * from "./graph/tensor_spec.ts";
export { Tensor, trace, type Traced, Weights } from "./graph/trace.ts";
export * from "./backends/backend.ts";
export { referenceBackend, type ReferenceOptions } from "./backends/reference/backend.ts";
export { pipeline, type Task, type Tasks } from "./pipelines/pipeline.ts";
