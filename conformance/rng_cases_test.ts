import { assert, assertEquals, assertThrows } from "@std/assert";
import { type GoldenCase, parseGoldenCase } from "./golden_case.ts";
import { type Comparison, judge } from "./comparison.ts";
import { runRngCase } from "./rng_cases.ts";

/** Every case that torch made, if they are here. */
const ALL = new URL("../../shared/goldens/rng/", import.meta.url);
const SOME = new URL("../tests/goldens/rng/", import.meta.url);

function* casesIn(folder: URL): Generator<[string, GoldenCase]> {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".safetensors")) continue;
    yield [name, parseGoldenCase(Deno.readFileSync(new URL(name, folder)))];
  }
}

function worstOf({ actual, expected }: Comparison): number {
  let worst = actual.length === expected.length ? 0 : NaN;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!)); // NaN stays NaN
  }
  return worst;
}

function passAll(folder: URL): Set<string> {
  const kinds = new Set<string>();
  for (const [file, golden] of casesIn(folder)) {
    kinds.add(golden.settings.kind);
    const comparisons = runRngCase(golden);
    const outputs = [...golden.tensors.keys()].filter((name) => name.startsWith("output."));
    assertEquals(comparisons.map(({ name }) => name).sort(), outputs.sort());
    for (const comparison of comparisons) {
      const worst = worstOf(comparison);
      assert(judge([comparison]).passed, `${file} ${comparison.name}: ${worst}`);
    }
  }
  return kinds;
}

const KINDS = ["mt19937", "philox4x32", "philox_random", "randn_tensor", "torch_random"];

Deno.test("all five kinds of case equal torch's numbers", () => {
  assertEquals([...passAll(SOME)].sort(), KINDS);
});

Deno.test("every case of random numbers equals torch's", { ignore: !exists(ALL) }, () => {
  assertEquals([...passAll(ALL)].sort(), KINDS);
});

Deno.test("no bound is so wide that zeros would pass", () => {
  for (const [file, golden] of casesIn(SOME)) {
    for (const { name, expected, bound } of runRngCase(golden)) {
      const largest = Math.max(...Array.from(expected, Math.abs));
      // A permutation of one element is 0 whatever is computed.
      if (expected.length > 1) assert(largest > Number(bound), `${file} ${name}`);
    }
  }
});

Deno.test("a seed beyond 2^53 keeps its low bits as a bigint", () => {
  const golden = parseGoldenCase(
    Deno.readFileSync(new URL("randn_15_seed_2e32_plus_5.safetensors", SOME)),
  );
  const settings = { ...golden.settings, "generator_seed": 2n ** 60n + 5n };
  const [comparison] = runRngCase({ ...golden, settings });
  assertEquals(worstOf(comparison!), 0);
});

Deno.test("a case of another kind is refused by name", () => {
  assertThrows(
    () => runRngCase({ settings: { kind: "op" }, tensors: new Map() }),
    Error,
    "kind op",
  );
});

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isDirectory;
  } catch {
    return false;
  }
}
