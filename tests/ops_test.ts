/** Every op against golden files and against the tables of cases, on the reference backend and on its decompositions. */
import { assert, assertEquals } from "@std/assert";
import { type Comparison, judge, type Worst } from "../conformance/comparison.ts";
import { type GoldenCase, parseGoldenCase } from "../conformance/golden_case.ts";
import { OP_KINDS, opDefinitions, runOpCase, runTableCase } from "../conformance/op_cases.ts";
import type { Backend } from "../backends/backend.ts";
import { referenceBackend } from "../backends/reference/backend.ts";

const SUBSET = new URL("goldens/ops/", import.meta.url);
const ALL = new URL("../../shared/goldens/ops/", import.meta.url);

function isPresent(folder: URL): boolean {
  try {
    return Deno.statSync(folder).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function* goldenCases(
  folder: URL,
): AsyncGenerator<{ readonly file: string; readonly golden: GoldenCase }> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".safetensors")) continue;
    yield { file: name, golden: parseGoldenCase(await Deno.readFile(new URL(name, folder))) };
  }
}

/** Fails with the worst element, unless all are within their bounds. */
function assertWithin(comparisons: readonly Comparison[], name: string): void {
  const { passed, worst } = judge(comparisons);
  assert(passed, `${name}: ${describe(worst)}`);
}

function describe(worst: Worst | undefined): string {
  if (worst === undefined) return "nothing was compared";
  const { name, index, actual, expected, difference, bound } = worst;
  return `${name} at ${index} is ${actual}, not ${expected}: ${difference} apart, at most ${bound}`;
}

/** Fails if a computation that gives only zeros would pass. What is all zero, or may be anything, cannot tell. */
function assertTells(comparisons: readonly Comparison[], name: string): void {
  for (const comparison of comparisons) {
    const { actual, expected, bound } = comparison;
    const limit = (at: number) => typeof bound === "number" ? bound : bound[at]!;
    const telling = Array.from(expected).some((x, at) => x !== 0 && limit(at) < Infinity);
    if (!telling) continue;
    const zeros = new Float64Array(actual.length);
    const { passed } = judge([{ ...comparison, expected: zeros }]);
    assert(!passed, `${name}: ${comparison.name} passes where zeros are expected`);
  }
}

/** Kinds that can be run but have no golden file: the tables of cases have them. */
const WITHOUT_GOLDEN = ["abs", "maximum", "minimum"];

/** Fails unless every kind was there once or more. */
function assertKinds(kinds: ReadonlySet<string>): void {
  assertEquals([...kinds, ...WITHOUT_GOLDEN].sort(), [...OP_KINDS].sort());
}

/** Runs all golden files of a folder; returns the kinds that were met. */
async function runGoldens(
  folder: URL,
  { backend, exact }: { readonly backend: Backend; readonly exact: boolean },
): Promise<ReadonlySet<string>> {
  const kinds = new Set<string>();
  for await (const { file, golden } of goldenCases(folder)) {
    kinds.add(golden.settings.kind);
    const comparisons = await runOpCase(golden, { backend, exact });
    assertWithin(comparisons, `${file} on ${backend.name}`);
    assertTells(comparisons, file);
  }
  return kinds;
}

for (const [folder, where] of [[SUBSET, "a golden of every kind"], [ALL, "all goldens"]] as const) {
  const ignore = !isPresent(folder);
  Deno.test({
    name: `${where}: the reference is within the exact bounds, and the bounds tell`,
    ignore,
    async fn() {
      await using backend = referenceBackend();
      assertKinds(await runGoldens(folder, { backend, exact: true }));
    },
  });
  Deno.test({
    name: `${where}: decompositions are within the bounds of other backends`,
    ignore,
    async fn() {
      await using backend = referenceBackend({ decompose: true });
      assertKinds(await runGoldens(folder, { backend, exact: false }));
    },
  });
}

for (const decompose of [false, true]) {
  Deno.test(`the tables of cases hold on the reference${decompose ? ", decomposed" : ""}`, async () => {
    await using reference = referenceBackend();
    await using backend = referenceBackend({ decompose });
    for (const definition of opDefinitions()) {
      assert(definition.cases.length > 0, definition.name);
      assertEquals(
        new Set(definition.cases.map(({ name }) => name)).size,
        definition.cases.length,
        `${definition.name}: names are unique`,
      );
      for (const opCase of definition.cases) {
        const name = `${definition.name}, ${opCase.name}`;
        const comparisons = await runTableCase(definition, { opCase, backend, reference });
        assertTells(comparisons, name);
        assertWithin(comparisons, name);
      }
    }
  });
}
