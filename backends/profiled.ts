/**
 * Where a backend spends its time.
 *
 * @module
 */
import type { Graph, ValueId } from "../graph/graph.ts";
import { lastUses } from "../graph/passes/liveness.ts";
import { prune } from "../graph/passes/prune.ts";
import { subgraphs } from "../graph/passes/subgraphs.ts";
import type { Backend, Program, RunInput, Value } from "./backend.ts";
import { type Compiled, observed, type ObservedRun, type RunObserver } from "./observed.ts";

/** How long a node, or the nodes of one kernel, took. */
export interface StepTime {
  /** The op; `conv2d+silu` where a kernel does several. */
  readonly label: string;
  /** The checkpoint's path of the module that made the node. */
  readonly site: string;
  /** Milliseconds of one run. */
  readonly milliseconds: number;
}

/** A program that times its own steps. */
export interface ProfilableProgram extends Program {
  /** Runs once more with the device's clock, waits, and drops the results. */
  profile(inputs: Readonly<Record<string, RunInput>>): Promise<readonly StepTime[]>;
}

/** Settings of {@linkcode profiled}. */
export interface ProfiledOptions {
  /**
   * Whose clock: `device` where programs time themselves ({@linkcode ProfilableProgram}), which keeps fused nodes together;
   * `host` runs one node after the other and waits for each, which any backend can. Default `device` where programs offer it,
   * else `host`.
   */
  readonly clock?: "device" | "host";
}

/** A line of a {@linkcode Profile}. */
export interface ProfileRow {
  /** The op, or the site. */
  readonly name: string;
  /** How often it ran. */
  readonly calls: number;
  /** Milliseconds of all calls. */
  readonly milliseconds: number;
  /** Part of the time of all rows, 0 to 1. */
  readonly share: number;
}

/** Where the time went in all runs that somebody has waited for; the longest first. */
export interface Profile {
  /** Runs of programs that were timed. */
  readonly runs: number;
  /** Milliseconds of all. */
  readonly milliseconds: number;
  /** By op. */
  readonly byOp: readonly ProfileRow[];
  /** By site: the checkpoint's path of each module. */
  readonly bySite: readonly ProfileRow[];
}

/** A {@linkcode Backend} that measures what it does. */
export interface ProfiledBackend extends Backend {
  /** Where the time went so far. */
  profile(): Profile;
}

/**
 * A backend that works as another does, and times every node.
 *
 * Timing happens when somebody waits: `read` and `settled` first repeat all runs before them. With the host's clock every node
 * is a program of its own, compiled beforehand; it is run, and waited for with `settled`. Its time is that of both calls, less
 * what `settled` takes with nothing to do, so on a GPU it still has the cost of one submission in it, nodes
 * are not fused, and what is constant over many runs is timed in each. Programs that time themselves with the device's
 * clock have none of these faults. So use the shares, and measure the whole without a profile.
 *
 * @param backend What is measured. It is disposed with the result.
 *
 * @example
 * ```ts
 * import { f32, formatProfile, hostTensor, profiled, referenceBackend, softmax, trace } from "@denoise/denoise";
 *
 * await using backend = profiled(referenceBackend());
 * using none = await backend.load({ description: "", tensors: new Map(), read: () => Promise.reject() });
 * const graph = trace(({ x }) => softmax(x, { axis: 0 }), { x: f32(3) });
 * using program = await backend.compile(graph, none);
 * program.run({ x: hostTensor([3], [1, 2, 3]) });
 * await backend.settled();
 * formatProfile(backend.profile()); // a table whose first row is softmax
 * ```
 */
export function profiled(backend: Backend, options: ProfiledOptions = {}): ProfiledBackend {
  const times = new Times();
  const nothing: Disposable = { [Symbol.dispose]() {} };
  const inner = observed(backend, {
    name: `profiled(${backend.name})`,
    observer: {
      load: () => Promise.resolve(nothing),
      compile: (compiled) => {
        const { program } = compiled;
        return isProfilable(program) && options.clock !== "host"
          ? new DeviceClock(program, times)
          : new HostClock(backend, { compiled, times });
      },
      settled: () => Promise.resolve(),
    },
  });
  return { ...inner, profile: () => times.profile() };
}

function isProfilable(program: Program): program is ProfilableProgram {
  return "profile" in program && typeof program.profile === "function";
}

/** Sums of times by name. */
class Times {
  readonly #byOp = new Map<string, { calls: number; milliseconds: number }>();
  readonly #bySite = new Map<string, { calls: number; milliseconds: number }>();
  #runs = 0;

  add(steps: readonly StepTime[]): void {
    this.#runs++;
    for (const { label, site, milliseconds } of steps) {
      for (const [sums, name] of [[this.#byOp, label], [this.#bySite, site]] as const) {
        const sum = sums.get(name) ?? { calls: 0, milliseconds: 0 };
        sum.calls++;
        sum.milliseconds += milliseconds;
        sums.set(name, sum);
      }
    }
  }

  profile(): Profile {
    const milliseconds = [...this.#byOp.values()].reduce((sum, row) => sum + row.milliseconds, 0);
    const rows = (sums: ReadonlyMap<string, { calls: number; milliseconds: number }>) =>
      [...sums].map(([name, sum]): ProfileRow => ({
        name,
        ...sum,
        share: milliseconds === 0 ? 0 : sum.milliseconds / milliseconds,
      })).sort((a, b) => b.milliseconds - a.milliseconds);
    return { runs: this.#runs, milliseconds, byOp: rows(this.#byOp), bySite: rows(this.#bySite) };
  }
}

/** Programs that time themselves. */
class DeviceClock implements RunObserver {
  readonly #program: ProfilableProgram;
  readonly #times: Times;

  constructor(program: ProfilableProgram, times: Times) {
    this.#program = program;
    this.#times = times;
  }

  async observe(run: ObservedRun): Promise<void> {
    const inputs = [...run.inputs].map(([name, { copy }]) => [name, copy]);
    this.#times.add(await this.#program.profile(Object.fromEntries(inputs)));
  }

  [Symbol.dispose](): void {} // the program is not ours
}

/** One node after the other. */
class HostClock implements RunObserver {
  readonly #backend: Backend;
  readonly #compiled: Compiled<Disposable>;
  readonly #times: Times;
  readonly #graph: Graph;
  readonly #dying: readonly (readonly ValueId[])[];
  /** A program for each node. */
  #programs: readonly Program[] | undefined;

  constructor(
    backend: Backend,
    parts: { readonly compiled: Compiled<Disposable>; readonly times: Times },
  ) {
    this.#backend = backend;
    this.#compiled = parts.compiled;
    this.#times = parts.times;
    this.#graph = prune(parts.compiled.graph);
    this.#dying = lastUses({ ...this.#graph, outputs: [] });
  }

  async observe(run: ObservedRun): Promise<void> {
    const { nodes, inputs } = this.#graph;
    const programs = this.#programs ??= await this.#compile();
    const idle = await this.#idle();
    const values = new Map<ValueId, Value>(
      inputs.map(({ name, id }) => [id, run.inputs.get(name)!.copy]),
    );
    const made = new Map<ValueId, Value>();
    const steps: StepTime[] = [];
    try {
      for (const [at, node] of nodes.entries()) {
        const program = programs[at]!;
        const given = program.graph.inputs.map(({ name, id }) => [name, values.get(id)!]);
        const inputs: Record<string, Value> = Object.fromEntries(given);
        const start = performance.now();
        const value = program.run(inputs).y0!;
        const enqueued = performance.now();
        await this.#backend.settled();
        const waited = Math.max(0, performance.now() - enqueued - idle);
        values.set(node.id, value);
        made.set(node.id, value);
        const milliseconds = enqueued - start + waited;
        steps.push({ label: node.op, site: node.site, milliseconds });
        for (const id of this.#dying[at]!) {
          made.get(id)?.[Symbol.dispose]();
          made.delete(id);
        }
      }
    } finally {
      for (const value of made.values()) value[Symbol.dispose]();
    }
    this.#times.add(steps);
  }

  async #compile(): Promise<readonly Program[]> {
    const { parameters } = this.#compiled;
    const cut = subgraphs(this.#graph);
    const given = new Set(this.#graph.nodes.map(({ id }) => id));
    const programs: Program[] = [];
    try {
      for (const { id } of this.#graph.nodes) {
        given.delete(id);
        const part = cut({ given, outputs: [id] });
        given.add(id);
        programs.push(await this.#backend.compile(part, parameters));
      }
    } catch (error) {
      for (const program of programs) program[Symbol.dispose]();
      throw error;
    }
    return programs;
  }

  /** Milliseconds of waiting with nothing to do: the least of some. */
  async #idle(): Promise<number> {
    await this.#backend.settled();
    let least = Infinity;
    for (let at = 0; at < 5; at++) {
      const start = performance.now();
      await this.#backend.settled();
      least = Math.min(least, performance.now() - start);
    }
    return least;
  }

  [Symbol.dispose](): void {
    for (const program of this.#programs ?? []) program[Symbol.dispose]();
    this.#programs = undefined;
  }
}

/**
 * A profile as two tables, the longest rows first.
 *
 * @param options How many rows of each table; 20 unless said otherwise. What is left out is summed in one last row.
 */
export function formatProfile(
  profile: Profile,
  options: { readonly rows?: number } = {},
): string {
  const { runs, milliseconds, byOp, bySite } = profile;
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  return [
    `${count(runs, "run")}, ${milliseconds.toFixed(1)} ms`,
    table("op", byOp, options.rows ?? 20),
    table("site", bySite, options.rows ?? 20),
  ].join("\n\n");
}

function table(title: string, all: readonly ProfileRow[], most: number): string {
  const rows = all.slice(0, most);
  const rest = all.slice(most);
  if (rest.length > 0) {
    const sum = (key: "calls" | "milliseconds" | "share") =>
      rest.reduce((total, row) => total + row[key], 0);
    rows.push({
      name: `${rest.length} more`,
      calls: sum("calls"),
      milliseconds: sum("milliseconds"),
      share: sum("share"),
    });
  }
  const cells = [
    [title, "calls", "ms", "%"],
    ...rows.map((row) => [
      row.name === "" ? "(the top)" : row.name,
      String(row.calls),
      row.milliseconds.toFixed(2),
      (100 * row.share).toFixed(1),
    ]),
  ];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...cells.map((row) => row[at]!.length)));
  return cells.map((row) =>
    row.map((cell, at) => at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)).join(
      "  ",
    )
  ).join("\n");
}
