/**
 * An original checkpoint as the parts of a diffusers model.
 *
 * @module
 */
import type { JsonObject, JsonValue } from "../json.ts";
import type { OriginalKind } from "./recognise.ts";
import type { NetworkConfig } from "./unet_config.ts";
import type { WeightSource } from "../weight_source.ts";

/** A network of an original checkpoint. */
export interface OriginalComponent extends NetworkConfig {
  /** Its weights, by diffusers' names; read when they are asked for. */
  readonly weights: WeightSource;
}

/** A model from a single file. */
export interface OriginalModel {
  /** The file, for messages. */
  readonly description: string;
  /** What it was recognised as. */
  readonly kind: OriginalKind;
  /**
   * The class of the pipeline in diffusers; where diffusers has none, `LDMInpaintingPipeline`, `LDMClassToImagePipeline`,
   * `SR3Pipeline`, `PalettePipeline`; of a file that holds one network, the network's.
   */
  readonly className: string;
  /** Networks by their names in the pipeline: `unet`, `vae`, `text_encoder`, … */
  readonly components: ReadonlyMap<string, OriginalComponent>;
  /** Configurations of schedulers by their names in the pipeline: `scheduler`, `low_res_scheduler`. */
  readonly schedulers: ReadonlyMap<string, JsonObject>;
  /** The tokenizer that its text encoder was trained with; it is not in the file. Null if it reads no text. */
  readonly tokenizer: "CLIPTokenizer" | "BertTokenizer" | null;
  /** Settings of the pipeline: `max_noise_level`, … */
  readonly settings: ReadonlyMap<string, JsonValue>;
  /** What neither the weights nor a configuration say and was taken from the published models, in words. */
  readonly assumed: readonly string[];
  /** Tensors that nothing here uses, less those that never matter: schedules, losses, counters, other weights' averages. */
  readonly unused: readonly string[];
}
