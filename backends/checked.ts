/**
 * Two backends that watch each other.
 *
 * @module
 */
import { type Graph, specsOf, type ValueId } from "../graph/graph.ts";
import { graphKey } from "../graph/passes/graph_key.ts";
import type { HostTensor } from "../graph/tensor_spec.ts";
import type { Backend, Parameters, Program, Value } from "./backend.ts";
import { type CheckPlan, type Group, planCheck, type Segment } from "./check_plan.ts";
import { distancesToChosen } from "./code_distances.ts";
import {
  axesOf,
  type Difference,
  isWithin,
  shareOf,
  type Tolerance,
  worstDifference,
} from "./difference.ts";
import { type Compiled, observed, type ObservedRun, type RunObserver } from "./observed.ts";

export type { Tolerance } from "./difference.ts";
export type { FusedProgram } from "./check_plan.ts";

/** Settings of {@linkcode checked}. */
export interface CheckedOptions {
  /**
   * `isolated` (the default): b computes each node from the numbers that a put into it, so that every difference is one
   * op's own, and the first that is beyond its bound is thrown. `free`: b goes on from its own numbers, through all programs
   * and runs, so that differences add up as they do between the backends; none is thrown.
   */
  readonly mode?: "isolated" | "free";
  /** How much rounding may cost: 32 error + relative · largest magnitude; whole numbers must be equal. */
  readonly bound?: Tolerance;
}

/** The worst element of a node. */
export interface NodeDifference extends Difference {
  /** The node's op; `conv2d+unary` where nodes are fused, `weight` for a weight, `program` for a result of all. */
  readonly op: string;
  /** The checkpoint's path of the module that made the node; the name of a weight or a result. */
  readonly site: string;
  /** Shapes of what the node takes and makes. */
  readonly shapes: {
    readonly inputs: readonly (readonly number[])[];
    readonly output: readonly number[];
  };
}

/** What was found so far. */
export interface CheckReport {
  /** How many nodes were compared, counted in every run. */
  readonly nodes: number;
  /** The difference that takes the largest share of its bound; absent before the first comparison. */
  readonly worst?: NodeDifference;
  /** The first difference beyond its bound, in the order of running. */
  readonly first?: NodeDifference;
  /** `free` only: the nodes that were compared, in the order of running, the last 10,000 of them. */
  readonly growth: readonly NodeDifference[];
}

/** A {@linkcode Backend} that compares what it does. */
export interface CheckedBackend extends Backend {
  /** What was found in the runs that somebody has waited for. */
  report(): CheckReport;
}

/** Two backends compute a node differently. */
export class MismatchError extends Error {
  /** The name of this class. */
  override name = "MismatchError";
  /** Where and how far. */
  readonly found: NodeDifference;

  /** `Cannot trust A: OP at SITE …`. */
  constructor(found: NodeDifference, names: { readonly a: string; readonly b: string }) {
    const { op, shapes, index, actual, expected, difference, bound } = found;
    const list = (shape: readonly number[]) => `[${shape.join(", ")}]`;
    const takes = shapes.inputs.length === 0 ? "" : ` from ${shapes.inputs.map(list).join(", ")}`;
    super(
      `Cannot trust ${names.a}: ${op} at ${siteOf(found)}, ` +
        `${list(shapes.output)}${takes}, is ${actual} at ${
          list(axesOf(index, shapes.output))
        }, not ` +
        `${expected} as in ${names.b}: ${difference} apart, at most ${bound} is wanted`,
    );
    this.found = found;
  }
}

/**
 * A backend that works as `a` does, and compares every node with `b`.
 *
 * Comparing happens when somebody waits: `read` and `settled` first compare all runs before them, in order, and throw what
 * they find. A run itself does not wait; until it is compared, copies of its inputs and outputs stay on `a`. To look inside,
 * every run is repeated on `a` in parts whose values are all kept, so it takes twice its time and, for each part, memory
 * for the values of the part. At last the results of the run itself are compared with the repeated ones: a difference there,
 * named `program`, is none of a node but of what holds the nodes together (memory, fusing, constant parts). If `a`
 * fuses nodes and its programs say which values they make ({@linkcode FusedProgram}), fused nodes are compared as one.
 *
 * @param a What is checked. It is disposed with the result.
 * @param b What it is checked against. It is disposed with the result.
 * @throws {MismatchError} From `read` and `settled`, in the mode `isolated`.
 *
 * @example
 * ```ts
 * import { checked, f32, hostTensor, referenceBackend, softmax, trace } from "@denoise/denoise";
 *
 * await using backend = checked(referenceBackend({ decompose: true }), referenceBackend());
 * using none = await backend.load({ description: "", tensors: new Map(), read: () => Promise.reject() });
 * const graph = trace(({ x }) => softmax(x, { axis: 0 }), { x: f32(3) });
 * using program = await backend.compile(graph, none);
 * const { output } = program.run({ x: hostTensor([3], [1, 2, 3]) });
 * await output!.read();
 * backend.report().nodes; // 1
 * ```
 */
export function checked(a: Backend, b: Backend, options: CheckedOptions = {}): CheckedBackend {
  const findings = new Findings({ a: a.name, b: b.name }, options);
  const backend = observed<Other>(a, {
    name: `checked(${a.name}, ${b.name})`,
    observer: {
      load: async (source, settings) => new Other(b, await b.load(source, settings)),
      compile: (compiled) => new RunCheck(a, { compiled, findings }),
      settled: () => b.settled(),
    },
  });
  return {
    ...backend,
    report: () => findings.report(),
    async [Symbol.asyncDispose]() {
      try {
        await backend[Symbol.asyncDispose]();
      } finally {
        await b[Symbol.asyncDispose]();
      }
    },
  };
}

/** The other backend's weights of a model, and its programs for parts of networks: parts that compute the same share one. */
class Other implements Disposable {
  readonly #backend: Backend;
  readonly #parameters: Parameters;
  readonly #programs = new Map<string, Promise<Program>>();

  constructor(backend: Backend, parameters: Parameters) {
    this.#backend = backend;
    this.#parameters = parameters;
  }

  /** Runs a part on numbers. */
  async run(part: Graph, inputs: Readonly<Record<string, HostTensor>>): Promise<HostTensor> {
    const key = graphKey(part);
    let program = this.#programs.get(key);
    if (program === undefined) {
      program = this.#backend.compile(part, this.#parameters);
      this.#programs.set(key, program);
      program.catch(() => this.#programs.delete(key));
    }
    using result = (await program).run(inputs).y0!;
    return await result.read();
  }

  [Symbol.dispose](): void {
    for (const program of this.#programs.values()) {
      program.then((made) => made[Symbol.dispose](), () => {});
    }
    this.#programs.clear();
    this.#parameters[Symbol.dispose]();
  }
}

/** How many nodes {@linkcode CheckReport.growth} has at most. */
const GROWTH = 10_000;

/** What was found, over all programs. */
class Findings {
  readonly isolated: boolean;
  readonly names: { readonly a: string; readonly b: string };
  readonly #tolerance: Tolerance;
  /** `free`: what b made where a made this value. Values are compared in the order of running. */
  readonly others = new WeakMap<Value, HostTensor>();
  readonly #growth: NodeDifference[] = [];
  #nodes = 0;
  #worst: NodeDifference | undefined;
  #first: NodeDifference | undefined;

  constructor(names: { readonly a: string; readonly b: string }, options: CheckedOptions) {
    this.names = names;
    this.isolated = (options.mode ?? "isolated") === "isolated";
    this.#tolerance = options.bound ?? {};
  }

  /** How far two tensors are apart; undefined if they have no elements. */
  compare(actual: HostTensor, expected: HostTensor): Difference | undefined {
    return worstDifference({ actual, expected }, this.#tolerance);
  }

  /** Keeps a difference, and throws it if it is too large and one node's own. */
  add(found: NodeDifference): void {
    if (found.op !== "program") {
      this.#nodes++;
      if (!this.isolated) this.#growth.push(found);
      if (this.#growth.length > 2 * GROWTH) this.#growth.splice(0, GROWTH);
    }
    if (this.#worst === undefined || shareOf(found) > shareOf(this.#worst)) this.#worst = found;
    if (isWithin(found)) return;
    this.#first ??= found;
    if (this.isolated) throw new MismatchError(found, this.names);
  }

  report(): CheckReport {
    return {
      nodes: this.#nodes,
      ...(this.#worst === undefined ? {} : { worst: this.#worst }),
      ...(this.#first === undefined ? {} : { first: this.#first }),
      growth: this.#growth.slice(-GROWTH),
    };
  }
}

/** Nodes outside any module have no site. */
function siteOf({ site }: { readonly site: string }): string {
  return site === "" ? "the top" : site;
}

/** What a group is called. */
function nameOf(group: Group): Pick<NodeDifference, "op" | "site" | "shapes"> {
  const { nodes, parameters } = group.graph;
  const output = group.spec.shape;
  const [first] = nodes;
  if (first === undefined) {
    return { op: "weight", site: parameters[0]!.name, shapes: { inputs: [], output } };
  }
  const specs = specsOf(group.graph);
  return {
    op: nodes.map(({ op }) => op).join("+"),
    site: first.site,
    shapes: { inputs: first.inputs.map((id) => specs.get(id)!.shape), output },
  };
}

/** Numbers of a run by the values' ids, and where they are still to be read from. */
class Numbers {
  readonly #values = new Map<ValueId, Value>();
  readonly #read = new Map<ValueId, HostTensor>();

  /** A value to read when it is asked for. It stays its owner's. */
  hold(id: ValueId, value: Value): void {
    this.#values.set(id, value);
  }

  /** Numbers themselves. */
  set(id: ValueId, tensor: HostTensor): void {
    this.#read.set(id, tensor);
  }

  value(id: ValueId): Value {
    return this.#values.get(id)!;
  }

  async at(id: ValueId): Promise<HostTensor> {
    const known = this.#read.get(id);
    if (known !== undefined) return known;
    const tensor = await this.#values.get(id)!.read();
    this.#read.set(id, tensor);
    return tensor;
  }

  delete(id: ValueId): void {
    this.#values.delete(id);
    this.#read.delete(id);
  }
}

/** Compares the runs of a program. */
class RunCheck implements RunObserver {
  readonly #backend: Backend;
  readonly #compiled: Compiled<Other>;
  readonly #findings: Findings;
  readonly #plan: CheckPlan;
  readonly #programs = new Map<Segment, Program>();

  constructor(
    backend: Backend,
    parts: { readonly compiled: Compiled<Other>; readonly findings: Findings },
  ) {
    this.#backend = backend;
    this.#compiled = parts.compiled;
    this.#findings = parts.findings;
    this.#plan = planCheck(parts.compiled.graph, parts.compiled.program);
  }

  async observe(run: ObservedRun): Promise<void> {
    const { graph } = this.#compiled;
    const { isolated, others } = this.#findings;
    const own = new Numbers();
    const other = isolated ? own : new Numbers();
    for (const { name, id } of graph.inputs) {
      const { identity, copy } = run.inputs.get(name)!;
      own.hold(id, copy);
      const known = identity === undefined ? undefined : others.get(identity);
      if (!isolated) other.set(id, known ?? await own.at(id));
    }
    const made = new Map<ValueId, Value>();
    try {
      for (const segment of this.#plan) {
        const program = await this.#program(segment);
        const inputs = segment.graph.inputs.map(({ name, id }) => [name, own.value(id)]);
        const results = program.run(Object.fromEntries(inputs));
        for (const { name, id } of segment.graph.outputs) {
          own.hold(id, results[name]!);
          made.set(id, results[name]!);
        }
        for (const group of segment.groups) await this.#compare(group, { own, other });
        for (const id of segment.dying) {
          made.get(id)?.[Symbol.dispose]();
          made.delete(id);
          own.delete(id);
          other.delete(id);
        }
      }
      await this.#compareResults(run, { own, other });
    } finally {
      for (const value of made.values()) value[Symbol.dispose]();
    }
  }

  /** b computes a group from the numbers of `other`, which are a's own if it is isolated. */
  async #compare(group: Group, { own, other }: { own: Numbers; other: Numbers }): Promise<void> {
    const { isolated, names } = this.#findings;
    const { loaded } = this.#compiled;
    const name = nameOf(group);
    let difference: Difference | undefined;
    try {
      const inputs: Record<string, HostTensor> = {};
      for (const { name: input, id } of group.graph.inputs) inputs[input] = await other.at(id);
      const expected = await loaded.run(group.graph, inputs);
      const actual = await own.at(group.value);
      if (!isolated) other.set(group.value, expected);
      difference = this.#findings.compare(actual, expected);
      if (difference !== undefined && !isWithin(difference) && name.op === "nearestCode") {
        const graph = distancesToChosen(group.graph);
        difference = this.#findings.compare(
          await loaded.run(graph, { ...inputs, chosen: actual }),
          await loaded.run(graph, { ...inputs, chosen: expected }),
        );
      }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `Cannot compare ${name.op} at ${siteOf(name)} between ${names.a} and ${names.b}: ${reason}`,
        { cause },
      );
    }
    if (difference !== undefined) this.#findings.add({ ...name, ...difference });
  }

  /** What the run gave, beside what its nodes gave one by one. */
  async #compareResults(
    run: ObservedRun,
    { own, other }: { own: Numbers; other: Numbers },
  ): Promise<void> {
    const { isolated, others } = this.#findings;
    const { outputs } = this.#compiled.graph;
    // A value that takes several outputs holds the last.
    const last = new Map(outputs.map(({ name }) => [run.outputs.get(name)!.identity, name]));
    for (const { name, id } of outputs) {
      const { identity, copy } = run.outputs.get(name)!;
      if (last.get(identity) !== name) continue;
      if (!isolated) others.set(identity!, await other.at(id));
      const difference = this.#findings.compare(await copy.read(), await own.at(id));
      if (difference === undefined) continue;
      const output = copy.spec.shape;
      this.#findings.add({
        ...difference,
        op: "program",
        site: name,
        shapes: { inputs: [], output },
      });
    }
  }

  async #program(segment: Segment): Promise<Program> {
    const known = this.#programs.get(segment);
    if (known !== undefined) return known;
    const { parameters } = this.#compiled;
    const program = await this.#backend.compile(segment.graph, parameters);
    this.#programs.set(segment, program);
    return program;
  }

  [Symbol.dispose](): void {
    for (const program of this.#programs.values()) program[Symbol.dispose]();
    this.#programs.clear();
  }
}
