import { assertEquals, assertRejects } from "@std/assert";
import type { Program } from "../backends/backend.ts";
import { CallsInFlight } from "./calls_in_flight.ts";
import { ProgramCache } from "./program_cache.ts";

/** Programs that tell when they are freed. */
function programs() {
  const freed: string[] = [];
  const make = (name: string) => (): Promise<Program> =>
    Promise.resolve({
      graph: { inputs: [], parameters: [], nodes: [], outputs: [], modules: new Map() },
      run: () => ({}),
      [Symbol.dispose]: () => void freed.push(name),
    });
  return { freed, make };
}

/** Until what was given up has been freed. */
const passed = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("the least recently used program is freed when there are too many", async () => {
  const { freed, make } = programs();
  using cache = new ProgramCache({ capacity: 2 });
  for (const key of ["a", "b", "a", "c"]) await cache.get(key, make(key));
  await passed();
  assertEquals(freed, ["b"]);
});

Deno.test("a program that a call may use is freed when the call is over, however many begin meanwhile", async () => {
  const { freed, make } = programs();
  const calls = new CallsInFlight();
  using cache = new ProgramCache({ capacity: 1, calls });
  const [first, second] = [calls.begin(), calls.begin()];
  await cache.get("a", make("a"));
  await cache.get("b", make("b"));
  await passed();
  const third = calls.begin();
  assertEquals(freed, []);
  second[Symbol.dispose]();
  second[Symbol.dispose]();
  assertEquals(freed, []);
  first[Symbol.dispose]();
  assertEquals(freed, ["a"]);
  third[Symbol.dispose]();
  assertEquals(freed, ["a"]);
});

Deno.test("a compilation that fails after it was given up is nobody else's failure", async () => {
  const { freed, make } = programs();
  const cache = new ProgramCache({ capacity: 1 });
  const failing = cache.get(
    "a",
    () => new Promise((_, reject) => setTimeout(() => reject(new Error("no")), 5)),
  );
  await cache.get("b", make("b"));
  const again = cache.get("a", make("a"));
  await assertRejects(() => failing, Error, "no");
  await again;
  await passed();
  assertEquals(freed, ["b"]);
  cache[Symbol.dispose]();
  await passed();
  assertEquals(freed, ["b", "a"]);
});
