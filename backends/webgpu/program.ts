/**
 * A compiled graph: a list of dispatches, made once. A run copies its inputs into slots of the program, encodes the list, and
 * copies the results out; it never waits.
 *
 * The dispatches fall into two lists. What depends on constant inputs and weights alone is encoded only when a constant
 * input is another value, or has other elements, than in the run before; a host tensor counts as other elements.
 *
 * @module
 */
import { checkInputs, DisposedError, InputError, type Program, type RunInput } from "../backend.ts";
import type { StepTime } from "../profiled.ts";
import type { Graph, ValueId } from "../../graph/graph.ts";
import { type HostTensor, sizeOf, type TensorSpec } from "../../graph/tensor_spec.ts";
import type { Arena } from "./arena.ts";
import { DeviceValue, toWords } from "./device_value.ts";
import { bind, type Bound, type Dispatch, encode, uniformBlocks } from "./dispatch.ts";
import type { Gpu } from "./gpu.ts";
import { type BufferRef, PLAIN } from "./kernel.ts";
import type { DeviceParameters, StoredParameter } from "./parameters.ts";
import {
  type ChooseKernel,
  type Home,
  planProgram,
  type ProgramStatistics,
} from "./plan_program.ts";
import { windowed } from "./windows.ts";
import { timeDispatches } from "./timestamps.ts";

/** One kernel of a program, for profiles and messages. */
export interface ProgramStep {
  /** Names of its ops: `conv2d+silu`. */
  readonly label: string;
  /** The checkpoint's path of its first node. */
  readonly site: string;
  /** What it makes. */
  readonly spec: TensorSpec;
  readonly dispatches: readonly Dispatch[];
}

/** How long a kernel took on the device. */
export interface KernelTime extends StepTime {
  /** What it made. */
  readonly spec: TensorSpec;
  /** Names of its dispatches: `conv2d/registers`. */
  readonly kernels: readonly string[];
}

/** What {@linkcode compileProgram} needs of its backend. */
export interface ProgramContext {
  readonly gpu: Gpu;
  readonly arena: Arena;
  readonly choose?: ChooseKernel | undefined;
}

/** Compiles a graph for a device: plans it, loads its weights, and makes its buffers, pipelines and bind groups. */
export async function compileProgram(
  graph: Graph,
  options: {
    readonly context: ProgramContext;
    readonly parameters: DeviceParameters;
    readonly constant: readonly string[];
  },
): Promise<GpuProgram> {
  const { context, parameters, constant } = options;
  const { gpu, arena, choose } = context;
  const { precision } = parameters;
  const planned = planProgram(graph, { gpu: gpu.traits, constant, precision, choose });
  const owned: GPUBuffer[] = [];
  let slots: GPUBuffer[] = [];
  const keep = (bytes: number, purpose: string): Bound => {
    const buffer = gpu.allocate(bytes, { purpose });
    owned.push(buffer);
    return { buffer, bytes };
  };
  try {
    slots = arena.acquire(planned.slots.map((words) => 4 * words));
    const settle = async (home: Home): Promise<Bound> => {
      switch (home.kind) {
        case "weight": {
          const { name, shape } = home;
          const { parts } = await parameters.get(name, { shape, layout: PLAIN, whole: true });
          return parts[0]!;
        }
        case "numbers": {
          const bound = keep(4 * home.words, "numbers of a network");
          const words = new Float32Array(home.words);
          if (home.values.length === 1) words.fill(home.values[0]!);
          else words.set(home.values);
          gpu.write(bound.buffer, words);
          return bound;
        }
        case "kept":
          return keep(4 * home.words, "what stays from run to run");
        case "slot":
          return { buffer: slots[home.slot]!, bytes: 4 * home.words };
      }
    };
    const buffers = new Map<ValueId, Bound>();
    for (const [id, home] of planned.homes) buffers.set(id, await settle(home));
    // Nothing is bound to a buffer that was not allocated.
    await gpu.allocated([...owned, ...slots]);

    const passes = planned.steps.flatMap(({ plan }) => plan.passes);
    const pipelines = await Promise.all(passes.map((pass) => gpu.pipeline(pass.wgsl, pass.label)));
    const blocks = uniformBlocks(passes);
    const uniforms = gpu.uniformBuffer(blocks.words, "sizes of a network");
    owned.push(uniforms);
    const steps: ProgramStep[] = [];
    let at = 0;
    for (const { plan, inputs, externals, scratch, output, label, site, spec } of planned.steps) {
      const weights: (StoredParameter | undefined)[] = [];
      for (const source of inputs) {
        weights.push(
          source.kind === "weight" ? await parameters.get(source.name, source) : undefined,
        );
      }
      const tables = plan.tables.map((table) => {
        const bound = keep(table.byteLength, `a table at ${site}`);
        gpu.write(bound.buffer, new Uint32Array(table));
        return bound;
      });
      const own: Bound[] = [];
      for (const home of scratch) own.push(await settle(home));
      const resolve = (ref: BufferRef): Bound => {
        switch (ref.kind) {
          case "input": {
            const source = inputs[ref.index]!;
            return source.kind === "weight"
              ? weights[ref.index]!.parts[ref.part]!
              : buffers.get(source.id)!;
          }
          case "external":
            return buffers.get(externals[ref.index]!)!;
          case "scratch":
            return own[ref.index]!;
          case "table":
            return tables[ref.index]!;
          case "output":
            return buffers.get(output)!;
        }
      };
      const dispatches: Dispatch[] = [];
      for (const pass of plan.passes) {
        const index = at++;
        const whole = pass.buffers.map(resolve);
        const split = windowed(pass, {
          bytes: whole.map(({ bytes }) => bytes),
          limits: gpu.traits.limits,
        });
        dispatches.push(bind(gpu, {
          pass,
          pipeline: split === undefined
            ? pipelines[index]!
            : await gpu.pipeline(split.wgsl, `${pass.label}, windows`),
          uniforms,
          offset: blocks.offsets[index]!,
          storage: split === undefined ? whole : split.windows.map(({ buffer, start, bytes }) => ({
            buffer: whole[buffer]!.buffer,
            byteOffset: start,
            bytes,
          })),
          purpose: `${label}${site === "" ? "" : ` at ${site}`}`,
        }));
      }
      steps.push({ label, site, spec, dispatches });
    }
    await gpu.allocated(owned);
    return new GpuProgram(graph, {
      context,
      parameters,
      constantSteps: steps.slice(0, planned.constantSteps),
      steps: steps.slice(planned.constantSteps),
      inputs: graph.inputs.map(({ name, id, spec }) => ({
        name,
        spec,
        buffer: buffers.get(id)!.buffer,
        constant: constant.includes(name),
      })),
      outputs: planned.outputs.map(({ name, id, spec }) => ({
        name,
        spec,
        buffer: buffers.get(id)!.buffer,
      })),
      owned,
      slots,
      materialised: planned.materialised,
      statistics: planned.statistics,
    });
  } catch (error) {
    for (const buffer of owned) gpu.free(buffer);
    arena.release(slots);
    throw error;
  }
}

/** A place of a program that a tensor is copied to or from. */
interface Port {
  readonly name: string;
  readonly spec: TensorSpec;
  readonly buffer: GPUBuffer;
}

/** A constant input, and its version when the constant part was computed. */
interface Seen {
  readonly input: RunInput;
  readonly version: number;
}

/** A {@linkcode Program} on a GPU. */
export class GpuProgram implements Program {
  readonly graph: Graph;
  readonly statistics: ProgramStatistics;
  /** Nodes whose values are stored; those of the others exist within a kernel only. */
  readonly materialised: ReadonlySet<ValueId>;
  /** Kernels of a run, without the constant part. */
  readonly steps: readonly ProgramStep[];
  /**
   * Runs once more with the device's clock, waits, and drops the results. Absent where the device has no clock that may be
   * read (the feature `timestamp-query`).
   */
  readonly profile:
    | ((inputs: Readonly<Record<string, RunInput>>) => Promise<readonly KernelTime[]>)
    | undefined;
  readonly #gpu: Gpu;
  readonly #arena: Arena;
  readonly #parameters: DeviceParameters;
  readonly #constantDispatches: readonly Dispatch[];
  readonly #dispatches: readonly Dispatch[];
  readonly #inputs: readonly (Port & { readonly constant: boolean })[];
  readonly #outputs: readonly Port[];
  readonly #owned: readonly GPUBuffer[];
  readonly #slots: readonly GPUBuffer[];
  /** The constant inputs that the constant part was computed for, and their versions then. */
  #seen: ReadonlyMap<string, Seen> | undefined;
  #disposed = false;

  /** Made by {@linkcode compileProgram}. */
  constructor(
    graph: Graph,
    parts: {
      readonly context: ProgramContext;
      readonly parameters: DeviceParameters;
      readonly constantSteps: readonly ProgramStep[];
      readonly steps: readonly ProgramStep[];
      readonly inputs: readonly (Port & { readonly constant: boolean })[];
      readonly outputs: readonly Port[];
      readonly owned: readonly GPUBuffer[];
      readonly slots: readonly GPUBuffer[];
      readonly materialised: ReadonlySet<ValueId>;
      readonly statistics: ProgramStatistics;
    },
  ) {
    this.graph = graph;
    this.#gpu = parts.context.gpu;
    this.#arena = parts.context.arena;
    this.#parameters = parts.parameters;
    this.steps = parts.steps;
    this.#constantDispatches = parts.constantSteps.flatMap(({ dispatches }) => dispatches);
    this.#dispatches = parts.steps.flatMap(({ dispatches }) => dispatches);
    this.#inputs = parts.inputs;
    this.#outputs = parts.outputs;
    this.#owned = parts.owned;
    this.#slots = parts.slots;
    this.materialised = parts.materialised;
    this.statistics = parts.statistics;
    this.profile = this.#gpu.device.features.has("timestamp-query")
      ? (inputs) => this.#time(inputs)
      : undefined;
  }

  run(
    inputs: Readonly<Record<string, RunInput>>,
    into: Readonly<Record<string, DeviceValue>> = {},
  ): Record<string, DeviceValue> {
    if (this.#disposed) throw new DisposedError("Cannot run a program: it was disposed");
    const gpu = this.#gpu;
    gpu.check();
    this.#parameters.check();
    checkInputs(this.graph, inputs);
    for (const [name, given] of Object.entries(inputs)) {
      if ("spec" in given) this.#ours(given, name);
    }
    this.#checkInto(into);
    const encoder = gpu.device.createCommandEncoder();
    const seen = this.#constants(inputs);
    const changed = !this.#isSeen(seen);
    // Until its part is submitted.
    if (changed) this.#seen = undefined;
    for (const { name, buffer, spec, constant } of this.#inputs) {
      if (constant && !changed) continue;
      const given = inputs[name]!;
      if ("spec" in given) {
        const { buffer: source, bytes } = this.#ours(given, name);
        if (bytes > 0) encoder.copyBufferToBuffer(source, 0, buffer, 0, bytes);
      } else if (sizeOf(spec.shape) > 0) gpu.write(buffer, toWords(given));
    }
    if (changed) encode(encoder, this.#constantDispatches);
    encode(encoder, this.#dispatches);
    const results: Record<string, DeviceValue> = {};
    using fresh = new DisposableStack();
    for (const { name, spec, buffer } of this.#outputs) {
      const value = into[name] ?? fresh.use(new DeviceValue(gpu, spec));
      value.output = name;
      value.version++;
      if (value.bytes > 0) encoder.copyBufferToBuffer(buffer, 0, value.buffer, 0, value.bytes);
      results[name] = value;
    }
    gpu.submit(encoder, "run a program", () => this.#seen = undefined);
    this.#seen = seen;
    fresh.move();
    return results;
  }

  async #time(inputs: Readonly<Record<string, RunInput>>): Promise<readonly KernelTime[]> {
    // Fills the input slots and computes the constant part.
    for (const value of Object.values(this.run(inputs))) value[Symbol.dispose]();
    const times = await timeDispatches(
      this.#gpu,
      this.steps.map(({ dispatches }) => dispatches),
    );
    return this.steps.map(({ label, site, spec, dispatches }, at) => ({
      label,
      site,
      spec,
      kernels: dispatches.map((each) => each.label),
      milliseconds: times[at]!,
    }));
  }

  /** What the constant part is computed for. */
  #constants(inputs: Readonly<Record<string, RunInput>>): ReadonlyMap<string, Seen> {
    return new Map(
      this.#inputs.filter(({ constant }) => constant).map(({ name }) => {
        const input = inputs[name]!;
        return [name, { input, version: input instanceof DeviceValue ? input.version : 0 }];
      }),
    );
  }

  /** Whether the constant part was computed for these. A host tensor may have changed in place. */
  #isSeen(constants: ReadonlyMap<string, Seen>): boolean {
    const before = this.#seen;
    return before !== undefined && [...constants].every(([name, { input, version }]) => {
      const last = before.get(name);
      return input instanceof DeviceValue && last?.input === input && last.version === version;
    });
  }

  #checkInto(into: Readonly<Record<string, DeviceValue>>): void {
    for (const [name, value] of Object.entries(into)) {
      const output = this.#outputs.find((each) => each.name === name);
      if (output === undefined) {
        const names = this.#outputs.map((each) => each.name).join(", ");
        throw new InputError(`Cannot run the graph: it has no output ${name}; it has ${names}`);
      }
      const { dtype, shape } = this.#ours(value, name).spec;
      if (dtype !== output.spec.dtype || shape.join() !== output.spec.shape.join()) {
        throw new InputError(
          `Cannot write output ${name} into ${dtype}[${shape.join(", ")}]: it is ` +
            `${output.spec.dtype}[${output.spec.shape.join(", ")}]`,
        );
      }
    }
  }

  /** A value of this backend that is not disposed. */
  #ours(value: Exclude<RunInput, HostTensor>, name: string): DeviceValue {
    if (value instanceof DeviceValue && value.gpu === this.#gpu) {
      value.check();
      return value;
    }
    throw new InputError(`Cannot run the graph: ${name} is a value of another backend`);
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#seen = undefined;
    for (const buffer of this.#owned) this.#gpu.free(buffer);
    this.#arena.release(this.#slots);
  }
}
