/**
 * A backend for tests.
 *
 * @module
 */
import type { Backend, Value } from "../backends/backend.ts";

/** A backend that knows which values are alive, and fails in one of its calls. */
export interface TrackedBackend {
  readonly backend: Backend;
  /** Values that nobody has disposed of. */
  alive(): number;
  /** How often something was uploaded, compiled or run. */
  calls(): number;
}

/** Follows a backend's values; fails in call number `failing`, from 0. */
export function tracked(inner: Backend, failing = Infinity): TrackedBackend {
  const alive = new Set<Value>();
  let calls = 0;
  const call = (): void => {
    if (calls++ === failing) throw new Error("an injected failure");
  };
  const follow = (value: Value): Value => {
    alive.add(value);
    const dispose = value[Symbol.dispose].bind(value);
    value[Symbol.dispose] = () => {
      alive.delete(value);
      dispose();
    };
    return value;
  };
  const backend: Backend = {
    ...inner,
    name: "tracked",
    async compile(...given) {
      call();
      const program = await inner.compile(...given);
      const run = program.run.bind(program);
      program.run = (...inputs) => {
        call();
        const values = run(...inputs);
        Object.values(values).forEach(follow);
        return values;
      };
      return program;
    },
    upload(tensor) {
      call();
      return follow(inner.upload(tensor));
    },
  };
  return { backend, alive: () => alive.size, calls: () => calls };
}
