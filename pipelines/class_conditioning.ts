/**
 * Classes that a denoiser is told: which there are, and how they reach the network.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import type { HostTensor } from "../graph/tensor_spec.ts";
import type { UNet2DConfig } from "../models/unet_2d_config.ts";
import type { Model } from "./model.ts";
import { readClassEmbedderConfig } from "./networks/class_embedder.ts";
import { checkInteger, checkNumber, SettingsError } from "./settings.ts";

/** How a model is told classes. */
export type ClassConditioning =
  /** As labels, which the denoiser embeds itself: whole numbers below `count`, or with none any numbers. */
  | { readonly kind: "labels"; readonly count: number | null }
  /** As one token each, from a table, which the denoiser attends to. */
  | { readonly kind: "tokens"; readonly component: string; readonly count: number };

/** What may be said of classes in a call. */
export interface ClassOptions {
  /** The class of the pictures; several make as many pictures each as are asked for. Only for models that know classes. */
  readonly classLabels?: number | readonly number[];
  /**
   * Guidance towards the class (Ho & Salimans 2022); 1 switches it off. Default: the model's own, else 1. Needs a class that
   * stands for none.
   */
  readonly guidanceScale?: number;
  /** The class that stands for none. Default: the last of a table of tokens; other models say none. */
  readonly unconditionalLabel?: number;
}

/** Classes of a call, checked. */
export interface ClassSettings {
  readonly conditioning: ClassConditioning;
  /** One a picture. */
  readonly labels: readonly number[];
  /** The guidance scale, and the class that it leads away from; null for none. */
  readonly guidance: { readonly scale: number; readonly unconditional: number } | null;
}

/** What a U-Net's configuration says of classes; null for nothing. */
export function labelConditioning(
  { classes }: Pick<UNet2DConfig, "classes">,
  { description }: Model,
): ClassConditioning | null {
  switch (classes?.kind) {
    case undefined:
      return null;
    case "lookup":
      return { kind: "labels", count: classes.count };
    case "timestep":
      return { kind: "labels", count: null };
    case "identity":
      throw new SettingsError(
        `Cannot draw with ${description}: it is told its classes as vectors, which no label stands for`,
      );
  }
}

/** The table of classes of a model. */
export function tokenConditioning({ folder }: Model, component: string): ClassConditioning {
  const { count } = readClassEmbedderConfig(folder.component(component).readConfig());
  return { kind: "tokens", component, count };
}

/**
 * Checks what a call says of classes.
 *
 * @returns Null for a model that knows none.
 * @throws {SettingsError} If a class is missing or not one of the model's, or guidance is not possible.
 */
export function readClassSettings(
  options: ClassOptions,
  { conditioning, count, guidanceScale }: {
    readonly conditioning: ClassConditioning | null;
    /** Pictures of each class. */
    readonly count: number;
    /** What a call gets that does not say otherwise. */
    readonly guidanceScale: number;
  },
): ClassSettings | null {
  const { classLabels } = options;
  if (conditioning === null) {
    for (const name of ["classLabels", "guidanceScale", "unconditionalLabel"] as const) {
      if (options[name] !== undefined) {
        throw new SettingsError(`Cannot use ${name}: the model knows no classes`);
      }
    }
    return null;
  }
  const given = typeof classLabels === "number" ? [classLabels] : classLabels;
  if (!Array.isArray(given) || given.length === 0) {
    throw new SettingsError(
      `Cannot draw without a class: give classLabels, ${range(conditioning)}`,
    );
  }
  const check = (name: string, label: number) => checkLabel(name, { label, conditioning });
  const labels = given.flatMap((label) => Array<number>(count).fill(check("classLabels", label)));
  const scale = checkNumber("guidanceScale", options.guidanceScale ?? guidanceScale);
  const none = options.unconditionalLabel ??
    (conditioning.kind === "tokens" ? conditioning.count - 1 : undefined);
  const unconditional = none === undefined ? undefined : check("unconditionalLabel", none);
  if (scale === 1) return { conditioning, labels, guidance: null };
  if (unconditional === undefined) {
    throw new SettingsError(
      `Cannot use guidanceScale ${scale}: the model does not say which class stands for none; give unconditionalLabel`,
    );
  }
  return { conditioning, labels, guidance: { scale, unconditional } };
}

function range({ count }: ClassConditioning): string {
  return count === null ? "numbers" : `whole numbers from 0 to ${count - 1}`;
}

function checkLabel(
  name: string,
  { label, conditioning: { count } }: {
    readonly label: number;
    readonly conditioning: ClassConditioning;
  },
): number {
  return count === null
    ? checkNumber(name, label)
    : checkInteger(name, label, { min: 0, max: count - 1 });
}

/**
 * Classes as inputs of a denoiser, by its names; under guidance those that stand for none come first. The values are the
 * caller's.
 */
export async function classConditions(
  { conditioning, labels, guidance }: ClassSettings,
  model: Model,
): Promise<Record<string, Value>> {
  const all = guidance === null ? labels : [...labels.map(() => guidance.unconditional), ...labels];
  const shape = [all.length];
  const given: HostTensor = conditioning.count === null
    ? { dtype: "f32", shape, data: Float32Array.from(all) }
    : { dtype: "i32", shape, data: Int32Array.from(all) };
  const class_labels = model.backend.upload(given);
  if (conditioning.kind === "labels") return { class_labels };
  using _labels = class_labels;
  const embedder = await model.component(conditioning.component);
  const program = await embedder.program({ class_labels: given });
  return { encoder_hidden_states: program.run({ class_labels }).last_hidden_state! };
}
