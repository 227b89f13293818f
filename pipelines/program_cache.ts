/**
 * Programs by key, the least recently used one given up first.
 *
 * @module
 */
import { DisposedError, type Program } from "../backends/backend.ts";
import { CallsInFlight } from "./calls_in_flight.ts";

/** Settings of a {@linkcode ProgramCache}. */
export interface ProgramCacheOptions {
  /** How many programs are kept. Default 8: sizes of a picture are more than one session uses. */
  readonly capacity?: number;
  /** Calls that may use a program which is given up meanwhile; it is freed when they are over. */
  readonly calls?: CallsInFlight;
}

/** Compiled programs by key, at most `capacity` of them. */
export class ProgramCache {
  readonly #programs = new Map<string, Promise<Program>>();
  readonly #capacity: number;
  readonly #calls: CallsInFlight;
  #disposed = false;

  /** An empty one. */
  constructor({ capacity = 8, calls = new CallsInFlight() }: ProgramCacheOptions = {}) {
    this.#capacity = capacity;
    this.#calls = calls;
  }

  /** The program of a key, compiled if it is not there. A compilation that fails is forgotten. */
  async get(key: string, compile: () => Promise<Program>): Promise<Program> {
    this.#check();
    const known = this.#programs.get(key);
    if (known !== undefined) {
      this.#programs.delete(key);
      this.#programs.set(key, known);
      return await known;
    }
    const made = compile();
    this.#programs.set(key, made);
    try {
      const program = await made;
      this.#check();
      this.#evict();
      return program;
    } catch (error) {
      if (this.#programs.get(key) === made) this.#programs.delete(key);
      throw error;
    }
  }

  #check(): void {
    if (this.#disposed) throw new DisposedError("Cannot run a network: its model is disposed");
  }

  #evict(): void {
    for (const [key, program] of this.#programs) {
      if (this.#programs.size <= this.#capacity) return;
      this.#programs.delete(key);
      program.then((made) => this.#calls.free(() => made[Symbol.dispose]()), () => {});
    }
  }

  /** Frees all programs. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const program of this.#programs.values()) {
      program.then((made) => made[Symbol.dispose](), () => {});
    }
    this.#programs.clear();
  }
}
