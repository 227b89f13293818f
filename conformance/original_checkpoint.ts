/**
 * An original checkpoint of a golden folder, on a backend.
 *
 * @module
 */
import type { Backend } from "../backends/backend.ts";
import { config } from "../formats/config_reader.ts";
import type { FileSource } from "../formats/files.ts";
import { isObject, type JsonValue } from "../formats/json.ts";
import { openOriginal } from "../formats/originals/open_original.ts";
import type { OriginalModel } from "../formats/originals/original_model.ts";
import { parseOriginalText } from "../formats/originals/original_text.ts";
import type { WeightSource } from "../formats/weight_source.ts";
import { readOptionalJson } from "../formats/read_json.ts";
import { Component } from "../pipelines/component.ts";
import { networkReaders } from "../pipelines/networks/mod.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** Which of a folder's models is meant. */
export type OriginalVariant =
  /** The one of its configuration. */
  | "own"
  /** That of `config-v.yaml`. */
  | "velocity"
  /** With the averaged weights where the configuration wants the others, or the other way round. */
  | "other weights"
  /** With fused projections in the order that the configuration does not say. */
  | "other order";

/** Opens a variant of the checkpoint in a golden folder. */
export async function openGoldenOriginal(
  files: FileSource,
  { source, variant }: { readonly source: WeightSource; readonly variant: OriginalVariant },
): Promise<OriginalModel> {
  const names = variant === "velocity" ? ["config-v.yaml"] : ["config.yaml", "config.json"];
  const textEncoderConfig = await readOptionalJson(files, "text_encoder_config.json") ??
    await readOptionalJson(files, "open_clip_config.json");
  for (const name of names) {
    if (!await files.exists(name)) continue;
    const configPath = `${files.description}/${name}`;
    const text = new TextDecoder().decode(await files.read(name));
    const config = altered(parseOriginalText(text, configPath), variant);
    return await openOriginal(source, { config, configPath, textEncoderConfig });
  }
  throw new Error(`Cannot run ${files.description}: it has none of ${names.join(", ")}`);
}

/** The configuration with one setting turned round. */
function altered(json: JsonValue, variant: OriginalVariant): JsonValue {
  if (!isObject(json)) return json;
  switch (variant) {
    case "own":
    case "velocity":
      return json;
    case "other order":
      return { ...json, use_new_attention_order: json.use_new_attention_order !== true };
    case "other weights": {
      const model = isObject(json.model) ? json.model : {};
      const params = isObject(model.params) ? model.params : {};
      return {
        ...json,
        model: { ...model, params: { ...params, use_ema: params.use_ema === false } },
      };
    }
  }
}

/** A checkpoint's networks, each loaded once. */
export class OriginalCheckpoint implements AsyncDisposable {
  /** The checkpoint's parts. */
  readonly model: OriginalModel;
  /** What runs it. */
  readonly backend: Backend;
  readonly #components = new Map<string, Promise<Component>>();

  /** The backend stays the caller's. */
  constructor(model: OriginalModel, backend: Backend) {
    this.model = model;
    this.backend = backend;
  }

  /** What denoisers see latents times. */
  get latentScale(): number {
    const { components } = this.model;
    const stage = components.get("vae") ?? components.get("vqvae");
    return stage?.config.scaling_factor as number;
  }

  /**
   * The first of these networks that the model has: `component("vae", "vqvae")`.
   *
   * @throws {UnsupportedCaseError} If its class is not known.
   */
  component(...names: readonly string[]): Promise<Component> {
    const name = names.find((each) => this.model.components.has(each));
    const part = name === undefined ? undefined : this.model.components.get(name);
    if (name === undefined || part === undefined) {
      throw new Error(`Cannot run ${this.model.description}: it has none of ${names.join(", ")}`);
    }
    const known = this.#components.get(name);
    if (known !== undefined) return known;
    const read = networkReaders.get(part.className);
    if (read === undefined) throw new UnsupportedCaseError(`the class ${part.className}`);
    const network = read(config(part.config, `${this.model.description}, ${name}`));
    const opening = this.backend.load(part.weights).then((parameters) =>
      new Component(name, {
        network,
        parameters,
        compile: (graph, { constant }) => this.backend.compile(graph, parameters, { constant }),
      })
    );
    this.#components.set(name, opening);
    return opening;
  }

  /** Frees programs and weights. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const component of this.#components.values()) {
      await component.then((open) => open[Symbol.dispose](), () => {});
    }
  }
}
