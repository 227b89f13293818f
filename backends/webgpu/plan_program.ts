/**
 * From a graph to all that a program is but for buffers and pipelines: its kernels in order, and where every value lives.
 * Pure: dispatches, shaders and memory of a network can be counted on a machine that has neither a GPU nor the weights.
 *
 * @module
 */
import type { Precision } from "../backend.ts";
import type { Graph, NodeOf, ValueId } from "../../graph/graph.ts";
import { specsOf } from "../../graph/graph.ts";
import { sizeOf, type TensorSpec } from "../../graph/tensor_spec.ts";
import {
  type GpuTraits,
  type Kernel,
  type KernelPlan,
  type Layout,
  type Operand,
  type Part,
  PLAIN,
} from "./kernel.ts";
import { layoutWords, planLayout, weightParts } from "./kernels/layout.ts";
import { type KernelOp, kernels } from "./kernels/mod.ts";
import { planPointwise } from "./kernels/pointwise.ts";
import { fuse, type KernelNode, type Step } from "./passes/fuse.ts";
import { type Lifetime, planMemory } from "./passes/memory_plan.ts";

/** Chooses among the kernels that take a node, by name; undefined leaves it to us. */
export type ChooseKernel = (op: KernelOp, names: readonly string[]) => string | undefined;

/** What a program costs. */
export interface ProgramStatistics {
  /** Dispatches of a run, without the constant part. */
  readonly dispatches: number;
  /** Dispatches of the constant part. */
  readonly constantDispatches: number;
  /** Bytes of the slots for what is computed on the way; programs of a backend share them. */
  readonly scratchBytes: number;
  /** Bytes that stay from run to run: the constant part's results, numbers of the graph and tables. */
  readonly persistentBytes: number;
}

/** Where a value lives. */
export type Home =
  /** In a weight, as the checkpoint has it. */
  | { readonly kind: "weight"; readonly name: string; readonly shape: readonly number[] }
  /** In a buffer of its own with these numbers (one for all, or one each). */
  | { readonly kind: "numbers"; readonly values: readonly number[]; readonly words: number }
  /** In a buffer of its own, from run to run. */
  | { readonly kind: "kept"; readonly words: number }
  /** In a slot, while it is needed. */
  | { readonly kind: "slot"; readonly slot: number; readonly words: number };

/** What an input of a kernel's node is: a value, or a weight in the layout that the op wants. */
export type Source =
  | { readonly kind: "value"; readonly id: ValueId }
  | {
    readonly kind: "weight";
    readonly name: string;
    readonly shape: readonly number[];
    readonly layout: Layout;
  };

/** A step and its kernel. */
export interface PlannedStep {
  readonly plan: KernelPlan;
  readonly inputs: readonly Source[];
  /** Buffers of the tail. */
  readonly externals: readonly ValueId[];
  /** The kernel's own buffers. */
  readonly scratch: readonly Home[];
  readonly output: ValueId;
  /** Names of its ops: `conv2d+silu`. */
  readonly label: string;
  /** The checkpoint's path of its first node. */
  readonly site: string;
  /** What it makes. */
  readonly spec: TensorSpec;
}

/** A planned graph. */
export interface PlannedProgram {
  /** In order; the constant part first. */
  readonly steps: readonly PlannedStep[];
  /** How many steps are the constant part. */
  readonly constantSteps: number;
  /** Where values live that a step or an output refers to. */
  readonly homes: ReadonlyMap<ValueId, Home>;
  /** Words of each slot. */
  readonly slots: readonly number[];
  readonly outputs: readonly {
    readonly name: string;
    readonly id: ValueId;
    readonly spec: TensorSpec;
  }[];
  /** Nodes whose values are stored; those of the others exist within a kernel only. */
  readonly materialised: ReadonlySet<ValueId>;
  readonly statistics: ProgramStatistics;
}

/** What a plan depends on beside the graph. */
export interface PlanOptions {
  readonly gpu: GpuTraits;
  /** Names of inputs that stay the same over many runs. */
  readonly constant: readonly string[];
  /** How weights are stored. */
  readonly precision: Precision;
  readonly choose?: ChooseKernel | undefined;
}

/** A step before its scratch buffers have homes. */
type Draft = Omit<PlannedStep, "scratch"> & { readonly constant: boolean };

/**
 * Plans a graph.
 *
 * @throws {DeviceError} If a weight's rows are larger than a binding.
 */
export function planProgram(graph: Graph, options: PlanOptions): PlannedProgram {
  const { gpu, constant } = options;
  const specs = specsOf(graph);
  const fused = fuse(graph, {
    constant,
    buffers: Math.min(8, gpu.limits.maxStorageBuffersPerShaderStage),
  });
  const outputs = graph.outputs.map(({ name, id }) => ({
    name,
    id: fused.stored(id),
    spec: specs.get(id)!,
  }));
  const { drafts, words } = planSteps(graph, {
    ...options,
    steps: fused.steps,
    isConstant: fused.isConstant,
  });
  // The constant part first, so that one order serves for both.
  const order = [
    ...drafts.filter((each) => each.constant),
    ...drafts.filter((each) => !each.constant),
  ];
  const constantSteps = order.filter((each) => each.constant).length;

  const homes = new Map<ValueId, Home>();
  const wanted = new Set([
    ...order.flatMap((step) => [...valuesOf(step)]),
    ...outputs.map(({ id }) => id),
  ]);
  for (const { id, name, spec } of graph.parameters) {
    if (wanted.has(id)) homes.set(id, { kind: "weight", name, shape: spec.shape });
  }
  for (const node of graph.nodes) {
    if (!wanted.has(node.id)) continue;
    const words = sizeOf(node.output.shape);
    if (node.op === "constant") {
      homes.set(node.id, { kind: "numbers", values: node.attributes.values, words });
    } else if (words === 0) homes.set(node.id, { kind: "numbers", values: [0], words });
  }

  const lives = new Map<ValueId, { from: number; to: number; across: boolean }>();
  for (const { id, name } of graph.inputs) {
    lives.set(id, { from: -1, to: -1, across: constant.includes(name) });
  }
  const use = (id: ValueId, at: number) => {
    const life = lives.get(id);
    if (life === undefined) return;
    life.to = at;
    if (at >= constantSteps && life.from >= 0 && life.from < constantSteps) life.across = true;
  };
  order.forEach((step, at) => {
    for (const id of valuesOf(step)) use(id, at);
    lives.set(step.output, { from: at, to: at, across: false });
  });
  for (const { id } of outputs) use(id, order.length);

  const lifetimes: Lifetime[] = [];
  const settle: ((slot: number) => void)[] = [];
  for (const [id, { from, to, across }] of lives) {
    const own = words.get(id)!;
    if (across) homes.set(id, { kind: "kept", words: own });
    else {
      lifetimes.push({ words: own, from, to });
      settle.push((slot) => homes.set(id, { kind: "slot", slot, words: own }));
    }
  }
  const steps = order.map((step, at): PlannedStep => {
    const scratch: Home[] = [];
    for (const own of step.plan.scratch) {
      lifetimes.push({ words: own, from: at, to: at });
      settle.push((slot) => scratch.push({ kind: "slot", slot, words: own }));
    }
    const { plan, inputs, externals, output, label, site, spec } = step;
    return { plan, inputs, externals, output, label, site, spec, scratch };
  });
  const memory = planMemory(lifetimes);
  memory.assigned.forEach((slot, at) => settle[at]!(slot));

  const dispatches = steps.map(({ plan }) => plan.passes.length);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
  const own = [...homes.values()].map((home) =>
    home.kind === "kept" || home.kind === "numbers" ? 4 * home.words : 0
  );
  const made = new Set(steps.map(({ output }) => output));
  const tables = steps.flatMap(({ plan }) => plan.tables.map(({ byteLength }) => byteLength));
  return {
    steps,
    constantSteps,
    homes,
    slots: memory.slots,
    outputs,
    materialised: new Set(
      graph.nodes.map(({ id }) => id).filter((id) => made.has(fused.stored(id))),
    ),
    statistics: {
      dispatches: sum(dispatches.slice(constantSteps)),
      constantDispatches: sum(dispatches.slice(0, constantSteps)),
      scratchBytes: 4 * sum(memory.slots),
      persistentBytes: sum(own) + sum(tables),
    },
  };
}

/** Values that a step reads from a home. */
function* valuesOf(step: Pick<Draft, "inputs" | "externals">): Generator<ValueId> {
  for (const source of step.inputs) if (source.kind === "value") yield source.id;
  yield* step.externals;
}

/** Chooses kernels, and adds steps that rearrange weights which are computed, not stored. */
function planSteps(
  graph: Graph,
  options: PlanOptions & {
    readonly steps: readonly Step[];
    readonly isConstant: (id: ValueId) => boolean;
  },
): { readonly drafts: readonly Draft[]; readonly words: ReadonlyMap<ValueId, number> } {
  const { gpu, precision, choose, steps, isConstant } = options;
  const specs = specsOf(graph);
  const weights = new Map(graph.parameters.map(({ id, name, spec }) => [id, { name, spec }]));
  const words = new Map([...specs].map(([id, { shape }]) => [id, sizeOf(shape)]));
  // By value and shape: a layout depends on both.
  const rearranged = new Map<string, { readonly id: ValueId; readonly operand: Operand }>();
  let fresh = Math.max(0, ...specs.keys()) + 1;
  const drafts: Draft[] = [];
  for (const step of steps) {
    const inputs: Source[] = [];
    const operands: Operand[] = [];
    for (const [index, id] of step.inputs.entries()) {
      const node = step.node!;
      const { shape: read, dtype } = specs.get(node.inputs[index]!)!;
      const shape = index === 0 && step.enlarge !== undefined ? shrink(read, step.enlarge) : read;
      const whole: Part = { start: 0, end: shape[0] ?? 1 };
      const order = wantedOrder(node, index);
      const weight = weights.get(id);
      if (weight !== undefined && isTable(node, index)) {
        const layout: Layout = { order, half: precision === "f16" };
        const { name } = weight;
        const parts = weightParts(layout, { shape, limits: gpu.limits, purpose: `weight ${name}` });
        operands.push({ shape, dtype, layout, parts });
        inputs.push({ kind: "weight", name, shape, layout });
      } else if (order === "plain") {
        operands.push({ shape, dtype, layout: PLAIN, parts: [whole] });
        inputs.push({ kind: "value", id });
      } else {
        const key = `${id} ${shape}`;
        let known = rearranged.get(key);
        if (known === undefined) {
          const layout: Layout = { order, half: false };
          known = { id: fresh++, operand: { shape, dtype, layout, parts: [whole] } };
          rearranged.set(key, known);
          words.set(known.id, layoutWords(layout, { shape, part: whole }));
          const pass = planLayout(layout, {
            shape,
            rows: whole,
            part: whole,
            source: { kind: "input", index: 0, part: 0 },
            target: { kind: "output" },
          }, gpu);
          drafts.push({
            plan: { passes: [pass], scratch: [], tables: [] },
            inputs: [{ kind: "value", id }],
            externals: [],
            output: known.id,
            constant: isConstant(id),
            label: "layout",
            site: step.site,
            spec: { shape, dtype },
          });
        }
        operands.push(known.operand);
        inputs.push({ kind: "value", id: known.id });
      }
    }
    const { externals, output, constant, label, site, spec } = step;
    const plan = planStep(step, { operands, gpu, choose });
    drafts.push({ plan, inputs, externals, output, constant, label, site, spec });
  }
  return { drafts, words };
}

/** The shape of an image before it was enlarged. */
function shrink(shape: readonly number[], [y, x]: readonly [number, number]): number[] {
  const [n, c, h, w] = shape as [number, number, number, number];
  return [n, c, h / y, w / x];
}

/** The order of axes in which an op wants an input. */
function wantedOrder(node: KernelNode, index: number): Layout["order"] {
  return (node.op === "conv2d" || node.op === "linear") && index === 1 ? "outputLast" : "plain";
}

/** Whether an input may be stored in halves and in parts, if it is a weight. */
function isTable(node: KernelNode, index: number): boolean {
  return wantedOrder(node, index) === "outputLast" ||
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
  const request = { node: node as NodeOf<KernelOp>, operands, tail, enlarge: step.enlarge };
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
