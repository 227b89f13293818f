/**
 * Models that RePaint can paint with: any that draws from noise, a class or a text, on pixels or latents.
 *
 * @module
 */
import type { JsonObject } from "../formats/json.ts";
import type { Tokenizer } from "../formats/tokenizers/tokenizer.ts";
import type { Plan } from "../schedulers/plan.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { type ClassSettings, readClassSettings } from "./class_conditioning.ts";
import { familyDenoiser } from "./family_denoiser.ts";
import { type Denoiser, guidedDenoiser } from "./guided_denoiser.ts";
import type { Model } from "./model.ts";
import type { RepaintOptions } from "./repaint_options.ts";
import type { SampleSpace } from "./sample_space.ts";
import { latentSpace } from "./sample_space.ts";
import { SettingsError } from "./settings.ts";
import { encodeContext } from "./text_context.ts";
import { readTextSettings, type TextSettings } from "./text_settings.ts";
import { latentTextFamily, type TextToImageFamily } from "./text_to_image_family.ts";
import {
  UNCONDITIONAL_PIPELINES,
  type UnconditionalFamily,
  unconditionalFamily,
} from "./unconditional_family.ts";

/** What every such model has. */
interface Common {
  readonly space: SampleSpace;
  /** Sides of pictures are multiples of this. */
  readonly multiple: number;
  readonly scheduler: JsonObject;
  /** The network says something of the variance too. */
  readonly learnedVariance: boolean;
}

/** A model to paint with. */
export type RepaintModel =
  | Common & { readonly kind: "noise"; readonly family: UnconditionalFamily }
  | Common & {
    readonly kind: "text";
    readonly family: TextToImageFamily;
    readonly tokenizer: Tokenizer;
  };

const TEXT_PIPELINES = [
  "StableDiffusionPipeline",
  "StableDiffusionImg2ImgPipeline",
  "LDMTextToImagePipeline",
];

/**
 * Reads what RePaint has to know of a model.
 *
 * @throws {SettingsError} If the model draws from something else.
 * @throws {ModelError} If its configuration cannot be used.
 */
export async function repaintModel(model: Model): Promise<RepaintModel> {
  if (UNCONDITIONAL_PIPELINES.has(model.className)) {
    const family = await unconditionalFamily(model);
    const { space, multiple, scheduler, outChannels } = family;
    const learnedVariance = outChannels > space.channels;
    return { kind: "noise", family, space, multiple, scheduler, learnedVariance };
  }
  const family = await latentTextFamily(model, {
    task: "repaint",
    classes: [...UNCONDITIONAL_PIPELINES, ...TEXT_PIPELINES],
  });
  return {
    kind: "text",
    family,
    tokenizer: await model.tokenizer(),
    space: latentSpace(model, family.autoencoder),
    multiple: Math.max(8, family.factor),
    scheduler: family.scheduler,
    learnedVariance: false,
  };
}

/** What a call says of its pictures besides showing them, checked. */
export type RepaintCondition =
  | { readonly kind: "noise"; readonly classes: ClassSettings | null }
  | { readonly kind: "text"; readonly texts: TextSettings };

/**
 * Checks prompts or classes: one for all pictures, or one each.
 *
 * @throws {SettingsError} If one is missing, or the model knows no such thing.
 */
export function readRepaintCondition(
  options: RepaintOptions,
  { painting, pictures, count }: {
    readonly painting: RepaintModel;
    readonly pictures: number;
    readonly count: number;
  },
): RepaintCondition {
  const refuse = (...names: readonly (keyof RepaintOptions)[]) => {
    for (const name of names) {
      if (options[name] === undefined || options[name] === "") continue;
      throw new SettingsError(
        `Cannot use ${name}: the model draws from ${painting.kind === "text" ? "text" : "noise"}`,
      );
    }
  };
  if (painting.kind === "text") {
    refuse("classLabels", "unconditionalLabel");
    const { prompt = "", ...rest } = options;
    const texts = readTextSettings({ ...rest, prompt }, { ...painting.family, given: pictures });
    if (texts.prompts.length === pictures * count) return { kind: "text", texts };
    throw new SettingsError(
      `Cannot use ${
        texts.prompts.length / count
      } prompts with ${pictures} pictures: give one, or one each`,
    );
  }
  refuse("prompt", "negativePrompt", "guidanceRescale", "clipSkip");
  const { classLabels: asked } = options;
  const labels = typeof asked === "number" ? [asked] : asked;
  if (labels !== undefined && labels.length !== 1 && labels.length !== pictures) {
    throw new SettingsError(
      `Cannot use ${labels.length} classes with ${pictures} pictures: give one, or one each`,
    );
  }
  const each = labels?.length === 1 ? Array<number>(pictures).fill(labels[0]!) : labels;
  const classes = readClassSettings(
    each === undefined ? options : { ...options, classLabels: each },
    {
      conditioning: painting.family.classes,
      count,
      guidanceScale: painting.family.defaults.guidanceScale,
    },
  );
  return { kind: "noise", classes };
}

/** Prepares evaluations of samples of a shape. */
export async function repaintDenoiser(
  { model, arithmetic, painting }: {
    readonly model: Model;
    readonly arithmetic: Arithmetic;
    readonly painting: RepaintModel;
  },
  { condition, shape, plan, onWarning }: {
    readonly condition: RepaintCondition;
    readonly shape: readonly number[];
    readonly plan: Plan;
    readonly onWarning: RepaintOptions["onWarning"];
  },
): Promise<Denoiser> {
  if (painting.kind === "noise") {
    const { family } = painting;
    const classes = condition.kind === "noise" ? condition.classes : null;
    return await familyDenoiser({ model, family, arithmetic }, { shape, classes, plan });
  }
  const { texts } = condition as Extract<RepaintCondition, { kind: "text" }>;
  const { family, tokenizer } = painting;
  using stack = new DisposableStack();
  const context = stack.use(
    await encodeContext(texts, { model, family, tokenizer, arithmetic, onWarning }),
  );
  const denoiser = stack.use(
    await guidedDenoiser(await model.component("unet"), {
      arithmetic,
      shape,
      context,
      guidance: texts.guided ? texts.guidanceScale : null,
      rescale: texts.guidanceRescale,
    }),
  );
  const owned = stack.move();
  return { evaluate: denoiser.evaluate, [Symbol.dispose]: () => owned.dispose() };
}
