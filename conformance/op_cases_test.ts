import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Backend } from "../backends/backend.ts";
import { referenceBackend } from "../backends/reference/backend.ts";
import { timestepFrequencies } from "../graph/ops/timestep_embedding.ts";
import type { HostTensor } from "../graph/tensor_spec.ts";
import { type Comparison, judge } from "./comparison.ts";
import { type GoldenCase, parseGoldenCase } from "./golden_case.ts";
import { OP_KINDS, opDefinitions, runOpCase, runTableCase } from "./op_cases.ts";

/** Every case that torch made, if they are here. */
const ALL = new URL("../../shared/goldens/ops/", import.meta.url);
const SOME = new URL("../tests/goldens/ops/", import.meta.url);

function* casesIn(folder: URL): Generator<[string, GoldenCase]> {
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".safetensors")) continue;
    yield [name, parseGoldenCase(Deno.readFileSync(new URL(name, folder)))];
  }
}

const exists = (folder: URL): boolean => {
  try {
    return Deno.statSync(folder).isDirectory;
  } catch {
    return false;
  }
};

/** Runs every case and returns their kinds. */
async function passAll(
  folder: URL,
  options: { readonly backend: Backend; readonly exact: boolean },
): Promise<Set<string>> {
  const kinds = new Set<string>();
  for (const [file, golden] of casesIn(folder)) {
    kinds.add(golden.settings.kind);
    const comparisons = await runOpCase(golden, options);
    const outputs = [...golden.tensors.keys()]
      .filter((name) => name.startsWith("output.") && name !== "output.margin");
    assertEquals(comparisons.map(({ name }) => `output.${name}`).sort(), outputs.sort());
    const { passed, worst } = judge(comparisons);
    assert(passed, `${file}: ${JSON.stringify(worst)}`);
  }
  return kinds;
}

const backends = [
  { backend: referenceBackend(), exact: true },
  // Its decompositions round between their ops: it is held to what other backends are.
  { backend: referenceBackend({ decompose: true }), exact: false },
];

for (const options of backends) {
  const { name } = options.backend;

  Deno.test(`${name}: operators of every kind compute what torch does`, async () => {
    assertEquals((await passAll(SOME, options)).size, 48);
  });

  Deno.test(`${name}: every operator golden passes`, { ignore: !exists(ALL) }, async () => {
    const kinds = await passAll(ALL, options);
    assertEquals([...kinds].filter((kind) => !OP_KINDS.has(kind)), []);
  });
}

Deno.test("decompositions agree with the ops on every line of their tables", async () => {
  const [reference, decomposed] = [referenceBackend(), referenceBackend({ decompose: true })];
  for (const definition of opDefinitions()) {
    for (const opCase of definition.cases) {
      const { passed, worst } = judge(
        await runTableCase(definition, { opCase, backend: decomposed, reference }),
      );
      assert(passed, `${definition.name}, ${opCase.name}: ${JSON.stringify(worst)}`);
    }
  }
});

const zeros = (comparisons: readonly Comparison[]) =>
  comparisons.map((each) => ({ ...each, expected: new Float64Array(each.expected.length) }));

Deno.test("no bound of a golden is so wide that zeros would pass", async () => {
  for (const [file, golden] of casesIn(SOME)) {
    for (const each of await runOpCase(golden, backends[1]!)) {
      const nothing = Array.from(each.expected).every((x) => x === 0);
      assertEquals(judge(zeros([each])).passed, nothing, `${file} ${each.name}`);
    }
  }
});

Deno.test("no bound of a table is so wide that zeros would pass", async () => {
  const reference = referenceBackend();
  const empty: string[] = [];
  for (const definition of opDefinitions()) {
    for (const opCase of definition.cases) {
      const result = await runTableCase(definition, { opCase, backend: reference, reference });
      if (judge(zeros(result)).passed) empty.push(`${definition.name}: ${opCase.name}`);
    }
  }
  // One code is always index 0, and no elements are never wrong.
  assertEquals(empty, ["nearestCode: one code", "slice: nothing"]);
});

Deno.test("an output beyond its bound fails, and so does a NaN", async () => {
  const [, golden] = [...casesIn(SOME)].find(([file]) => file.startsWith("conv2d_1x1"))!;
  const [right] = await runOpCase(golden, backends[0]!);
  const spoilt = (by: number) => {
    const actual = Float64Array.from(right!.actual);
    actual[3] = actual[3]! + by;
    return judge([{ ...right!, actual }]);
  };
  const bound = right!.bound as number;
  assert(bound > 0);
  assertEquals(spoilt(2 * bound).passed, false);
  assertEquals(spoilt(2 * bound).worst?.index, 3);
  assertEquals(spoilt(NaN).passed, false);
});

Deno.test("a nearest code is compared only where the second is clearly farther", async () => {
  const [, golden] = [...casesIn(SOME)].find(([file]) => file.startsWith("vq_nearest_far"))!;
  const indices = golden.tensors.get("output.indices")!;
  const tie: HostTensor = {
    dtype: "f32",
    shape: indices.shape,
    data: new Float32Array(indices.data.length).fill(1),
  };
  tie.data[0] = 0;
  const tensors = new Map(golden.tensors).set("output.margin", tie);
  for (const each of await runOpCase({ ...golden, tensors }, backends[0]!)) {
    const width = each.expected.length / indices.data.length;
    const bounds = Array.from(each.bound as ArrayLike<number>);
    assert(bounds.slice(0, width).every((bound) => bound === Infinity));
    assert(bounds.slice(width).every((bound) => bound < 1));
  }
});

Deno.test("an unknown kind is refused", async () => {
  const golden: GoldenCase = { settings: { kind: "fft" }, tensors: new Map() };
  await assertRejects(() => runOpCase(golden, backends[0]!), RangeError, "the kind fft");
});

Deno.test("angles of timestep embeddings are rounded as torch rounds them", () => {
  // torch's float32 exp (Intel's VML) errs by one unit in the last place near ties; every other column agrees to half a unit
  // of the sine, which no rounding of the angle but torch's gives: one more or less moves it by 6e-5.
  for (const [file, { settings, tensors }] of casesIn(SOME)) {
    if (settings.kind !== "timestep_embedding") continue;
    const dim = settings.dim as number;
    const scale = settings.scale as number;
    const frequencies = timestepFrequencies({
      dim,
      scale,
      flipSinToCos: settings.flip_sin_to_cos as boolean,
      freqShift: settings.freq_shift as number,
      maxPeriod: settings.max_period as number,
    });
    const times = tensors.get("input.timesteps")!.data;
    const expected = tensors.get("output.y")!.data;
    const firstSine = settings.flip_sin_to_cos ? frequencies.length : 0;
    const worst = (k: number, frequency: number) =>
      Math.max(...Array.from(times, (t, row) => {
        const angle = Math.fround(scale * Math.fround(t * frequency));
        return Math.abs(Math.sin(angle) - expected[row * dim + firstSine + k]!);
      }));
    let misrounded = 0;
    frequencies.forEach((frequency, k) => {
      const unit = 2 ** (Math.floor(Math.log2(frequency)) - 23);
      const own = worst(k, frequency);
      if (own < 1.2e-7) return;
      misrounded++;
      const next = Math.min(worst(k, frequency + unit), worst(k, frequency - unit));
      assert(next < 1.2e-7, `${file}, frequency ${k}: ${own}, ${next} with its neighbour`);
    });
    assert(misrounded <= frequencies.length / 40, `${file}: ${misrounded}`);
  }
});
