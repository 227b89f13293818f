/**
 * Reads what an original configuration says that weights do not show.
 *
 * @module
 */
import { config } from "../config_reader.ts";
import { display, isObject, type JsonObject, type JsonValue } from "../json.ts";
import { ModelError } from "../model_error.ts";
import { readLdmSettings, readStageSettings } from "./ldm_settings.ts";
import type { OriginalSettings } from "./original_settings.ts";
import {
  readGuidedDiffusionSettings,
  readPaletteSettings,
  readSr3Settings,
} from "./pixel_settings.ts";

/** Whose words a configuration uses. */
export type Vocabulary = "latent" | "first stage" | "sr3" | "palette" | "guided-diffusion";

const inner = (value: JsonValue | undefined): JsonObject => isObject(value) ? value : {};

/** Palette keeps its networks in a list. */
function paletteArguments({ model }: JsonObject): JsonObject {
  const { which_networks: networks } = inner(model);
  const [network] = Array.isArray(networks) ? networks : [];
  return inner(inner(network).args);
}

/** Recognises a configuration by its sections; undefined if it is none of an original model's. */
export function vocabularyOf(json: JsonValue): Vocabulary | undefined {
  const root = inner(json);
  const model = inner(root.model);
  const params = inner(model.params);
  if ("unet_config" in params) return "latent";
  if ("ddconfig" in params) return "first stage";
  if ("unet" in model) return "sr3";
  if ("unet" in root || "unet" in paletteArguments(root)) return "palette";
  return "num_channels" in root ? "guided-diffusion" : undefined;
}

/** Classes of the originals; the names of their modules differ between copies. */
const MODEL = /^[\w.]*\bldm\.[\w.]+\.Latent\w*Diffusion$/;
const UNET = /^[\w.]*\bopenaimodel\.UNetModel$/;

/** The originals import and call whatever `target` names; here it says what the weights must be. */
function checkClass(
  { target = null }: JsonObject,
  { of, known, example, path }: {
    readonly of: string;
    readonly known: RegExp;
    readonly example: string;
    readonly path: string;
  },
): void {
  if (typeof target === "string" && known.test(target)) return;
  throw new ModelError(
    `Cannot use ${path}: target of ${of} is ${display(target)}; known is ${example}`,
  );
}

/**
 * Reads a configuration of CompVis' or Stability's (`model.params`), of guided-diffusion, SR3 or Palette. It is data: no class
 * that it names is loaded.
 *
 * @param json What the file holds, parsed.
 * @throws {ModelError} If it is none of these, or sets what is not understood.
 */
export function readOriginalSettings(json: JsonValue, path: string): OriginalSettings {
  const c = config(json, path);
  switch (vocabularyOf(json)) {
    case "latent": {
      const params = inner(inner(inner(json).model).params);
      checkClass(inner(inner(json).model), {
        of: "model",
        known: MODEL,
        example: "ldm.models.diffusion.ddpm.LatentDiffusion",
        path,
      });
      checkClass(inner(params.unet_config), {
        of: "unet_config",
        known: UNET,
        example: "ldm.modules.diffusionmodules.openaimodel.UNetModel",
        path,
      });
      return readLdmSettings(c.section("model"), { hasText: isObject(params.cond_stage_config) });
    }
    case "first stage":
      return readStageSettings(c.section("model").section("params"));
    case "sr3":
      return readSr3Settings(c.section("model"));
    case "palette":
      return c.has("unet")
        ? readPaletteSettings(c)
        : readPaletteSettings(config(paletteArguments(inner(json)), path));
    case "guided-diffusion":
      return readGuidedDiffusionSettings(c);
    case undefined:
      throw new ModelError(
        `Cannot use ${path}: it is no configuration of latent diffusion, Stable Diffusion, guided-diffusion, SR3 or Palette`,
      );
  }
}
