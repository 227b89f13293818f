import { assert } from "@std/assert";
import { isOurError } from "../conformance/our_error.ts";
import { memoryFiles } from "../formats/file_source.ts";
import { readConfigs, traceNetwork } from "./specimens.ts";

/** Several times what the largest network has. */
const MOST_NODES = 200_000;
const SIZES = [0, 1, 2, 64, 255, 1024, 4096, 65_536, 2 ** 24, 2 ** 53 - 1];

/** A configuration with one number changed, wherever there is one: alone, and as a list that is as long. */
function* bombs(config: Readonly<Record<string, unknown>>): Generator<[string, unknown]> {
  for (const [key, value] of Object.entries(config)) {
    const isList = Array.isArray(value);
    const numbers = isList ? value : [value];
    // Null is a number's place, too.
    if (!numbers.every((one) => typeof one === "number" || one === null)) continue;
    for (const size of SIZES) {
      yield [key, isList ? value.map(() => size) : size];
    }
    if (isList) yield [key, Array(10_000).fill(value[0])];
  }
}

Deno.test("no number of a configuration makes a network that is too large to be traced", async () => {
  let [read, refused] = [0, 0];
  for (const [name, bytes] of await readConfigs()) {
    const config = JSON.parse(new TextDecoder().decode(bytes));
    for (const [key, value] of bombs(config)) {
      const json = JSON.stringify({ ...config, [key]: value });
      const what = `${name} with ${key} = ${JSON.stringify(value).slice(0, 50)}`;
      const files = memoryFiles(new Map([["config.json", json]]));
      const nodes = await traceNetwork(files).catch((error: unknown) => error);
      if (typeof nodes === "number") {
        assert(nodes < MOST_NODES, `${what} has ${nodes} nodes`);
        read++;
      } else {
        assert(isOurError(nodes), `${what}: ${nodes}`);
        refused++;
      }
    }
  }
  assert(read > 100 && refused > 200, `${read} read, ${refused} refused`);
});
