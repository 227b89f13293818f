import { assert, assertEquals } from "@std/assert";
import { referenceBackend } from "../backends/reference/backend.ts";
import { CLASSES } from "../schedulers/classes.ts";
import { type GoldenCase, parseGoldenCase } from "./golden_case.ts";
import type { Comparison } from "./comparison.ts";
import { isSchedulerCase, runSchedulerCase } from "./scheduler_cases.ts";

/** Every case that diffusers made, if they are here. */
const ALL = new URL("../../shared/goldens/schedulers/", import.meta.url);
const SOME = new URL("../tests/goldens/schedulers/", import.meta.url);

function* casesIn(folder: URL): Generator<[string, GoldenCase]> {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".safetensors")) continue;
    yield [name, parseGoldenCase(Deno.readFileSync(new URL(name, folder)))];
  }
}

/** The largest share of its bound that an element is off by. */
function shareOf({ actual, expected, bound }: Comparison): number {
  let worst = actual.length === expected.length ? 0 : Infinity;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    const most = typeof bound === "number" ? bound : bound[i]!;
    worst = Math.max(worst, difference === 0 ? 0 : difference / most); // NaN stays NaN
  }
  return worst;
}

async function passAll(
  folder: URL,
): Promise<{ readonly kinds: Set<string>; readonly classes: Set<string> }> {
  await using backend = referenceBackend();
  const [kinds, classes] = [new Set<string>(), new Set<string>()];
  for (const [file, golden] of casesIn(folder)) {
    assert(isSchedulerCase(golden));
    const { kind, class: name } = golden.settings;
    kinds.add(kind);
    classes.add(typeof name === "string" ? name : "RePaintScheduler");
    const comparisons = await runSchedulerCase(golden, { backend, exact: true });
    const compared = new Set(comparisons.map(({ name }) => name.replace(/ on reference$/, "")));
    for (const output of golden.tensors.keys()) {
      if (output.startsWith("output.")) assert(compared.has(output), `${file} skips ${output}`);
    }
    for (const comparison of comparisons) {
      const share = shareOf(comparison);
      assert(share <= 1, `${file} ${comparison.name}: ${share} of the bound`);
    }
  }
  return { kinds, classes };
}

const KINDS = [
  "repaint_timesteps",
  "repaint_trajectory",
  "scheduler_add_noise",
  "scheduler_img2img_timesteps",
  "scheduler_noise_schedule",
  "scheduler_timesteps",
  "scheduler_trajectory",
];

Deno.test("a case of every kind and of every class equals diffusers' numbers", async () => {
  const { kinds, classes } = await passAll(SOME);
  assertEquals([...kinds].sort(), KINDS);
  assertEquals([...classes].sort(), [...CLASSES.keys()].sort());
});

Deno.test("every case of schedulers equals diffusers' numbers", {
  ignore: !exists(ALL),
}, async () => {
  assertEquals([...(await passAll(ALL)).kinds].sort(), KINDS);
});

Deno.test("no bound is so wide that zeros would pass", async () => {
  await using backend = referenceBackend();
  for (const [file, golden] of casesIn(SOME)) {
    for (const comparison of await runSchedulerCase(golden, { backend, exact: false })) {
      const { name, expected } = comparison;
      if (Array.from(expected).every((x) => x === 0)) continue;
      const zeros = new Float64Array(expected.length);
      assert(shareOf({ ...comparison, expected: zeros }) > 1, `${file} ${name}`);
    }
  }
});

function exists(folder: URL): boolean {
  try {
    return Deno.statSync(folder).isDirectory;
  } catch {
    return false;
  }
}
