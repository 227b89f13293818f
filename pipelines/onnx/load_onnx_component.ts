/**
 * Networks that somebody exported as ONNX files.
 *
 * @module
 */
import { type Backend, NO_WEIGHTS, type Program, type RunInput } from "../../backends/backend.ts";
import type { OnnxruntimeModel } from "../../backends/onnxruntime/model.ts";
import type { OnnxruntimeBackend } from "../../backends/onnxruntime/onnxruntime_backend.ts";
import { ModelError } from "../../formats/model_error.ts";
import type { ModelComponent } from "../../formats/model_folder.ts";
import { OnnxError } from "../../formats/onnx/onnx_error.ts";
import type { OnnxPart } from "../../formats/onnx/onnx_folder.ts";
import type { Graph } from "../../graph/graph.ts";
import { f32, type TensorSpec } from "../../graph/tensor_spec.ts";
import { trace } from "../../graph/trace.ts";
import { posteriorOf, samplePosterior } from "../../models/autoencoder_kl.ts";
import { callsOn } from "../calls_in_flight.ts";
import { Component } from "../component.ts";
import type { InputSpecs, Method } from "../networks/network.ts";
import { bindInput, bindTimestep } from "./bind_input.ts";
import { type OnnxMethod, onnxMethods, portOf } from "./onnx_network.ts";
import { standIn } from "./stand_in.ts";

/** Whether a backend runs somebody's ONNX files. */
export function runsOnnxFiles(backend: Backend): backend is OnnxruntimeBackend {
  return "open" in backend && typeof backend.open === "function";
}

/**
 * Puts a network's files on ONNX Runtime, each when it is first used.
 *
 * @throws {ModelError} If the backend runs no ONNX files.
 * @throws {OnnxError} If a file takes or gives something else than the network would.
 */
export function loadOnnxComponent(component: ModelComponent, backend: Backend): Component {
  const { name, className, onnx: parts = new Map<string, OnnxPart>() } = component;
  if (!runsOnnxFiles(backend)) {
    throw new ModelError(
      `Cannot run ${component.files.description} on the backend ${backend.name}: ONNX files run on onnxruntime`,
    );
  }
  const methods = onnxMethods(className, { config: component.readConfig(), parts });
  const files = new OnnxFiles(backend);
  return new Component(name, {
    network: {
      className,
      methods: new Map(
        [...methods].filter(([method]) => parts.has(method)).map(([method, description]) => [
          method,
          describeMethod(description, method),
        ]),
      ),
    },
    parameters: {
      source: { ...NO_WEIGHTS, description: component.files.description },
      [Symbol.dispose]: () => files[Symbol.dispose](),
    },
    calls: callsOn(backend),
    async compile(graph, { method }) {
      const part = parts.get(method)!;
      const description = methods.get(method)!;
      const specs = Object.fromEntries(graph.inputs.map((input) => [input.name, input.spec]));
      const file = new FileProgram(graph, { model: await files.open(part), part, description });
      return method === "encode" ? await posterior(file, { backend, specs }) : file;
    },
  });
}

/** Outputs are named as our own networks name them. */
function describeMethod(description: OnnxMethod, name: string): Method {
  const inputs = Object.fromEntries(
    Object.entries(description.inputs).map(([input, { text }]) => [input, text]),
  );
  if (name !== "encode") {
    return { inputs, graph: (specs) => standIn(specs, ownNames(description, specs)) };
  }
  return {
    inputs: { ...inputs, noise: "[n, c, h, w]" },
    optional: ["noise"],
    graph(specs) {
      const [n, c2, ...sides] = description.outputs(specs).latent_parameters!.shape;
      const latents = f32(n!, c2! / 2, ...sides);
      const outputs = { mean: latents, logvar: latents, std: latents };
      return standIn(specs, specs.noise ? { ...outputs, sample: latents } : outputs);
    },
  };
}

function ownNames(description: OnnxMethod, specs: InputSpecs): Record<string, TensorSpec> {
  const own = new Map(Object.entries(description.names ?? {}).map(([ours, file]) => [file, ours]));
  return Object.fromEntries(
    Object.entries(description.outputs(specs)).map(([file, spec]) => [own.get(file) ?? file, spec]),
  );
}

/** The files of a network that are open. */
class OnnxFiles implements Disposable {
  readonly #backend: OnnxruntimeBackend;
  readonly #models = new Map<OnnxPart, Promise<OnnxruntimeModel>>();

  constructor(backend: OnnxruntimeBackend) {
    this.#backend = backend;
  }

  open(part: OnnxPart): Promise<OnnxruntimeModel> {
    const known = this.#models.get(part);
    if (known !== undefined) return known;
    const opening = this.#read(part);
    this.#models.set(part, opening);
    opening.catch(() => this.#models.delete(part));
    return opening;
  }

  async #read({ files, path, signature }: OnnxPart): Promise<OnnxruntimeModel> {
    const external = [];
    for (const { location, path: file } of signature.external) {
      external.push({ path: location, data: await files.read(file) });
    }
    try {
      return await this.#backend.open(await files.read(path), external);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ModelError(`Cannot use ${signature.description}: ${reason}`, { cause: error });
    }
  }

  [Symbol.dispose](): void {
    for (const model of this.#models.values()) {
      model.then((open) => open[Symbol.dispose](), () => {});
    }
    this.#models.clear();
  }
}

/** A method of a file at given sizes. */
class FileProgram implements Program {
  readonly graph: Graph;
  readonly #model: OnnxruntimeModel;
  readonly #part: OnnxPart;
  readonly #description: OnnxMethod;

  constructor(
    graph: Graph,
    { model, part, description }: {
      readonly model: OnnxruntimeModel;
      readonly part: OnnxPart;
      readonly description: OnnxMethod;
    },
  ) {
    this.graph = graph;
    this.#model = model;
    this.#part = part;
    this.#description = description;
  }

  run(inputs: Readonly<Record<string, RunInput>>): ReturnType<Program["run"]> {
    const where = this.#part.signature.description;
    const specs: Record<string, TensorSpec> = {};
    const feeds: Record<string, Parameters<OnnxruntimeModel["run"]>[0][string]> = {};
    for (const [name, { file, numbers }] of Object.entries(this.#description.inputs)) {
      const input = inputs[name]!;
      const spec = "spec" in input ? input.spec : input;
      specs[name] = spec;
      const port = portOf(this.#part, file);
      const bound = name === "timestep"
        ? bindTimestep(port, {
          sample: portOf(this.#part, "sample"),
          batch: specs.sample!.shape[0]!,
          where,
        })
        : bindInput(port, { spec, numbers, where });
      feeds[file] = { input, ...bound };
    }
    const own = new Map(
      Object.entries(this.#description.names ?? {}).map(([ours, file]) => [file, ours]),
    );
    const wanted = Object.entries(this.#description.outputs(specs)).filter(([file]) =>
      this.graph.outputs.some(({ name }) => name === (own.get(file) ?? file)) ||
      file === "latent_parameters"
    );
    const made = this.#model.run(feeds, Object.fromEntries(wanted));
    return Object.fromEntries(
      Object.entries(made).map(([file, value]) => [own.get(file) ?? file, value]),
    );
  }

  [Symbol.dispose](): void {}
}

/** What an encoder's file gives, taken apart as our own encoder does. */
async function posterior(
  file: FileProgram,
  { backend, specs }: { readonly backend: Backend; readonly specs: InputSpecs },
): Promise<Program> {
  const { spec } = file.graph.parameters[0]!; // all have the latents' sizes
  const [n, c, ...sides] = spec.shape;
  const noise = specs.noise === undefined ? {} : { noise: spec };
  const names = file.graph.outputs.map(({ name }) => name);
  const parameters = await backend.load(NO_WEIGHTS);
  const program = await backend.compile(
    trace<string>((given) => {
      const found = posteriorOf(given.moments!);
      const all = given.noise === undefined
        ? { ...found }
        : { ...found, sample: samplePosterior(found, given.noise) };
      return Object.fromEntries(
        Object.entries(all).filter(([name]) => names.includes(name)),
      );
    }, { moments: f32(n!, 2 * c!, ...sides), ...noise }),
    parameters,
  );
  return {
    graph: file.graph,
    run(inputs) {
      using moments = file.run(inputs).latent_parameters!;
      const drawn = inputs.noise === undefined ? {} : { noise: inputs.noise };
      return program.run({ moments, ...drawn });
    },
    [Symbol.dispose]() {
      program[Symbol.dispose]();
      parameters[Symbol.dispose]();
    },
  };
}

/**
 * Compares the networks of a folder with each other.
 *
 * @throws {OnnxError} If one makes what another does not take.
 */
export function checkOnnxNetworks(components: ReadonlyMap<string, ModelComponent>): void {
  const signature = (name: string, method: string) => {
    const component = components.get(name);
    const part = component?.onnx?.get(method);
    if (component === undefined || part === undefined) return undefined;
    onnxMethods(component.className, {
      config: component.readConfig(),
      parts: component.onnx ?? new Map(),
    });
    return part.signature;
  };
  const unet = signature("unet", "forward");
  const text = signature("text_encoder", "forward") ?? signature("bert", "forward");
  const decoder = signature("vae", "decode") ?? signature("vqvae", "decode");
  if (unet === undefined || text === undefined || decoder === undefined) return;
  const size = (
    ports: typeof unet.inputs,
    { name, axis }: { readonly name: string; readonly axis: number },
  ) => ports.find((port) => port.name === name)?.dims?.at(axis);
  const width = size(unet.inputs, { name: "encoder_hidden_states", axis: -1 });
  const given = size(text.outputs, { name: "last_hidden_state", axis: -1 });
  if (typeof width === "number" && typeof given === "number" && width !== given) {
    throw new OnnxError(
      `Cannot use ${unet.description}: its encoder_hidden_states has a width of ${width}, but last_hidden_state of ` +
        `${text.description} has ${given}`,
    );
  }
  const channels = size(unet.inputs, { name: "sample", axis: 1 });
  const latents = size(decoder.inputs, { name: "latent_sample", axis: 1 });
  if (typeof channels !== "number" || typeof latents !== "number") return;
  // Inpainting adds a mask and the latents of what is left of the picture.
  if (channels === latents || channels === 2 * latents + 1) return;
  throw new OnnxError(
    `Cannot use ${unet.description}: its sample has ${channels} channels, but latent_sample of ${decoder.description} has ` +
      `${latents}; it must be ${latents}, or ${2 * latents + 1} for inpainting`,
  );
}
