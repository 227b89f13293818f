/**
 * A compiled graph: a list of dispatches, made once. A run copies its inputs into slots of the program, encodes the list, and
 * copies the results out; it never waits.
 *
 * The dispatches fall into two lists. What depends on constant inputs and weights alone is encoded only when a constant
 * input is another value, or has other elements, than in the run before.
 *
 * @module
 */
import { checkInputs, DisposedError, InputError, type Program, type RunInput } from "../backend.ts";
import type { Graph, NodeOf, ValueId } from "../../graph/graph.ts";
import { specsOf } from "../../graph/graph.ts";
import { type HostTensor, sizeOf, type TensorSpec } from "../../graph/tensor_spec.ts";
import type { Arena } from "./arena.ts";
import { DeviceValue, toWords } from "./device_value.ts";
import { bind, type Bound, type Dispatch, encode, uniformBlocks } from "./dispatch.ts";
import type { Gpu } from "./gpu.ts";
import { timeDispatches } from "./timestamps.ts";
import {
  type BufferRef,
  type GpuTraits,
  type Kernel,
  type KernelPlan,
  type Layout,
  type Operand,
  type Part,
  type Pass,
  PLAIN,
} from "./kernel.ts";
import { layoutWords, planLayout } from "./kernels/layout.ts";
import { type KernelOp, kernels } from "./kernels/mod.ts";
import { planPointwise } from "./kernels/pointwise.ts";
import type { DeviceParameters } from "./parameters.ts";
import { fuse, type KernelNode, type Step } from "./passes/fuse.ts";
import { type Lifetime, planMemory } from "./passes/memory_plan.ts";

/** Chooses among the kernels that take a node; by default the first. */
export type ChooseKernel = (op: KernelOp, names: readonly string[]) => string | undefined;

/** What a program is. */
export interface ProgramStatistics {
  /** Dispatches of a run, without the constant part. */
  readonly dispatches: number;
  /** Dispatches of the constant part. */
  readonly constantDispatches: number;
  /** Bytes of the slots for what is computed on the way. */
  readonly scratchBytes: number;
  /** Bytes that stay from run to run: the constant part's results and tables. */
  readonly persistentBytes: number;
}

/** One kernel of a program, for profiles and messages. */
export interface ProgramStep {
  readonly label: string;
  readonly site: string;
  readonly spec: TensorSpec;
  readonly dispatches: readonly Dispatch[];
}

/** How long a step took on the device. */
export interface StepTime {
  /** Names of its ops: `conv2d+silu`. */
  readonly label: string;
  /** The checkpoint's path of its first node. */
  readonly site: string;
  /** What it made. */
  readonly spec: TensorSpec;
  /** Kernels that it ran. */
  readonly kernels: readonly string[];
  readonly milliseconds: number;
}

/** What {@linkcode compileProgram} needs of its backend. */
export interface ProgramContext {
  readonly gpu: Gpu;
  readonly arena: Arena;
  readonly choose?: ChooseKernel | undefined;
}

/** A step, planned: passes and what their references stand for. */
interface Planned {
  readonly plan: KernelPlan;
  readonly inputs: readonly Source[];
  readonly externals: readonly ValueId[];
  readonly output: ValueId;
  readonly constant: boolean;
  readonly label: string;
  readonly site: string;
  readonly spec: TensorSpec;
}

/** Where an input of a kernel is: a value of the program, or the parts of a weight. */
type Source =
  | { readonly kind: "value"; readonly id: ValueId }
  | { readonly kind: "parts"; readonly parts: readonly Bound[] };

/** The layout in which an op wants an input. */
function wantedLayout(node: KernelNode, index: number): "plain" | "outputLast" {
  return (node.op === "conv2d" || node.op === "linear") && index === 1 ? "outputLast" : "plain";
}

/** Whether an input may be stored in halves or in parts. */
function isTable(node: KernelNode, index: number): boolean {
  return wantedLayout(node, index) === "outputLast" ||
    (node.op === "gather" && index === 0 && node.attributes.axis === 0);
}

/** The dispatches of a step, by the first kernel that takes it and suits. */
function planStep(
  step: Step,
  options: {
    readonly operands: readonly Operand[];
    readonly gpu: GpuTraits;
    readonly choose: ChooseKernel | undefined;
  },
): KernelPlan {
  const { operands, gpu, choose } = options;
  const { node, tail } = step;
  if (node === undefined) {
    return planPointwise(tail, { count: sizeOf(step.spec.shape), gpu, label: "pointwise" });
  }
  // The table's entry for an op takes nodes of that op; TypeScript cannot follow the index.
  const candidates = kernels[node.op] as readonly Kernel<KernelOp>[];
  const request = { node: node as NodeOf<KernelOp>, operands, tail };
  const plans = new Map<string, KernelPlan>();
  for (const kernel of candidates) {
    if (choose === undefined && kernel.suits?.(request, gpu) === false) continue;
    const plan = kernel.plan(request, gpu);
    if (plan === undefined) continue;
    if (choose === undefined) return plan;
    plans.set(kernel.name, plan);
  }
  const wanted = plans.get(choose?.(node.op, [...plans.keys()]) ?? "");
  if (wanted !== undefined) return wanted;
  if (choose !== undefined) return planStep(step, { operands, gpu, choose: undefined });
  throw new Error(`Cannot run ${node.op} at ${node.site}: no kernel takes it`);
}

/** Compiles a graph for a device. */
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
  const { traits } = gpu;
  const specs = new Map(specsOf(graph));
  const fused = fuse(graph, {
    constant,
    buffers: Math.min(8, traits.limits.maxStorageBuffersPerShaderStage),
  });
  const owned: GPUBuffer[] = [];
  const keep = (bytes: number, purpose: string) => {
    const buffer = gpu.allocate(bytes, { purpose });
    owned.push(buffer);
    return buffer;
  };
  let slots: GPUBuffer[] = [];
  try {
    // Values that are there before the first step: weights, and numbers of the graph.
    const buffers = new Map<ValueId, Bound>();
    const names = new Map(graph.parameters.map(({ id, name, spec }) => [id, { name, spec }]));
    const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
    const weight = async (id: ValueId, layout: Layout) => {
      const { name, spec } = names.get(id)!;
      return await parameters.get(name, { shape: spec.shape, layout });
    };
    const fixed = async (id: ValueId): Promise<void> => {
      if (buffers.has(id)) return;
      if (names.has(id)) {
        const { parts } = await weight(id, PLAIN);
        if (parts.length === 1) buffers.set(id, parts[0]!);
        else {
          // Its own binding is too large; `bind` says so.
          buffers.set(id, { ...parts[0]!, bytes: 4 * sizeOf(specs.get(id)!.shape) });
        }
        return;
      }
      const node = nodes.get(id);
      if (node?.op !== "constant") return;
      const { shape, values } = node.attributes;
      const words = new Float32Array(sizeOf(shape));
      if (values.length === 1) words.fill(values[0]!);
      else words.set(values);
      const buffer = keep(words.byteLength, `numbers of the graph at ${node.site}`);
      gpu.write(buffer, words);
      buffers.set(id, { buffer, bytes: words.byteLength });
    };

    // Weights that are computed, not stored, are rearranged by a step of their own.
    let fresh = Math.max(0, ...specs.keys()) + 1;
    const rearranged = new Map<ValueId, { id: ValueId; operand: Operand }>();
    const planned: Planned[] = [];
    const words = new Map<ValueId, number>();
    for (const [id, spec] of specs) words.set(id, sizeOf(spec.shape));
    for (const step of fused.steps) {
      const { node } = step;
      const inputs: Source[] = [];
      const operands: Operand[] = [];
      for (const [index, id] of step.inputs.entries()) {
        const { shape, dtype } = specs.get(node!.inputs[index]!)!;
        const order = wantedLayout(node!, index);
        const whole: Part[] = [{ start: 0, end: shape[0] ?? 1 }];
        if (names.has(id) && isTable(node!, index)) {
          const half = parameters.precision === "f16";
          const { layout, parts } = await weight(id, { order, half });
          operands.push({ shape, dtype, layout, parts });
          inputs.push({ kind: "parts", parts });
          continue;
        }
        if (order === "plain") {
          await fixed(id);
          operands.push({ shape, dtype, layout: PLAIN, parts: whole });
          inputs.push({ kind: "value", id });
          continue;
        }
        let known = rearranged.get(id);
        if (known === undefined) {
          await fixed(id);
          const layout: Layout = { order, half: false };
          const part = whole[0]!;
          known = { id: fresh++, operand: { shape, dtype, layout, parts: whole } };
          rearranged.set(id, known);
          words.set(known.id, layoutWords(layout, { shape, part }));
          const pass = planLayout(layout, {
            shape,
            rows: part,
            part,
            source: { kind: "input", index: 0, part: 0 },
            target: { kind: "output" },
          }, traits);
          planned.push({
            plan: { passes: [pass], scratch: [], tables: [] },
            inputs: [{ kind: "value", id }],
            externals: [],
            output: known.id,
            constant: fused.isConstant(id),
            label: "layout",
            site: step.site,
            spec: { shape, dtype },
          });
        }
        operands.push(known.operand);
        inputs.push({ kind: "value", id: known.id });
      }
      for (const id of step.externals) await fixed(id);
      planned.push({
        plan: planStep(step, { operands, gpu: traits, choose }),
        inputs,
        externals: step.externals,
        output: step.output,
        constant: step.constant,
        label: step.label,
        site: step.site,
        spec: step.spec,
      });
    }
    // Parameters and numbers may be outputs as they are.
    const outputs = graph.outputs.map(({ name, id }) => ({
      name,
      id: fused.stored(id),
      spec: specs.get(id)!,
    }));
    for (const { id } of outputs) await fixed(id);

    // The constant part runs first, so that one order serves for both.
    const steps = [
      ...planned.filter((step) => step.constant),
      ...planned.filter((step) => !step.constant),
    ];
    const constantCount = steps.filter((step) => step.constant).length;
    const constantInputs = new Set(
      graph.inputs.filter(({ name }) => constant.includes(name)).map(({ id }) => id),
    );
    const lives = new Map<ValueId, { from: number; to: number; across: boolean }>();
    for (const { id } of graph.inputs) {
      lives.set(id, { from: -1, to: -1, across: constantInputs.has(id) });
    }
    steps.forEach((step, at) => {
      const uses = [
        ...step.inputs.flatMap((source) => source.kind === "value" ? [source.id] : []),
        ...step.externals,
      ];
      for (const id of uses) {
        const life = lives.get(id);
        if (life === undefined) continue;
        life.to = at;
        if (at >= constantCount && life.from >= 0 && life.from < constantCount) life.across = true;
      }
      lives.set(step.output, { from: at, to: at, across: false });
    });
    for (const { id } of outputs) {
      const life = lives.get(id);
      if (life === undefined) continue;
      life.to = steps.length;
      if (life.from < constantCount && life.from >= 0) life.across = true;
    }
    const lifetimes: Lifetime[] = [];
    const slotted: (ValueId | { step: number; scratch: number })[] = [];
    let persistent = 0;
    for (const [id, { from, to, across }] of lives) {
      const bytes = 4 * words.get(id)!;
      if (across) {
        persistent += bytes;
        buffers.set(id, { buffer: keep(bytes, "what stays from run to run"), bytes });
      } else {
        lifetimes.push({ words: words.get(id)!, from, to });
        slotted.push(id);
      }
    }
    steps.forEach((step, at) =>
      step.plan.scratch.forEach((size, scratch) => {
        lifetimes.push({ words: size, from: at, to: at });
        slotted.push({ step: at, scratch });
      })
    );
    const memory = planMemory(lifetimes);
    slots = arena.acquire(memory.slots.map((size) => 4 * size));
    const scratch = new Map<string, Bound>();
    slotted.forEach((owner, at) => {
      const bound = { buffer: slots[memory.assigned[at]!]!, bytes: 4 * lifetimes[at]!.words };
      if (typeof owner === "number") buffers.set(owner, bound);
      else scratch.set(`${owner.step}:${owner.scratch}`, bound);
    });

    // Pipelines, sizes, bind groups.
    const passes = steps.flatMap(({ plan }) => plan.passes);
    const pipelines = await Promise.all(
      passes.map((pass) => gpu.pipeline(pass.wgsl, pass.label)),
    );
    const blocks = uniformBlocks(passes);
    const uniforms = gpu.uniformBuffer(blocks.words, "sizes of a network");
    owned.push(uniforms);
    const made: ProgramStep[] = [];
    let at = 0;
    steps.forEach((step, index) => {
      const tables = step.plan.tables.map((table) => {
        const buffer = keep(table.byteLength, `a table at ${step.site}`);
        persistent += table.byteLength;
        gpu.write(buffer, new Uint32Array(table));
        return { buffer, bytes: table.byteLength };
      });
      const resolve = (ref: BufferRef): Bound => {
        switch (ref.kind) {
          case "input": {
            const source = step.inputs[ref.index]!;
            return source.kind === "parts" ? source.parts[ref.part]! : buffers.get(source.id)!;
          }
          case "external":
            return buffers.get(step.externals[ref.index]!)!;
          case "scratch":
            return scratch.get(`${index}:${ref.index}`)!;
          case "table":
            return tables[ref.index]!;
          case "output":
            return buffers.get(step.output)!;
        }
      };
      const dispatches = step.plan.passes.map((pass: Pass) => {
        const dispatch = bind(gpu, {
          pass,
          pipeline: pipelines[at]!,
          uniforms,
          offset: blocks.offsets[at]!,
          storage: pass.buffers.map(resolve),
          purpose: `${step.label}${step.site === "" ? "" : ` at ${step.site}`}`,
        });
        at++;
        return dispatch;
      });
      made.push({ label: step.label, site: step.site, spec: step.spec, dispatches });
    });
    await gpu.faults();
    const count = (list: readonly ProgramStep[]) =>
      list.reduce((sum, { dispatches }) => sum + dispatches.length, 0);
    return new GpuProgram(graph, {
      context,
      constantSteps: made.slice(0, constantCount),
      steps: made.slice(constantCount),
      inputs: graph.inputs.flatMap(({ name, id, spec }) => {
        const bound = buffers.get(id);
        return bound === undefined
          ? []
          : [{ name, spec, buffer: bound.buffer, constant: constantInputs.has(id) }];
      }),
      outputs: outputs.map(({ name, id, spec }) => ({
        name,
        spec,
        buffer: buffers.get(id)!.buffer,
      })),
      owned,
      slots,
      statistics: {
        dispatches: count(made.slice(constantCount)),
        constantDispatches: count(made.slice(0, constantCount)),
        scratchBytes: 4 * memory.slots.reduce((sum, size) => sum + size, 0),
        persistentBytes: persistent,
      },
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

/** A {@linkcode Program} on a GPU. */
export class GpuProgram implements Program {
  readonly graph: Graph;
  readonly statistics: ProgramStatistics;
  /** Kernels of a run, without the constant part. */
  readonly steps: readonly ProgramStep[];
  readonly #gpu: Gpu;
  readonly #arena: Arena;
  readonly #constantDispatches: readonly Dispatch[];
  readonly #dispatches: readonly Dispatch[];
  readonly #inputs: readonly (Port & { readonly constant: boolean })[];
  readonly #outputs: readonly Port[];
  readonly #owned: readonly GPUBuffer[];
  readonly #slots: readonly GPUBuffer[];
  /** The constant inputs of the last run, and their versions then. */
  #seen: Map<string, { readonly input: RunInput; readonly version: number }> | undefined;
  #disposed = false;

  /** Made by {@linkcode compileProgram}. */
  constructor(
    graph: Graph,
    parts: {
      readonly context: ProgramContext;
      readonly constantSteps: readonly ProgramStep[];
      readonly steps: readonly ProgramStep[];
      readonly inputs: readonly (Port & { readonly constant: boolean })[];
      readonly outputs: readonly Port[];
      readonly owned: readonly GPUBuffer[];
      readonly slots: readonly GPUBuffer[];
      readonly statistics: ProgramStatistics;
    },
  ) {
    this.graph = graph;
    this.#gpu = parts.context.gpu;
    this.#arena = parts.context.arena;
    this.steps = parts.steps;
    this.#constantDispatches = parts.constantSteps.flatMap(({ dispatches }) => dispatches);
    this.#dispatches = parts.steps.flatMap(({ dispatches }) => dispatches);
    this.#inputs = parts.inputs;
    this.#outputs = parts.outputs;
    this.#owned = parts.owned;
    this.#slots = parts.slots;
    this.statistics = parts.statistics;
  }

  run(
    inputs: Readonly<Record<string, RunInput>>,
    into: Readonly<Record<string, DeviceValue>> = {},
  ): Record<string, DeviceValue> {
    if (this.#disposed) throw new DisposedError("Cannot run a program: it was disposed");
    const gpu = this.#gpu;
    gpu.check();
    checkInputs(this.graph, inputs);
    this.#checkInto(into);
    const encoder = gpu.device.createCommandEncoder();
    const changed = this.#constantsChanged(inputs);
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
    for (const { name, spec, buffer } of this.#outputs) {
      const value = into[name] ?? new DeviceValue(gpu, spec);
      value.output = name;
      value.version++;
      encoder.copyBufferToBuffer(buffer, 0, value.buffer, 0, value.bytes);
      results[name] = value;
    }
    gpu.device.queue.submit([encoder.finish()]);
    return results;
  }

  /**
   * Runs once with the clock of the device, and waits: the time of every step. The results are dropped.
   *
   * @throws {DeviceError} If the device has no timestamps.
   */
  async profile(inputs: Readonly<Record<string, RunInput>>): Promise<readonly StepTime[]> {
    const gpu = this.#gpu;
    // Fills the input slots and computes the constant part.
    for (const value of Object.values(this.run(inputs))) value[Symbol.dispose]();
    const times = await timeDispatches(gpu, this.steps.map(({ dispatches }) => dispatches));
    return this.steps.map(({ label, site, spec, dispatches }, at) => ({
      label,
      site,
      spec,
      kernels: dispatches.map((each) => each.label),
      milliseconds: times[at]!,
    }));
  }

  /** Whether the constant part must be computed, and remembers for what it was. */
  #constantsChanged(inputs: Readonly<Record<string, RunInput>>): boolean {
    const seen = new Map(
      this.#inputs.filter(({ constant }) => constant).map(({ name }) => {
        const input = inputs[name]!;
        return [name, { input, version: input instanceof DeviceValue ? input.version : 0 }];
      }),
    );
    const before = this.#seen;
    this.#seen = seen;
    return before === undefined || [...seen].some(([name, { input, version }]) => {
      const last = before.get(name);
      return last?.input !== input || last.version !== version;
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

  #ours(value: Exclude<RunInput, HostTensor>, name: string): DeviceValue {
    if (value instanceof DeviceValue && value.gpu === this.#gpu) return value;
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
