/**
 * Opens original single-file checkpoints: Stable Diffusion, latent diffusion, guided-diffusion, SR3, Palette.
 *
 * @module
 */
import type { JsonObject, JsonValue } from "../json.ts";
import { ModelError } from "../model_error.ts";
import { conventionOf } from "./conventions.ts";
import { checkVisible, visibleSettings } from "./check_visible.ts";
import { type ConditioningComponent, conditioningComponent } from "./conditioning.ts";
import { firstStageConfig, readOriginalFirstStage } from "./first_stage.ts";
import { firstStageMap } from "./first_stage_map.ts";
import { place } from "./key_map.ts";
import { mappedWeights } from "./mapped_weights.ts";
import type { OriginalComponent, OriginalModel } from "./original_model.ts";
import { lowResolutionScheduler, originalScheduler } from "./original_schedulers.ts";
import { NO_SETTINGS, type OriginalSettings } from "./original_settings.ts";
import { openOriginalUNet } from "./open_unet.ts";
import { pipelineOf } from "./pipeline_of.ts";
import { readOriginalSettings } from "./read_original_settings.ts";
import { type OriginalKind, recognise } from "./recognise.ts";
import { readStoredSchedule } from "./stored_schedule.ts";
import { unusedNames } from "./unused_names.ts";
import type { WeightSource } from "../weight_source.ts";

/** What may be given beside a checkpoint. */
export interface OpenOriginalOptions {
  /** The original configuration, parsed: `v1-inference.yaml` and its like. What it says wins over what is usual. */
  readonly config?: JsonValue | undefined;
  /** Where the configuration comes from, for messages. */
  readonly configPath?: string;
  /**
   * The text encoder's configuration: transformers' `config.json` for Stable Diffusion 1, open_clip's
   * `open_clip_config.json` for version 2. Published models need none.
   */
  readonly textEncoderConfig?: JsonValue | undefined;
  /** What the denoiser predicts, where no configuration says it. */
  readonly prediction?: OriginalSettings["prediction"];
  /** What the file has to be. */
  readonly kind?: OriginalKind;
}

/**
 * Opens a checkpoint with the original's names: finds out what it is, builds diffusers' configurations and maps the weights.
 * No weight is read but a scale and a noise schedule, which are numbers and not networks.
 *
 * @example
 * ```ts
 * import { openOriginal } from "./open_original.ts";
 * import { assertRejects } from "@std/assert";
 *
 * const file = {
 *   description: "style.safetensors",
 *   tensors: new Map([["lora_unet_mid_block.lora_up.weight", { shape: [4, 2], stored: "F16" }]]),
 *   read: () => Promise.resolve(new Float32Array(8)),
 * };
 * await assertRejects(() => openOriginal(file), Error, "it is a LoRA");
 * ```
 *
 * @throws {ModelError} If it is nothing known, or something known that is not supported; if weights are missing; if a
 * configuration is another model's; or if something decides the pictures that neither weights nor configuration say.
 */
export async function openOriginal(
  source: WeightSource,
  options: OpenOriginalOptions = {},
): Promise<OriginalModel> {
  const { description } = source;
  const recognised = recognise(source);
  const { kind } = recognised;
  if (options.kind !== undefined && options.kind !== kind) {
    throw new ModelError(`Cannot open ${description} as ${options.kind}: it is ${kind}`);
  }
  const configPath = options.configPath ?? "the configuration";
  const settings: OriginalSettings = options.config === undefined
    ? { ...NO_SETTINGS, path: configPath }
    : readOriginalSettings(options.config, configPath);
  const assumed: string[] = [];
  const assume = <T>(said: T | null, usual: T, words: string): T => {
    if (said === null) assumed.push(words);
    return said ?? usual;
  };
  const pipeline = pipelineOf(recognised);
  const components = new Map<string, OriginalComponent>();
  const used = new Set<string>();
  const add = (name: string, component: Omit<OriginalComponent, "weights">, map: {
    readonly pairs: readonly { readonly theirs: string; readonly ours: string }[];
  }) => {
    for (const { theirs } of map.pairs) used.add(theirs);
    components.set(name, { ...component, weights: mappedWeights(source, map) });
  };

  const stage = recognised.firstStage === null
    ? undefined
    : readOriginalFirstStage(source, recognised.firstStage);
  const unet = recognised.unet === null
    ? undefined
    : openOriginalUNet(source, { recognised, settings, assumed });
  checkVisible(
    settings,
    visibleSettings({
      ...(unet === undefined ? {} : { unet: unet.shown }),
      ...(stage === undefined ? {} : { stage }),
    }),
  );
  const convention = conventionOf(recognised, unet?.shown ?? null);

  if (unet !== undefined) add("unet", unet, unet.map);
  if (stage !== undefined) {
    const usual = stage.codes !== null ? 1 : convention.scaleFactor;
    const scalingFactor = await readScale(source) ??
      assume(settings.scaleFactor, usual, `latents are scaled by ${usual}`);
    const sampleSize = settings.sampleSize ?? convention.sampleSize;
    const factor = 2 ** (stage.levels.length - 1);
    const network = firstStageConfig(stage, { scalingFactor, sampleSize: sampleSize * factor });
    const name = pipeline.firstStage ?? (network.className === "VQModel" ? "vqvae" : "vae");
    const { pairs } = firstStageMap(stage);
    add(name, network, {
      pairs: place(pairs, { ours: "", theirs: recognised.firstStage!.replace(/\.$/, "") }),
    });
  }
  const condition: ConditioningComponent | undefined = conditioningComponent(source, {
    recognised,
    settings,
    textEncoderConfig: options.textEncoderConfig,
  });
  if (condition !== undefined) {
    add(condition.name, condition.network, condition.network.map);
    assumed.push(...condition.network.assumed);
  }

  const schedulers = new Map<string, JsonObject>();
  if (unet !== undefined) {
    const schedule = settings.schedule ?? await readStoredSchedule(source) ??
      assume(null, convention.schedule, "the noise schedule is the published model's");
    const prediction = settings.prediction ?? options.prediction ?? storedPrediction(source) ??
      (convention.prediction &&
        assume(null, convention.prediction, "it predicts as the published model does"));
    if (prediction === null) {
      throw new ModelError(
        `Cannot tell whether ${description} predicts noise or velocity: files of Stable Diffusion 2 do not show it. ` +
          "Give its configuration, or the prediction",
      );
    }
    const { learnedVariance } = unet;
    schedulers.set("scheduler", originalScheduler({ kind, schedule, prediction, learnedVariance }));
  }
  const extra = new Map(Object.entries(pipeline.settings));
  if (kind === "stable-diffusion-upscaling") {
    const low = settings.lowResolution ?? { schedule: convention.schedule, maxLevel: 350 };
    if (settings.lowResolution === null) {
      assumed.push("the low-resolution picture is noised as the published upscaler does");
    }
    schedulers.set("low_res_scheduler", lowResolutionScheduler(low.schedule));
    extra.set("max_noise_level", low.maxLevel);
  }
  const [only] = components.values();
  return {
    description,
    kind,
    className: pipeline.className ?? only!.className,
    components,
    schedulers,
    tokenizer: pipeline.tokenizer,
    settings: extra,
    assumed,
    unused: unusedNames(source, { used, recognised }),
  };
}

/** The scale that training measured (`scale_by_std`): a number among the tensors. */
async function readScale(source: WeightSource): Promise<number | undefined> {
  const shape = source.tensors.get("scale_factor")?.shape;
  if (shape === undefined) return undefined;
  if (shape.some((size) => size !== 1)) {
    throw new ModelError(
      `Cannot use scale_factor of ${source.description}: its shape is [${
        shape.join(", ")
      }], not that of a number`,
    );
  }
  const [scale] = await source.read("scale_factor");
  if (scale !== undefined && Number.isFinite(scale) && scale > 0) return scale;
  throw new ModelError(
    `Cannot use scale_factor of ${source.description}: it is ${scale}, not a positive number`,
  );
}

/** Some files say it beside their tensors; the first base model of version 2 is known by its last step, as to diffusers. */
function storedPrediction({ metadata, extra }: WeightSource): OriginalSettings["prediction"] {
  switch (metadata?.get("modelspec.prediction_type")) {
    case "v":
    case "v_prediction":
      return "v_prediction";
    case "eps":
    case "epsilon":
      return "epsilon";
    default:
      return Number(extra?.get("global_step")) === 875_000 ? "epsilon" : null;
  }
}
