/**
 * What a backend is: it loads weights, compiles graphs and runs them.
 *
 * @module
 */
import type { Graph } from "../graph/graph.ts";
import {
  describe,
  type DType,
  type HostTensor,
  sizeOf,
  type TensorSpec,
} from "../graph/tensor_spec.ts";

/** A tensor of a checkpoint, before it is read. */
export interface StoredTensor {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** How the file stores it: `F32`, `F16`, `BF16`, … */
  readonly stored: string;
}

/** Named tensors that are read one by one, when they are needed: a checkpoint is never whole in memory. */
export interface ParameterSource {
  /** Where it comes from, for messages: a file or a folder. */
  readonly description: string;
  /** Every tensor that there is. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /**
   * Reads one tensor as 32-bit floats.
   *
   * @param rows Only these of the first axis: `[start, end)`.
   */
  read(name: string, rows?: readonly [number, number]): Promise<Float32Array>;
}

/** What graphs without weights are compiled with. */
export const NO_WEIGHTS: ParameterSource = {
  description: "no weights",
  tensors: new Map(),
  read: (name) => Promise.reject(new Error(`Cannot read ${name}: there are no weights`)),
};

/** A model's weights, once, on the device. Disposing it frees them. */
export interface Parameters extends Disposable {
  /** What they are read from. */
  readonly source: ParameterSource;
}

/** A tensor on the device. Disposing it frees it; using it after that is an error. */
export interface Value extends Disposable {
  /** Shape and element type. */
  readonly spec: TensorSpec;
  /** Waits for the device and copies the elements to host memory. */
  read(): Promise<HostTensor>;
}

/** What a program may be given. */
export type RunInput = Value | HostTensor;

/** A compiled graph. */
export interface Program extends Disposable {
  /** The graph, for its inputs and outputs. */
  readonly graph: Graph;
  /**
   * Runs the graph; does not wait for the device.
   *
   * @param inputs Every input of the graph by name.
   * @param into Values of the caller's that take outputs of these names; the others are new values of the caller's.
   * A value may be input and `into` of the same run only if the backend copies inputs first, which all must.
   * @throws {InputError} If an input is missing, unknown or of another spec.
   */
  run(inputs: Readonly<Record<string, RunInput>>, into?: Readonly<Record<string, Value>>): Record<
    string,
    Value
  >;
}

/** How weights are kept. */
export type Precision = "f32" | "f16";

/** Settings of {@linkcode Backend.load}. */
export interface LoadOptions {
  /** `f16` stores weights in half precision; all computing stays f32. Default f32. */
  readonly precision?: Precision;
}

/** Settings of {@linkcode Backend.compile}. */
export interface CompileOptions {
  /** Inputs that stay the same over many runs: what depends on them alone is computed once. */
  readonly constant?: readonly string[];
}

/** Something that runs graphs. Only {@linkcode Value.read} and `settled` wait. */
export interface Backend extends AsyncDisposable {
  /** `reference`, `webgpu`, `checked(webgpu, reference)`. */
  readonly name: string;
  /**
   * Whether `settled` costs next to nothing beside a network's call. Then a loop that somebody listens to waits after every step;
   * otherwise, as on a GPU, it lets work gather. Default false.
   */
  readonly waitsCheaply?: boolean;
  /**
   * How many of an attention's scores, a number for each query and key, are in memory at once, of `count` in all. It matters
   * where tiles are chosen by memory. Absent: none are, as they are never written out.
   */
  scoresAtOnce?(count: number): number;
  /** Takes charge of a model's weights. They are read when the first program asks for them. */
  load(source: ParameterSource, options?: LoadOptions): Promise<Parameters>;
  /**
   * Makes a graph runnable.
   *
   * @throws {WeightsError} If the parameters lack a weight of the graph or have it in another shape.
   */
  compile(graph: Graph, parameters: Parameters, options?: CompileOptions): Promise<Program>;
  /** Copies a host tensor to the device. */
  upload(tensor: HostTensor): Value;
  /** All work given so far is done. Gives the event loop a turn. */
  settled(): Promise<void>;
}

/** A program got an input that it cannot take. */
export class InputError extends Error {
  /** The name of this class. */
  override name = "InputError";
}

/** A checkpoint lacks weights of a network or has them in other shapes. */
export class WeightsError extends Error {
  /** The name of this class. */
  override name = "WeightsError";
  /** Names that the network needs and the checkpoint lacks. */
  readonly missing: readonly string[];
  /** Names whose shapes differ. */
  readonly misshapen: readonly string[];

  /** Lists up to ten of each. */
  constructor(source: string, faults: { missing: string[]; misshapen: string[] }) {
    const some = (names: string[]) =>
      names.slice(0, 10).join(", ") + (names.length > 10 ? ` and ${names.length - 10} more` : "");
    const parts: string[] = [];
    if (faults.missing.length > 0) parts.push(`missing: ${some(faults.missing)}`);
    if (faults.misshapen.length > 0) parts.push(`of another shape: ${some(faults.misshapen)}`);
    super(`Cannot use the weights of ${source}: ${parts.join("; ")}`);
    this.missing = faults.missing;
    this.misshapen = faults.misshapen;
  }
}

/** A value was used after it was disposed. */
export class DisposedError extends Error {
  /** The name of this class. */
  override name = "DisposedError";
}

/**
 * Checks a graph's parameters against what a checkpoint has.
 *
 * @throws {WeightsError} One error that lists every fault.
 */
export function checkWeights(graph: Graph, source: ParameterSource): void {
  const missing: string[] = [];
  const misshapen: string[] = [];
  for (const { name, spec } of graph.parameters) {
    const found = source.tensors.get(name);
    if (found === undefined) missing.push(name);
    else if (!fits(found.shape, spec.shape)) {
      misshapen.push(`${name} [${found.shape.join(", ")}], not [${spec.shape.join(", ")}]`);
    }
  }
  if (missing.length + misshapen.length > 0) {
    throw new WeightsError(source.description, { missing, misshapen });
  }
}

/** Equal, or equal but for trailing ones: a 1x1 convolution and a linear layer store the same numbers. */
function fits(found: readonly number[], wanted: readonly number[]): boolean {
  const length = Math.max(found.length, wanted.length);
  for (let axis = 0; axis < length; axis++) {
    if ((found[axis] ?? 1) !== (wanted[axis] ?? 1)) return false;
  }
  return true;
}

/**
 * Checks that a host tensor has as many elements as its shape says.
 *
 * @throws {InputError} If it does not.
 */
export function checkHostTensor(tensor: HostTensor, name: string): void {
  const size = sizeOf(tensor.shape);
  if (tensor.data.length !== size) {
    throw new InputError(
      `Cannot use ${name}: it has ${tensor.data.length} elements, but ${
        describe(tensor)
      } has ${size}`,
    );
  }
}

/**
 * Checks what a program is given against its graph.
 *
 * @throws {InputError} If an input is missing, unknown or of another spec.
 */
export function checkInputs(graph: Graph, inputs: Readonly<Record<string, RunInput>>): void {
  for (const { name, spec } of graph.inputs) {
    const given = inputs[name];
    if (given === undefined) throw new InputError(`Cannot run the graph: input ${name} is missing`);
    const found: { dtype: DType; shape: readonly number[] } = "spec" in given ? given.spec : given;
    if (found.dtype !== spec.dtype || found.shape.join() !== spec.shape.join()) {
      throw new InputError(
        `Cannot run the graph: input ${name} is ${found.dtype}[${found.shape.join(", ")}], not ` +
          `${spec.dtype}[${spec.shape.join(", ")}]`,
      );
    }
  }
  for (const [name, given] of Object.entries(inputs)) {
    if (!("spec" in given)) checkHostTensor(given, name);
    if (!graph.inputs.some((input) => input.name === name)) {
      const names = graph.inputs.map((input) => input.name).join(", ");
      throw new InputError(`Cannot run the graph: it has no input ${name}; it has ${names}`);
    }
  }
}
