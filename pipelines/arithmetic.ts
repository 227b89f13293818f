/**
 * Small graphs without weights, between the networks.
 *
 * @module
 */
import { type Backend, NO_WEIGHTS, type Parameters, type Program } from "../backends/backend.ts";
import type { Graph } from "../graph/graph.ts";
import { add, mul, split } from "../graph/ops/mod.ts";
import { f32 } from "../graph/tensor_spec.ts";
import { type Tensor, trace } from "../graph/trace.ts";
import { callsOn } from "./calls_in_flight.ts";
import { ProgramCache } from "./program_cache.ts";

/** Compiles small graphs without weights on a backend, once each. */
export class Arithmetic {
  readonly #backend: Backend;
  readonly #programs: ProgramCache;
  #parameters: Promise<Parameters> | undefined;

  /** The backend stays the caller's. At most `capacity` programs are kept. */
  constructor(backend: Backend, capacity = 64) {
    this.#backend = backend;
    this.#programs = new ProgramCache({ capacity, calls: callsOn(backend) });
  }

  /** The program of a key; `build` is called if there is none yet. It stays this object's. */
  program(key: string, build: () => Graph): Promise<Program> {
    return this.#programs.get(key, async () => {
      const parameters = await (this.#parameters ??= this.#load());
      return await this.#backend.compile(build(), parameters);
    });
  }

  #load(): Promise<Parameters> {
    const loading = this.#backend.load(NO_WEIGHTS);
    loading.catch(() => this.#parameters = undefined); // to be tried again
    return loading;
  }

  /** The program of weights[0] a + weights[1] b, called `sum`. */
  weightedSum(shape: readonly number[]): Promise<Program> {
    return this.program(`weighted sum ${shape.join()}`, () =>
      trace(({ a, b, weights }) => {
        const [first, second] = split(weights, { axis: 0, sizes: [1, 1] }) as [Tensor, Tensor];
        return { sum: add(mul(a, first), mul(b, second)) };
      }, { a: f32(...shape), b: f32(...shape), weights: f32(2) }));
  }

  /** Frees all programs. */
  [Symbol.dispose](): void {
    this.#programs[Symbol.dispose]();
    this.#parameters?.then((parameters) => parameters[Symbol.dispose](), () => {});
  }
}
