/**
 * Small graphs without weights, between the networks.
 *
 * @module
 */
import type { Backend, Parameters, Program } from "../backends/backend.ts";
import type { Graph } from "../graph/graph.ts";
import { ProgramCache } from "./program_cache.ts";

/** Compiles small graphs without weights on a backend, once each. */
export class Arithmetic {
  readonly #backend: Backend;
  readonly #programs = new ProgramCache(64);
  #parameters: Promise<Parameters> | undefined;

  /** The backend stays the caller's. */
  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** The program of a key; `build` is called if there is none yet. It stays this object's. */
  program(key: string, build: () => Graph): Promise<Program> {
    return this.#programs.get(key, async () => {
      this.#parameters ??= this.#backend.load({
        description: "no weights",
        tensors: new Map(),
        read: (name) => Promise.reject(new Error(`Cannot read ${name}: there are no weights`)),
      });
      return await this.#backend.compile(build(), await this.#parameters);
    });
  }

  /** Frees all programs. */
  [Symbol.dispose](): void {
    this.#programs[Symbol.dispose]();
    this.#parameters?.then((parameters) => parameters[Symbol.dispose](), () => {});
  }
}
