/**
 * Pipelines that draw from noise, or from noise and a class: the sample after every step, and the picture.
 *
 * @module
 */
import type { HostTensor } from "../graph/tensor_spec.ts";
import type { Unconditional, UnconditionalOptions } from "../pipelines/unconditional_options.ts";
import type { SampleStep } from "../pipelines/sample_step.ts";
import type { Comparison } from "./comparison.ts";
import type { GoldenCase } from "./golden_case.ts";
import { channelsLast, compareOutputs } from "./pipeline_outputs.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** Pipelines of diffusers whose cases draw from noise. */
const PIPELINES: ReadonlySet<unknown> = new Set([
  "LDMPipeline",
  "DDPMPipeline",
  "DDIMPipeline",
  "PNDMPipeline",
]);

/** Whether a case draws from noise, or from noise and a class. */
export function isUnconditionalCase({ settings: { kind, pipeline } }: GoldenCase): boolean {
  return kind === "class_sampling" || kind === "pipeline" && PIPELINES.has(pipeline);
}

/** A pipeline's arguments that are understood, and how we call them; a case with another one is not supported. */
const ARGUMENTS: ReadonlyMap<string, keyof UnconditionalOptions> = new Map([
  ["num_inference_steps", "steps"],
  ["batch_size", "count"],
  ["eta", "eta"],
  ["use_clipped_model_output", "useClippedModelOutput"],
]);

/** The arguments of a case as options of ours. */
function optionsOf({ settings, tensors }: GoldenCase): UnconditionalOptions {
  const call = settings.call as Readonly<Record<string, unknown>> | undefined ?? {};
  const named = Object.entries(call).map(([name, value]) => {
    const ours = ARGUMENTS.get(name);
    if (ours === undefined) throw new UnsupportedCaseError(`the argument ${name}`);
    return [ours, value];
  });
  const labels = tensors.get("input.class_labels");
  const { draws = [] } = settings.result as { draws?: readonly { readonly stream: string }[] };
  return {
    ...Object.fromEntries(named),
    ...(labels === undefined ? {} : {
      classLabels: Array.from(labels.data),
      steps: settings.num_inference_steps as number,
    }),
    seed: settings.generator_seed as number | readonly number[],
    // LDM pipelines draw the steps' noise from torch's default generator.
    ...(draws.some(({ stream }) => stream === "global")
      ? { stepSeed: settings.global_seed as number }
      : {}),
    scheduler: settings.scheduler as Readonly<Record<string, unknown>>,
  };
}

/**
 * Runs a case of the kind `pipeline` or `class_sampling`.
 *
 * @throws {UnsupportedCaseError} If it has an argument that is not understood.
 */
export async function runUnconditionalCase(
  golden: GoldenCase,
  { generate, exact }: { readonly generate: Unconditional; readonly exact: boolean },
): Promise<readonly Comparison[]> {
  const found = new Map<string, ArrayLike<number>>();
  const { tensor } = await generate({
    ...optionsOf(golden),
    onStep: (step) => recordStep(step, found),
  });
  found.set("output.image", channelsLast(tensor));
  return compareOutputs(golden, { found, exact });
}

/** Keeps what a step left, and of the first what the denoiser was given and said. */
export async function recordStep(
  step: SampleStep,
  found: Map<string, ArrayLike<number>>,
): Promise<void> {
  const at = step.step - 1;
  found.set(`output.latents.${at}`, (await step.latents()).data);
  if (at > 0) return;
  const given: readonly [string, HostTensor | undefined][] = [
    ["output.unet_input.0", await step.input()],
    ["output.model_output.0", await step.prediction()],
  ];
  for (const [name, tensor] of given) if (tensor !== undefined) found.set(name, tensor.data);
}
