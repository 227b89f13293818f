/**
 * Looking over a backend's shoulder: what each run was given and what it made, told when somebody waits anyway.
 *
 * `Program.run` may not wait, and looking at numbers must. So a run is only remembered, with copies of its inputs and outputs
 * on the device, and told to an observer by the next `read` or `settled`, in order. The copies of runs that nobody has waited
 * for stay in memory until then: a loop of many steps without a listener keeps its samples, but nothing of what a network
 * computes on the way.
 *
 * @module
 */
import { type Graph, specsOf } from "../graph/graph.ts";
import type { HostTensor, TensorSpec } from "../graph/tensor_spec.ts";
import { trace } from "../graph/trace.ts";
import {
  type Backend,
  checkInputs,
  type CompileOptions,
  DisposedError,
  InputError,
  type LoadOptions,
  type Parameters,
  type ParameterSource,
  type Program,
  type RunInput,
  type Value,
} from "./backend.ts";

/** A tensor that went into a run or came out of it. */
export interface ObservedValue {
  /** The caller's value, the same object in all runs that it takes part in; absent for a host tensor. */
  readonly identity?: Value;
  /** What it was then: a value of the backend that is looked at. It lives until the observer is done with the run. */
  readonly copy: Value;
}

/** A run of a program. */
export interface ObservedRun {
  /** Inputs by name. */
  readonly inputs: ReadonlyMap<string, ObservedValue>;
  /** Outputs by name. */
  readonly outputs: ReadonlyMap<string, ObservedValue>;
}

/** What an observer has for each program; disposed when the program is, and all its runs are told. */
export interface RunObserver extends Disposable {
  /** Told of a run; what it throws is thrown by the `read` or `settled` that waits. */
  observe(run: ObservedRun): Promise<void>;
}

/** A program as an {@linkcode Observer} meets it. */
export interface Compiled<Loaded> {
  readonly graph: Graph;
  /** The program and weights of the backend that is looked at. */
  readonly program: Program;
  readonly parameters: Parameters;
  /** What {@linkcode Observer.load} gave for these weights. */
  readonly loaded: Loaded;
}

/** Who looks. */
export interface Observer<Loaded extends Disposable> {
  /** Called with each model's weights; the result lives as long as they do. */
  load(source: ParameterSource, options: LoadOptions): Promise<Loaded>;
  /** Called with each program. */
  compile(compiled: Compiled<Loaded>): RunObserver;
  /** Called when somebody waits, after the runs so far are told. */
  settled(): Promise<void>;
}

/** Something whose end waits for its users: weights and programs of runs that are not told yet. */
class Lifetime {
  #users = 0;
  #ended = false;
  readonly #free: () => void;

  constructor(free: () => void) {
    this.#free = free;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Puts off the end until the result is called. */
  use(): () => void {
    this.#users++;
    return () => {
      this.#users--;
      if (this.#ended && this.#users === 0) this.#free();
    };
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#users === 0) this.#free();
  }
}

/** A run that is not told yet. */
interface Pending {
  tell(): Promise<void>;
  free(): void;
}

/** The runs that are not told yet, oldest first. */
class Runs {
  #pending: Pending[] = [];
  #telling: Promise<void> | undefined;

  push(run: Pending): void {
    this.#pending.push(run);
  }

  /** Tells all runs so far. What an observer throws ends the telling; the runs after that are told by the next call. */
  told(): Promise<void> {
    this.#telling ??= this.#tell().finally(() => this.#telling = undefined);
    return this.#telling;
  }

  async #tell(): Promise<void> {
    for (let run = this.#pending.shift(); run !== undefined; run = this.#pending.shift()) {
      try {
        await run.tell();
      } finally {
        run.free();
      }
    }
  }

  free(): void {
    for (const run of this.#pending) run.free();
    this.#pending = [];
  }
}

class WatchedParameters<Loaded extends Disposable> implements Parameters {
  readonly source: ParameterSource;
  readonly inner: Parameters;
  readonly loaded: Loaded;
  readonly runs: Runs;
  readonly life: Lifetime;

  constructor(inner: Parameters, { loaded, runs }: { loaded: Loaded; runs: Runs }) {
    this.source = inner.source;
    this.inner = inner;
    this.loaded = loaded;
    this.runs = runs;
    this.life = new Lifetime(() => {
      inner[Symbol.dispose]();
      loaded[Symbol.dispose]();
    });
  }

  [Symbol.dispose](): void {
    this.life.end();
  }
}

class WatchedValue implements Value {
  readonly spec: TensorSpec;
  readonly inner: Value;
  readonly runs: Runs;

  constructor(inner: Value, runs: Runs) {
    this.spec = inner.spec;
    this.inner = inner;
    this.runs = runs;
  }

  async read(): Promise<HostTensor> {
    // Asked for now, so that runs that are enqueued while others are told cannot change it.
    const reading = this.inner.read();
    reading.catch(() => {}); // it is awaited below, unless an observer throws first
    await this.runs.told();
    return await reading;
  }

  [Symbol.dispose](): void {
    this.inner[Symbol.dispose]();
  }
}

type Tensors = Readonly<Record<string, RunInput>>;
type Values = Readonly<Record<string, Value>>;

/** A graph whose outputs are its inputs: it copies values without waiting. */
function copies(specs: Readonly<Record<string, TensorSpec>>): Graph {
  return trace<string>((inputs) => inputs, specs);
}

function disposeAll(values: Iterable<Value>): void {
  for (const value of values) value[Symbol.dispose]();
}

class WatchedProgram implements Program {
  readonly graph: Graph;
  readonly #parts: ProgramParts;
  readonly #life: Lifetime;

  constructor(graph: Graph, parts: ProgramParts) {
    this.graph = graph;
    this.#parts = parts;
    this.#life = new Lifetime(() => {
      parts.observer[Symbol.dispose]();
      for (const program of [parts.program, parts.copyInputs, parts.copyOutputs]) {
        program[Symbol.dispose]();
      }
    });
  }

  run(inputs: Tensors, into: Values = {}): Record<string, Value> {
    const { program, parameters, copyInputs, copyOutputs, observer, runs } = this.#parts;
    if (this.#life.ended || parameters.ended) {
      throw new DisposedError("Cannot run a program: it or its parameters are disposed");
    }
    checkInputs(this.graph, inputs);
    const given: Record<string, RunInput> = {};
    for (const [name, input] of Object.entries(inputs)) {
      given[name] = "spec" in input ? this.#inner(input, name) : input;
    }
    const targets: Record<string, Value> = {};
    for (const [name, value] of Object.entries(into)) targets[name] = this.#inner(value, name);
    // Before the run, which may write into its own inputs.
    const before = copyInputs.run(given);
    const kept = Object.values(before);
    try {
      const made = program.run(given, targets);
      const after = copyOutputs.run(made);
      kept.push(...Object.values(after));
      const results: Record<string, Value> = {};
      for (const [name, value] of Object.entries(made)) {
        results[name] = into[name] ?? new WatchedValue(value, runs);
      }
      const run: ObservedRun = {
        inputs: new Map(
          Object.entries(before).map(([name, copy]) => {
            const input = inputs[name]!;
            return [name, "spec" in input ? { identity: input, copy } : { copy }];
          }),
        ),
        outputs: new Map(
          Object.entries(after).map(([name, copy]) => [name, { identity: results[name]!, copy }]),
        ),
      };
      const ends = [this.#life.use(), parameters.use()];
      runs.push({
        tell: () => observer.observe(run),
        free: () => {
          disposeAll(kept);
          for (const end of ends) end();
        },
      });
      return results;
    } catch (error) {
      disposeAll(kept);
      throw error;
    }
  }

  #inner(value: Value, name: string): Value {
    if (value instanceof WatchedValue && value.runs === this.#parts.runs) return value.inner;
    throw new InputError(`Cannot run the graph: ${name} is a value of another backend`);
  }

  [Symbol.dispose](): void {
    this.#life.end();
  }
}

interface ProgramParts {
  readonly program: Program;
  readonly parameters: Lifetime;
  readonly copyInputs: Program;
  readonly copyOutputs: Program;
  readonly observer: RunObserver;
  readonly runs: Runs;
}

/**
 * A backend that works as another does, and tells an observer of every run.
 *
 * @param backend What runs the graphs. It is disposed with the result.
 */
export function observed<Loaded extends Disposable>(
  backend: Backend,
  options: { readonly name: string; readonly observer: Observer<Loaded> },
): Backend {
  const { name, observer } = options;
  const runs = new Runs();
  return {
    name,
    async load(source: ParameterSource, settings: LoadOptions = {}): Promise<Parameters> {
      const inner = await backend.load(source, settings);
      try {
        const loaded = await observer.load(source, settings);
        return new WatchedParameters(inner, { loaded, runs });
      } catch (error) {
        inner[Symbol.dispose]();
        throw error;
      }
    },
    async compile(graph: Graph, parameters: Parameters, settings: CompileOptions = {}) {
      if (!(parameters instanceof WatchedParameters) || parameters.runs !== runs) {
        throw new TypeError("Cannot compile: the parameters were loaded by another backend");
      }
      if (parameters.life.ended) {
        throw new DisposedError("Cannot compile: the parameters are disposed");
      }
      const { inner, life } = parameters;
      // One observer loads all weights of a backend, so they are of its type.
      const loaded = parameters.loaded as Loaded;
      const made: Program[] = [];
      const compile = async (each: Graph, eachSettings: CompileOptions) => {
        const program = await backend.compile(each, inner, eachSettings);
        made.push(program);
        return program;
      };
      try {
        const program = await compile(graph, settings);
        const specs = outputSpecs(graph);
        const given = Object.fromEntries(graph.inputs.map(({ name, spec }) => [name, spec]));
        return new WatchedProgram(graph, {
          program,
          parameters: life,
          copyInputs: await compile(copies(given), {}),
          copyOutputs: await compile(copies(specs), {}),
          observer: observer.compile({ graph, program, parameters: inner, loaded }),
          runs,
        });
      } catch (error) {
        for (const program of made) program[Symbol.dispose]();
        throw error;
      }
    },
    upload: (tensor) => new WatchedValue(backend.upload(tensor), runs),
    async settled() {
      await runs.told();
      await observer.settled();
      await backend.settled();
    },
    async [Symbol.asyncDispose]() {
      runs.free();
      await backend[Symbol.asyncDispose]();
    },
  };
}

function outputSpecs(graph: Graph): Record<string, TensorSpec> {
  const specs = specsOf(graph);
  return Object.fromEntries(graph.outputs.map(({ name, id }) => [name, specs.get(id)!]));
}
