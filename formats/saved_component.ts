/**
 * How diffusers saves the parts of a model.
 *
 * @module
 */
import type { WeightDType } from "./convert_weights.ts";
import { componentKind } from "./pipeline_classes.ts";
import { type RawObject, rawValue } from "./raw_json.ts";

/**
 * The version of diffusers whose layout is written. diffusers takes an index of an inpainting model without a version, or of
 * one up to 0.5.1, for another kind of model.
 */
export const LAYOUT_VERSION = "0.35.0";

/** Networks that transformers defines or whose base class it is, with their `model_type` there. */
const TRANSFORMERS: Readonly<Record<string, string>> = {
  CLIPTextModel: "clip_text_model",
  LDMBertModel: "ldmbert",
};

/** Whether a network is saved as transformers does. */
function isTransformers(className: string): boolean {
  return Object.hasOwn(TRANSFORMERS, className);
}

/** The library that an index names for a class. */
export function libraryOf(className: string): string {
  if (className === "LDMBertModel") return "latent_diffusion"; // a module of diffusers' pipelines
  const isTheirs = isTransformers(className) || componentKind(className) === "tokenizer";
  return isTheirs ? "transformers" : "diffusers";
}

/** What a network's weights are called. */
export function weightsFile(className: string): string {
  return isTransformers(className) ? "model.safetensors" : "diffusion_pytorch_model.safetensors";
}

/** What torch calls a type. */
const TORCH_NAMES: Readonly<Record<WeightDType, string>> = { F32: "float32", F16: "float16" };

/**
 * A network's or scheduler's configuration as it is saved: with its class, and for those of transformers with the type of its
 * weights, which diffusers does not record. All else stays as it is written.
 */
export function savedConfig(
  config: RawObject,
  { className, dtype }: { readonly className: string; readonly dtype: WeightDType },
): RawObject {
  if (!isTransformers(className)) {
    return new Map([...config, ["_class_name", rawValue(className)]]);
  }
  // transformers 4.56 and later write `dtype`; they and all earlier versions read `torch_dtype`.
  const keys = ["dtype", "torch_dtype"].filter((key) => config.has(key));
  return new Map([
    ["model_type", rawValue(TRANSFORMERS[className])],
    ["architectures", rawValue([className])],
    ...config,
    ...(keys.length === 0 ? ["torch_dtype"] : keys)
      .map((key): [string, string] => [key, rawValue(TORCH_NAMES[dtype])]),
  ]);
}
