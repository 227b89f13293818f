/**
 * The reference: a naive interpreter in TypeScript, the definition of every op.
 *
 * @module
 */
import type { Graph, Node, ValueId } from "../../graph/graph.ts";
import { specsOf } from "../../graph/graph.ts";
import { type OpName, ops } from "../../graph/ops/mod.ts";
import { constantPart } from "../../graph/passes/constant_part.ts";
import { decompose } from "../../graph/passes/decompose.ts";
import { lastUses } from "../../graph/passes/liveness.ts";
import { describe, type HostTensor, sameShape, type TensorSpec } from "../../graph/tensor_spec.ts";
import {
  type Backend,
  checkHostTensor,
  checkInputs,
  checkWeights,
  type CompileOptions,
  DisposedError,
  InputError,
  type LoadOptions,
  type Parameters,
  type ParameterSource,
  type Program,
  type RunInput,
  type Value,
} from "../backend.ts";
import type { Kernel } from "./kernel.ts";
import { kernels } from "./kernels.ts";

/** Settings of {@linkcode referenceBackend}. */
export interface ReferenceOptions {
  /** Runs every op that has a decomposition through it: a second opinion on both. Default false. */
  readonly decompose?: boolean;
}

/**
 * A backend in plain TypeScript: sums in double precision, one rounding on store. Slow, and right.
 *
 * @example
 * ```ts
 * import { add, f32, hostTensor, referenceBackend, trace } from "@denoise/denoise";
 *
 * await using backend = referenceBackend();
 * using none = await backend.load({ description: "", tensors: new Map(), read: () => Promise.reject() });
 * const graph = trace(({ a, b }) => add(a, b), { a: f32(2), b: f32(2) });
 * using program = await backend.compile(graph, none);
 * const { output } = program.run({ a: hostTensor([2], [1, 2]), b: hostTensor([2], [10, 20]) });
 * (await output!.read()).data; // [11, 22]
 * ```
 */
export function referenceBackend(options: ReferenceOptions = {}): Backend {
  return {
    name: options.decompose ? "reference (decomposed)" : "reference",
    waitsCheaply: true,
    load: (source, { precision = "f32" }: LoadOptions = {}) =>
      Promise.resolve(new ReferenceParameters(source, precision === "f16")),
    async compile(graph, parameters, { constant = [] }: CompileOptions = {}) {
      if (!(parameters instanceof ReferenceParameters)) {
        throw new TypeError("Cannot compile: the parameters were loaded by another backend");
      }
      checkWeights(graph, parameters.source);
      const simple = options.decompose
        ? decompose(graph, ({ op }) => ops[op].decompose === undefined)
        : graph;
      const weights = new Map<ValueId, HostTensor>();
      for (const { name, id, spec } of simple.parameters) {
        weights.set(id, await parameters.tensor(name, spec));
      }
      return new ReferenceProgram({ graph, simple, parameters, weights, constant });
    },
    upload(tensor) {
      checkHostTensor(tensor, "a tensor to upload");
      const { dtype, shape, data } = tensor;
      return new ReferenceValue({ dtype, shape: [...shape], data: data.slice() } as HostTensor);
    },
    // A turn of the event loop, so that timers and signals are heard.
    settled: () => new Promise((resolve) => setTimeout(resolve, 0)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Weights in host memory, each read when a program first asks for it. */
class ReferenceParameters implements Parameters {
  readonly source: ParameterSource;
  readonly #half: boolean;
  readonly #read = new Map<string, Promise<Float32Array | Float16Array>>();
  disposed = false;

  constructor(source: ParameterSource, half: boolean) {
    this.source = source;
    this.#half = half;
  }

  async tensor(name: string, { shape }: TensorSpec): Promise<HostTensor> {
    if (this.disposed) throw new DisposedError(`Cannot read ${name}: the parameters are disposed`);
    let reading = this.#read.get(name);
    if (reading === undefined) {
      reading = this.source.read(name).then((data) => this.#half ? new Float16Array(data) : data);
      reading.catch(() => this.#read.delete(name));
      this.#read.set(name, reading);
    }
    const data = await reading;
    return data instanceof Float16Array
      ? { dtype: "f16", shape, data }
      : { dtype: "f32", shape, data };
  }

  [Symbol.dispose](): void {
    this.disposed = true;
    this.#read.clear();
  }
}

/** A tensor in host memory. `version` grows when a program writes into it. */
class ReferenceValue implements Value {
  readonly spec: TensorSpec;
  version = 0;
  #tensor: HostTensor | undefined;

  constructor(tensor: HostTensor) {
    this.spec = { dtype: tensor.dtype, shape: tensor.shape };
    this.#tensor = tensor;
  }

  get tensor(): HostTensor {
    if (this.#tensor === undefined) {
      throw new DisposedError(`Cannot use a value ${describe(this.spec)}: it is disposed`);
    }
    return this.#tensor;
  }

  write(tensor: HostTensor): void {
    this.tensor.data.set(tensor.data);
    this.version++;
  }

  async read(): Promise<HostTensor> {
    const { dtype, shape, data } = this.tensor;
    return await Promise.resolve({ dtype, shape, data: data.slice() } as HostTensor);
  }

  [Symbol.dispose](): void {
    this.#tensor = undefined;
  }
}

/** Which tensor an input was, and at which version, when the constant part was computed. */
type Stamp = readonly [input: RunInput, version: number];

class ReferenceProgram implements Program {
  readonly graph: Graph;
  readonly #simple: Graph;
  readonly #parameters: ReferenceParameters;
  readonly #weights: ReadonlyMap<ValueId, HostTensor>;
  readonly #constant: readonly string[];
  readonly #fixed: ReadonlySet<ValueId>;
  readonly #dying: readonly (readonly ValueId[])[];
  #kept = new Map<ValueId, HostTensor>();
  #stamps: readonly Stamp[] = [];
  #disposed = false;

  constructor(parts: {
    readonly graph: Graph;
    readonly simple: Graph;
    readonly parameters: ReferenceParameters;
    readonly weights: ReadonlyMap<ValueId, HostTensor>;
    readonly constant: readonly string[];
  }) {
    this.graph = parts.graph;
    this.#simple = parts.simple;
    this.#parameters = parts.parameters;
    this.#weights = parts.weights;
    this.#constant = parts.constant;
    this.#fixed = constantPart(parts.simple, parts.constant);
    this.#dying = lastUses(parts.simple);
  }

  run(
    inputs: Readonly<Record<string, RunInput>>,
    into: Readonly<Record<string, Value>> = {},
  ): Record<string, Value> {
    if (this.#disposed || this.#parameters.disposed) {
      throw new DisposedError("Cannot run a program: it or its parameters are disposed");
    }
    checkInputs(this.graph, inputs);
    this.#checkInto(into);
    // An output may be an input, a weight or another output, and an input may be written into: copies first.
    const results = this.#compute(inputs).map((result) =>
      ({ ...result, data: result.data.slice() }) as HostTensor
    );
    const written: Record<string, Value> = {};
    for (const [at, { name }] of this.graph.outputs.entries()) {
      const target = into[name];
      // Checked above: it is one of ours.
      if (target !== undefined) (target as ReferenceValue).write(results[at]!);
      written[name] = target ?? new ReferenceValue(results[at]!);
    }
    return written;
  }

  #checkInto(into: Readonly<Record<string, Value>>): void {
    const specs = specsOf(this.graph);
    for (const [name, target] of Object.entries(into)) {
      const output = this.graph.outputs.find((each) => each.name === name);
      if (output === undefined) {
        throw new InputError(`Cannot write into ${name}: the graph has no such output`);
      }
      const spec = specs.get(output.id)!;
      if (
        !(target instanceof ReferenceValue) || target.spec.dtype !== spec.dtype ||
        !sameShape(target.spec.shape, spec.shape)
      ) {
        throw new InputError(
          `Cannot write ${name}, ${describe(spec)}, into ${describe(target.spec)}`,
        );
      }
    }
  }

  /** The outputs, in the graph's order. They may share memory with inputs. */
  #compute(inputs: Readonly<Record<string, RunInput>>): HostTensor[] {
    const stamps = this.#constant.map((name): Stamp => {
      const input = inputs[name]!;
      return [input, input instanceof ReferenceValue ? input.version : 0];
    });
    const same = stamps.length === this.#stamps.length &&
      stamps.every(([input, version], at) => {
        const [known, knownVersion] = this.#stamps[at]!;
        return input === known && version === knownVersion && input instanceof ReferenceValue;
      });
    const { nodes, outputs } = this.#simple;
    const kept = same ? this.#kept : new Map<ValueId, HostTensor>();
    const live = new Map<ValueId, HostTensor>(kept);
    for (const { name, id } of this.#simple.inputs) live.set(id, hostOf(inputs[name]!));
    const find = (id: ValueId): HostTensor => live.get(id) ?? widened(this.#weights.get(id)!);
    for (const [at, node] of nodes.entries()) {
      if (!kept.has(node.id)) {
        const result = runNode(node, node.inputs.map(find));
        live.set(node.id, result);
        if (this.#fixed.has(node.id)) kept.set(node.id, result);
      }
      for (const id of this.#dying[at]!) live.delete(id);
    }
    this.#kept = kept;
    this.#stamps = stamps;
    return outputs.map(({ id }) => find(id));
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#kept.clear();
    this.#stamps = [];
  }
}

function hostOf(input: RunInput): HostTensor {
  if (!("spec" in input)) return input;
  if (input instanceof ReferenceValue) return input.tensor;
  throw new InputError("Cannot run the graph: an input is a value of another backend");
}

/** Weights stored in halves are computed with as floats. */
function widened(weight: HostTensor): HostTensor {
  return weight.dtype === "f16"
    ? { dtype: "f32", shape: weight.shape, data: new Float32Array(weight.data) }
    : weight;
}

/** Runs one node: what the whole reference comes down to. */
export function runNode(node: Node, inputs: readonly HostTensor[]): HostTensor {
  // One generic call for a union of nodes: kernel and attributes of a node belong together.
  const kernel = kernels[node.op] as Kernel<OpName>;
  const data = kernel(inputs, { attributes: node.attributes, output: node.output });
  return { ...node.output, data } as HostTensor;
}
