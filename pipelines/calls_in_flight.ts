/**
 * Which calls of a backend's pipelines are going on.
 *
 * @module
 */
import type { Backend } from "../backends/backend.ts";

/** Calls that are going on: what they may still use is kept until they are over. */
export class CallsInFlight {
  readonly #calls = new Set<Kept[]>();

  /** Begins a call; disposing of what comes back ends it. */
  begin(): Disposable {
    const kept: Kept[] = [];
    this.#calls.add(kept);
    return {
      [Symbol.dispose]: () => {
        if (!this.#calls.delete(kept)) return;
        for (const each of kept) {
          each.users--;
          if (each.users === 0) each.free();
        }
      },
    };
  }

  /** Frees something when all calls are over that go on now: at once, if there are none. */
  free(free: () => void): void {
    if (this.#calls.size === 0) return free();
    const kept = { users: this.#calls.size, free };
    for (const call of this.#calls) call.push(kept);
  }
}

interface Kept {
  users: number;
  readonly free: () => void;
}

const known = new WeakMap<Backend, CallsInFlight>();

/** The calls that run on a backend. */
export function callsOn(backend: Backend): CallsInFlight {
  const calls = known.get(backend) ?? new CallsInFlight();
  known.set(backend, calls);
  return calls;
}
