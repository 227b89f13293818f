/**
 * Programs by key, the least recently used one given up first.
 *
 * @module
 */
import type { Program } from "../backends/backend.ts";

/** Compiled programs by key, at most `capacity` of them. */
export class ProgramCache {
  readonly #programs = new Map<string, Promise<Program>>();
  readonly #capacity: number;

  /** Eight sizes of a picture are more than one session uses. */
  constructor(capacity = 8) {
    this.#capacity = capacity;
  }

  /** The program of a key, compiled if it is not there. A compilation that fails is forgotten. */
  async get(key: string, compile: () => Promise<Program>): Promise<Program> {
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
      await this.#evict();
      return program;
    } catch (error) {
      this.#programs.delete(key);
      throw error;
    }
  }

  async #evict(): Promise<void> {
    for (const [key, program] of this.#programs) {
      if (this.#programs.size <= this.#capacity) return;
      this.#programs.delete(key);
      (await program)[Symbol.dispose]();
    }
  }

  /** Frees all programs. */
  [Symbol.dispose](): void {
    for (const program of this.#programs.values()) {
      program.then((made) => made[Symbol.dispose](), () => {});
    }
    this.#programs.clear();
  }
}
