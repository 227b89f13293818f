/**
 * A model's parts: networks on a backend, tokenizer, scheduler configuration.
 *
 * @module
 */
import { type Backend, DisposedError, type Precision } from "../backends/backend.ts";
import { type BackendChoice, chooseBackend } from "./backend_choice.ts";
import { withCurrentNames } from "../formats/current_names.ts";
import { ModelError } from "../formats/model_error.ts";
import type { ModelComponent, ModelFolder } from "../formats/model_folder.ts";
import { weightsOptions } from "../formats/weights_variant.ts";
import { openTokenizer } from "../formats/tokenizers/open_tokenizer.ts";
import type { Tokenizer } from "../formats/tokenizers/tokenizer.ts";
import { callsOn } from "./calls_in_flight.ts";
import { Component } from "./component.ts";
import { type ModelSource, type ModelSourceOptions, openModelSource } from "./model_source.ts";
import { networkReaders } from "./networks/mod.ts";
import type { Network } from "./networks/network.ts";
import { checkOnnxNetworks, loadOnnxComponent } from "./onnx/load_onnx_component.ts";

/** Settings of {@linkcode openModel}. */
export interface ModelOptions extends ModelSourceOptions {
  /** A backend, or the name of one. A backend that is given stays the caller's to dispose. Default `auto`. */
  readonly backend?: BackendChoice;
  /** How weights are kept. */
  readonly precision?: Precision;
  /** `fp16`: the weight files `*.fp16.safetensors`. A component that has none is opened as it is, if another has some. */
  readonly variant?: string;
}

/** A model: what {@linkcode openModel} gives. Disposing it frees weights and programs, and the backend unless it was given. */
export interface Model extends AsyncDisposable {
  /** Where it is. */
  readonly description: string;
  /** The pipeline's class in diffusers. */
  readonly className: string;
  /** What runs it. */
  readonly backend: Backend;
  /** The folder: components, configurations, files. */
  readonly folder: ModelFolder;
  /**
   * A network of the model with its weights: `unet`, `vae`, `text_encoder`, by the folder's names.
   *
   * @throws {ModelError} If there is no such network, or its class is not known.
   */
  component(name: string): Promise<Component>;
  /** The network without its weights, as its configuration describes it. */
  network(name: string): Network;
  /** The tokenizer of a component, `tokenizer` unless said otherwise. */
  tokenizer(name?: string): Promise<Tokenizer>;
}

/**
 * Opens a model: an embedded one by name; by path or URL a folder of diffusers or of ONNX files, or an original checkpoint in
 * one file; or any source of files.
 *
 * @param source `shapes`, a folder's or file's path or URL, or a {@linkcode FileSource}.
 * @throws {ModelError} If something is missing or not understood, naming it.
 * @throws {FileError} If a file cannot be read.
 *
 * @example
 * ```ts
 * import { hostTensor, openModel } from "@denoise/denoise";
 *
 * await using model = await openModel("shapes", { backend: "reference" });
 * const vae = await model.component("vqvae");
 * const latents = hostTensor([1, 4, 2, 2], new Float32Array(16));
 * const { sample } = await vae.run({ z: latents }, { method: "decode" });
 * sample!.shape; // [1, 3, 16, 16]
 * ```
 */
export async function openModel(
  source: ModelSource,
  options: ModelOptions = {},
): Promise<Model> {
  return await modelOf(await openModelSource(source, options), options);
}

/**
 * The model of an open folder.
 *
 * @throws {ModelError} If its networks are ONNX files and not what their configurations say.
 */
export async function modelOf(
  folder: ModelFolder,
  options: Omit<ModelOptions, keyof ModelSourceOptions> = {},
): Promise<Model> {
  const isOnnx = [...folder.components.values()].some(({ onnx }) => onnx !== undefined);
  if (isOnnx) checkOnnxNetworks(folder.components);
  const { backend: choice = "auto" } = options;
  const { backend, owned } = await chooseBackend(
    isOnnx && choice === "auto" ? "onnxruntime" : choice,
  );
  const components = new Map<string, Promise<Component>>();
  let disposed = false;
  const load = async (name: string): Promise<Component> => {
    const component = folder.component(name);
    const { variant: _, ...rest } = options;
    const weights = await weightsOptions(folder, component, options.variant);
    return await loadComponent(component, { ...rest, ...weights, backend });
  };
  return {
    description: folder.description,
    className: folder.className,
    backend,
    folder,
    network: (name) => readNetwork(folder.component(name)),
    component(name) {
      const known = components.get(name);
      if (known !== undefined) return known;
      if (disposed) {
        return Promise.reject(
          new DisposedError(`Cannot use ${folder.description}: the model is disposed`),
        );
      }
      const loading = load(name);
      components.set(name, loading);
      loading.catch(() => components.delete(name));
      return loading;
    },
    tokenizer: (name = "tokenizer") => openTokenizer(folder.component(name).files),
    async [Symbol.asyncDispose]() {
      disposed = true;
      for (const component of components.values()) {
        await component.then((loaded) => loaded[Symbol.dispose](), () => {});
      }
      if (owned) await backend[Symbol.asyncDispose]();
    },
  };
}

function readNetwork(component: ModelComponent): Network {
  const { name, className, files } = component;
  const read = networkReaders.get(className);
  if (read === undefined) {
    throw new UnknownNetworkError(
      `Cannot build ${name} of ${files.description}: its class ${className} is not one of ` +
        [...networkReaders.keys()].join(", "),
    );
  }
  return read(component.readConfig());
}

/** A network is of a class that is not known. */
export class UnknownNetworkError extends ModelError {
  /** The name of this class. */
  override readonly name: string = "UnknownNetworkError";
}

/**
 * Puts a network of a folder on a backend: reads its configuration and the header of its weights.
 *
 * @throws {UnknownNetworkError} If its class is not known.
 * @throws {ModelError} If its configuration or its weights cannot be used.
 */
export async function loadComponent(
  component: ModelComponent,
  options: Pick<ModelOptions, "variant" | "precision"> & { readonly backend: Backend },
): Promise<Component> {
  const { variant, precision, backend } = options;
  if (component.onnx !== undefined) {
    if (precision === "f16") {
      throw new ModelError(
        `Cannot keep ${component.files.description} in f16: an ONNX file has its own precision`,
      );
    }
    return loadOnnxComponent(component, backend);
  }
  const network = readNetwork(component);
  const weights = await component.openWeights(variant === undefined ? {} : { variant });
  const source = withCurrentNames(weights, component.className);
  const parameters = await backend.load(source, precision === undefined ? {} : { precision });
  return new Component(component.name, {
    network,
    parameters,
    calls: callsOn(backend),
    compile: (graph, { constant }) => backend.compile(graph, parameters, { constant }),
  });
}
