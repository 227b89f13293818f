/**
 * A network with its weights on a backend.
 *
 * @module
 */
import type { Parameters, Program } from "../backends/backend.ts";
import type { Graph } from "../graph/graph.ts";
import { withOutputs } from "../graph/passes/with_outputs.ts";
import type { HostTensor } from "../graph/tensor_spec.ts";
import { checkMethod, type InputSpecs, type Network } from "./networks/network.ts";
import { CallsInFlight } from "./calls_in_flight.ts";
import { ProgramCache } from "./program_cache.ts";

/** Settings of {@linkcode Component.program}. */
export interface ComponentProgramOptions {
  /** `forward` unless said otherwise; autoencoders have `encode` and `decode`. */
  readonly method?: string;
  /** Inputs that stay the same over many runs. */
  readonly constant?: readonly string[];
  /** Only these outputs, or inner modules by their paths. */
  readonly outputs?: readonly string[];
}

/** Makes a method's graph runnable. */
export type CompileMethod = (
  graph: Graph,
  options: { readonly method: string; readonly constant: readonly string[] },
) => Promise<Program>;

/** A network with its weights on a backend: what {@linkcode openModel} gives. */
export class Component {
  /** What it is called in the model: `unet`. */
  readonly name: string;
  /** Its class and methods. */
  readonly network: Network;
  /** Its weights. */
  readonly parameters: Parameters;
  readonly #compile: CompileMethod;
  readonly #calls: CallsInFlight;
  readonly #programs: ProgramCache;

  /** Made by {@linkcode openModel}. */
  constructor(
    name: string,
    parts: {
      readonly network: Network;
      readonly parameters: Parameters;
      readonly compile: CompileMethod;
      /** What may use programs that are given up. */
      readonly calls?: CallsInFlight;
    },
  ) {
    this.name = name;
    this.network = parts.network;
    this.parameters = parts.parameters;
    this.#compile = parts.compile;
    this.#calls = parts.calls ?? new CallsInFlight();
    this.#programs = new ProgramCache({ calls: this.#calls });
  }

  /** The class's name in diffusers. */
  get className(): string {
    return this.network.className;
  }

  /**
   * The graph of a method at given sizes.
   *
   * @throws {ComponentError} If inputs are missing, unknown or of wrong types.
   */
  graph(specs: InputSpecs, method = "forward"): Graph {
    return checkMethod(this.network, { method, specs }).graph(specs);
  }

  /**
   * A method compiled at given sizes; the program stays the component's.
   *
   * @param specs The inputs' specs, by diffusers' names.
   * @throws {ComponentError} If inputs are missing, unknown or of wrong types.
   * @throws {ShapeError} If their sizes do not fit the network.
   * @throws {WeightsError} If the weights do not fit the network.
   */
  program(specs: InputSpecs, options: ComponentProgramOptions = {}): Promise<Program> {
    const { method = "forward", constant = [], outputs } = options;
    const key = `${method} ${specsKey(specs)} ${constant.join()} ${outputs?.join() ?? "all"}`;
    return this.#programs.get(key, () => this.compile(specs, options));
  }

  /** What {@linkcode Component.program} does, anew: the program is the caller's. */
  async compile(specs: InputSpecs, options: ComponentProgramOptions = {}): Promise<Program> {
    const { method = "forward", constant = [], outputs } = options;
    const whole = this.graph(specs, method);
    const graph = outputs === undefined ? whole : withOutputs(whole, outputs);
    return await this.#compile(graph, { method, constant });
  }

  /**
   * Runs the network once on host tensors.
   *
   * @param inputs By diffusers' names: `sample`, `timestep`, `encoder_hidden_states`; `input_ids`; `x`; `z`.
   * @returns Its outputs by diffusers' names: `sample`; `last_hidden_state`; `mean`, `logvar`, `std`; or the outputs asked
   * for, which may be paths of inner modules: `down_blocks.0.resnets.1`.
   * @throws {ComponentError} If inputs are missing, unknown or of wrong types.
   * @throws {ShapeError} If their sizes do not fit the network.
   */
  async run(
    inputs: Readonly<Record<string, HostTensor>>,
    options: ComponentProgramOptions = {},
  ): Promise<Record<string, HostTensor>> {
    using _call = this.#calls.begin();
    const program = await this.program(inputs, options);
    const values = program.run(inputs);
    try {
      const read: Record<string, HostTensor> = {};
      for (const [name, value] of Object.entries(values)) read[name] = await value.read();
      return read;
    } finally {
      for (const value of Object.values(values)) value[Symbol.dispose]();
    }
  }

  /** Frees programs and weights. */
  [Symbol.dispose](): void {
    this.#programs[Symbol.dispose]();
    this.parameters[Symbol.dispose]();
  }
}

/** Names, types and sizes of inputs, as a key. */
export function specsKey(specs: InputSpecs): string {
  return Object.entries(specs)
    .map(([name, { dtype, shape }]) => `${name}:${dtype}[${shape.join()}]`)
    .sort()
    .join(" ");
}
