/**
 * RePaint: the sample after every step, jumps included, and the picture.
 *
 * @module
 */
import { type HostTensor, hostTensor } from "../graph/tensor_spec.ts";
import type { Model } from "../pipelines/model.ts";
import { repaint } from "../pipelines/repaint.ts";
import type { RepaintOptions } from "../pipelines/repaint_options.ts";
import type { Comparison } from "./comparison.ts";
import type { GoldenCase } from "./golden_case.ts";
import { channelsLast, compareOutputs } from "./pipeline_outputs.ts";
import { pictures } from "./text_call.ts";
import { recordStep } from "./unconditional_cases.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** A pipeline's arguments that are understood, and how we call them; a case with another one is not supported. */
const ARGUMENTS: ReadonlyMap<string, keyof RepaintOptions> = new Map([
  ["num_inference_steps", "steps"],
  ["eta", "eta"],
  ["jump_length", "jumpLength"],
  ["jump_n_sample", "jumpNSample"],
]);

/** Whether a case is one of RePaint. */
export function isRepaintCase({ settings: { kind, pipeline } }: GoldenCase): boolean {
  return kind === "pipeline" && pipeline === "RePaintPipeline";
}

/** The arguments of a case as options of ours. */
function optionsOf(golden: GoldenCase): RepaintOptions {
  const { settings } = golden;
  const call = settings.call as Readonly<Record<string, unknown>>;
  const named = Object.entries(call).map(([name, value]) => {
    const ours = ARGUMENTS.get(name);
    if (ours === undefined) throw new UnsupportedCaseError(`the argument ${name}`);
    return [ours, value];
  });
  return {
    ...Object.fromEntries(named),
    image: pictures(bound(golden, "image"), { several: bound(golden, "image").shape.length === 4 }),
    keepMask: mask(golden),
    seed: settings.generator_seed as number | readonly number[],
    scheduler: settings.scheduler as Readonly<Record<string, unknown>>,
  };
}

function bound({ settings, tensors }: GoldenCase, argument: string): HostTensor {
  const bind = settings.bind as Readonly<Record<string, readonly [name: string, form: string]>>;
  return tensors.get(bind[argument]![0])!;
}

/** A picture is cut at one half, a tensor is taken as it is. */
function mask(golden: GoldenCase): RepaintOptions["keepMask"] {
  const bind = golden.settings.bind as Readonly<Record<string, readonly [string, string]>>;
  const given = bound(golden, "mask_image");
  if (bind.mask_image![1] === "pil") return pictures(given, { several: false });
  const [height, width] = given.shape as [number, number];
  return hostTensor([1, 1, height, width], Float32Array.from(given.data, (byte) => byte / 255));
}

/**
 * Runs a case of the kind `pipeline` as RePaint.
 *
 * @throws {UnsupportedCaseError} If it has an argument that is not understood.
 */
export async function runRepaintCase(
  golden: GoldenCase,
  { model, exact }: { readonly model: Model; readonly exact: boolean },
): Promise<readonly Comparison[]> {
  const found = new Map<string, ArrayLike<number>>();
  const { tensor } = await repaint(model, {
    ...optionsOf(golden),
    onStep: (step) => recordStep(step, found),
  });
  found.set("output.image", channelsLast(tensor));
  return compareOutputs(golden, { found, exact });
}
