/**
 * A backend for tests.
 *
 * @module
 */
import type { Backend } from "../backends/backend.ts";

/** A backend that counts how often somebody waits for it. */
export function counting(inner: Backend): { readonly backend: Backend; waits: () => number } {
  let waits = 0;
  const read = <T>(work: Promise<T>): Promise<T> => {
    waits++;
    return work;
  };
  const count = (values: Record<string, ReturnType<Backend["upload"]>>) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => {
        const own = value.read.bind(value);
        value.read = () => read(own());
        return [name, value];
      }),
    );
  const backend: Backend = {
    name: "counting",
    load: (...given) => inner.load(...given),
    async compile(...given) {
      const program = await inner.compile(...given);
      const run = program.run.bind(program);
      program.run = (...inputs) => count(run(...inputs));
      return program;
    },
    upload: (tensor) => inner.upload(tensor),
    settled: () => read(inner.settled()),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
  return { backend, waits: () => waits };
}
