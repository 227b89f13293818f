/**
 * An original checkpoint in the shape of a model folder, so that pipelines need not know the difference.
 *
 * @module
 */
import { config } from "../config_reader.ts";
import { type FileSource, memoryFiles } from "../file_source.ts";
import { display, type JsonObject } from "../json.ts";
import type { ModelComponent, ModelFolder } from "../model_folder.ts";
import { ModelError } from "../model_error.ts";
import type { WeightsOptions } from "../open_weights.ts";
import type { OriginalModel } from "./original_model.ts";
import type { WeightSource } from "../weight_source.ts";

/** A component whose weights are mapped. */
export interface OriginalFolderComponent extends Omit<ModelComponent, "openWeights"> {
  /**
   * Its weights, by diffusers' names.
   *
   * @throws {ModelError} If a variant is asked for: a single file has none.
   */
  openWeights(options?: WeightsOptions): Promise<WeightSource>;
}

/** A model folder made of a checkpoint. */
export interface OriginalFolder extends Omit<ModelFolder, "components" | "component"> {
  /** Components by name. */
  readonly components: ReadonlyMap<string, OriginalFolderComponent>;
  /**
   * A component by name.
   *
   * @throws {ModelError} If there is none; of the tokenizer it says that a checkpoint has none and what has to be given.
   */
  component(name: string): OriginalFolderComponent;
  /** What was found out about the checkpoint. */
  readonly original: OriginalModel;
}

/** The checkpoint that a folder was made of, if it was made of one. */
export function originalOf(folder: ModelFolder): OriginalModel | undefined {
  return "original" in folder ? (folder as OriginalFolder).original : undefined;
}

/**
 * Gives a checkpoint the shape of a model folder.
 *
 * @param options The files of the tokenizer, which no checkpoint holds: a folder like diffusers' `tokenizer`.
 */
export function originalFolder(
  model: OriginalModel,
  { tokenizer }: { readonly tokenizer?: FileSource | undefined } = {},
): OriginalFolder {
  const { description, className } = model;
  const components = new Map<string, OriginalFolderComponent>();
  for (const [name, part] of model.components) {
    const { className, config, weights } = part;
    components.set(name, component(model, { name, className, json: config, weights }));
  }
  for (const [name, json] of model.schedulers) {
    components.set(name, component(model, { name, className: String(json._class_name), json }));
  }
  if (model.tokenizer !== null && tokenizer !== undefined) {
    components.set("tokenizer", {
      ...component(model, { name: "tokenizer", className: model.tokenizer, json: {} }),
      files: tokenizer,
    });
  }
  return {
    description,
    className,
    settings: model.settings,
    components,
    original: model,
    component(name) {
      const found = components.get(name);
      if (found !== undefined) return found;
      if (name === "tokenizer" && model.tokenizer !== null) {
        throw new ModelError(
          `Cannot open the tokenizer of ${description}: a checkpoint has none; give the folder of a ${model.tokenizer}, ` +
            "such as a diffusers model of the same family has",
        );
      }
      const names = [...components.keys()].join(", ");
      throw new ModelError(
        `Cannot open ${display(name)} of ${description}: ${className} has ${names}`,
      );
    },
  };
}

function component(
  { description }: OriginalModel,
  { name, className, json, weights }: {
    readonly name: string;
    readonly className: string;
    readonly json: JsonObject;
    readonly weights?: WeightSource;
  },
): OriginalFolderComponent {
  const isScheduler = weights === undefined;
  const file = isScheduler ? "scheduler_config.json" : "config.json";
  const where = `${description}, ${name}`;
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return {
    name,
    kind: name === "tokenizer" ? "tokenizer" : isScheduler ? "scheduler" : "network",
    className,
    files: { ...memoryFiles(new Map([[file, bytes]])), description: where },
    readConfig: () => config(json, where),
    openWeights({ variant } = {}) {
      if (weights === undefined) {
        return Promise.reject(new ModelError(`Cannot open the weights of ${where}: it has none`));
      }
      if (variant === undefined) return Promise.resolve(weights);
      return Promise.reject(
        new ModelError(
          `Cannot open the variant ${display(variant)} of ${where}: a single file has no variants`,
        ),
      );
    },
  };
}
