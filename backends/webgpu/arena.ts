/**
 * Buffers for what programs compute on the way. A device runs one program after the other, and nothing of a run is left in
 * them, so all programs of a backend share them.
 *
 * @module
 */
import type { Gpu } from "./gpu.ts";

interface Shared {
  readonly buffer: GPUBuffer;
  users: number;
}

/** The buffers that a backend's programs share. */
export class Arena {
  readonly #gpu: Gpu;
  #shared: Shared[] = [];

  /** An empty arena. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Different buffers of at least these sizes in bytes. */
  acquire(sizes: readonly number[]): GPUBuffer[] {
    const result: GPUBuffer[] = new Array(sizes.length);
    const taken = new Set<Shared>();
    const order = sizes.map((_, at) => at).sort((a, b) => sizes[b]! - sizes[a]!);
    try {
      for (const at of order) {
        const shared = this.#find(sizes[at]!, taken) ?? this.#add(sizes[at]!);
        shared.users++;
        taken.add(shared);
        result[at] = shared.buffer;
      }
    } catch (error) {
      this.release([...taken].map(({ buffer }) => buffer));
      throw error;
    }
    return result;
  }

  /** The smallest buffer that is large enough, not taken, and as far as is known not spoiled. */
  #find(bytes: number, taken: ReadonlySet<Shared>): Shared | undefined {
    let best: Shared | undefined;
    for (const each of this.#shared) {
      if (taken.has(each) || each.buffer.size < bytes || this.#gpu.isSpoiled(each.buffer)) continue;
      if (best === undefined || each.buffer.size < best.buffer.size) best = each;
    }
    return best;
  }

  #add(bytes: number): Shared {
    const buffer = this.#gpu.allocate(bytes, { purpose: "what a network computes on the way" });
    const shared = { buffer, users: 0 };
    this.#shared.push(shared);
    return shared;
  }

  /** Gives back what {@linkcode acquire} gave; what nobody uses is freed. */
  release(buffers: readonly GPUBuffer[]): void {
    const given = new Set(buffers);
    for (const each of this.#shared) if (given.has(each.buffer)) each.users--;
    for (const { buffer } of this.#shared.filter(({ users }) => users === 0)) {
      this.#gpu.free(buffer);
    }
    this.#shared = this.#shared.filter(({ users }) => users > 0);
  }
}
