import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Plan, Row } from "./plan.ts";
import { simulate, type SimulateOptions } from "./simulate.ts";

const LEVEL = { signal: 1, noise: 1 };

function planOf(...rows: readonly Partial<Row>[]): Plan {
  return {
    initialScale: 1,
    start: LEVEL,
    kept: 1,
    rows: rows.map((row) => ({ level: LEVEL, draws: 0, writes: [], ...row })),
  };
}

const OPTIONS: SimulateOptions = {
  shape: [1, 1, 1, 2],
  sample: Float32Array.of(1, 2),
  model: (input, timestep) => input.map((x) => x + timestep),
  draw: (k) => Float32Array.of(k, 10 * k),
};

Deno.test("the network sees the scaled sample, and its output is a term", () => {
  const [row] = simulate(
    planOf({
      evaluate: { timestep: 5, inputScale: 0.5 },
      writes: [{ to: "sample", terms: { sample: 1, output: 10 } }],
    }),
    OPTIONS,
  );
  assertEquals(row, {
    timestep: 5,
    input: Float32Array.of(0.5, 1),
    output: Float32Array.of(5.5, 6),
    sample: Float32Array.of(56, 62),
  });
});

Deno.test("writes are simultaneous, and registers start at 0", () => {
  const swap: Partial<Row> = {
    writes: [
      { to: "sample", terms: { kept: [1] } },
      { to: 0, terms: { sample: 1 } },
    ],
  };
  const rows = simulate(planOf(swap, swap), OPTIONS);
  assertEquals(rows.map((row) => [...row.sample]), [[0, 0], [1, 2]]);
});

Deno.test("draws are numbered over the whole plan, used or not", () => {
  const use: Partial<Row> = { draws: 2, writes: [{ to: "sample", terms: { noise: [0, 1] } }] };
  const rows = simulate(planOf(use, { draws: 1 }, use), OPTIONS);
  assertEquals(rows.map((row) => row.sample[0]), [1, 1, 4]);
});

Deno.test("a prediction is clamped", () => {
  const [row] = simulate(
    planOf({
      clean: { terms: { sample: 3 }, limit: { clamp: 4 } },
      writes: [{ to: "sample", terms: { clean: 1 } }],
    }),
    OPTIONS,
  );
  assertEquals([...row!.sample], [3, 4]);
});

Deno.test("a prediction is thresholded by the quantile of each image", () => {
  const threshold = (ceiling: number) =>
    simulate(
      planOf({
        clean: { terms: { sample: 1 }, limit: { quantile: 0.75, ceiling } },
        writes: [{ to: "sample", terms: { clean: 1 } }],
      }),
      {
        ...OPTIONS,
        shape: [2, 3],
        sample: Float32Array.of(-1, 2, -4, 0.1, 0.2, -0.3),
      },
    )[0]!.sample;
  // The sizes 1, 2, 4 have 3 at three quarters; 0.1, 0.2, 0.3 lie below 1, which is the least divisor.
  const [a, b, c, ...second] = threshold(5);
  assertAlmostEquals(a!, -1 / 3, 1e-7);
  assertAlmostEquals(b!, 2 / 3, 1e-7);
  assertEquals(c, -1);
  assertEquals(second, [...Float32Array.of(0.1, 0.2, -0.3)]);
  assertEquals([...threshold(2)].slice(0, 3), [-0.5, 1, -1]);
});

Deno.test("a learned variance is the second half of the channels", () => {
  const run = (variance: NonNullable<Row["variance"]>) =>
    simulate(
      planOf({
        evaluate: { timestep: 0, inputScale: 1 },
        draws: 1,
        variance,
        writes: [{ to: "sample", terms: { output: 1, noise: [2] } }],
      }),
      {
        ...OPTIONS,
        shape: [2, 1, 1],
        draw: () => Float32Array.of(1, 1),
        model: () => Float32Array.of(100, 4, 200, 9), // [2, 2, 1]
      },
    )[0]!.sample;
  assertEquals([...run("learned")], [104, 206]);
  assertEquals([...run("unused")], [102, 202]);
  const [first] = run({ minLog: Math.log(9), maxLog: Math.log(16) });
  assertAlmostEquals(first!, 100 + 2 * 3 * (4 / 3) ** 2.5, 1e-4); // (4 + 1) / 2 = 2.5
});

Deno.test("a known region is put in before or after the row, with the noise it wants", () => {
  const half = { signal: 0.5, noise: 2 };
  const known = {
    image: Float32Array.of(10, 10),
    mask: Float32Array.of(1, 0),
    startNoise: Float32Array.of(3, 3),
    ownNoise: (row: number) => Float32Array.of(row, row),
  };
  const run = (
    row: Partial<Row>,
  ) => [...simulate(planOf({}, row), { ...OPTIONS, known })[1]!.sample];
  const twice = [{ to: "sample" as const, terms: { sample: 2 } }];
  assertEquals(run({ writes: twice, known: { ...half, draw: "start", when: "after" } }), [11, 4]);
  assertEquals(run({ writes: twice, known: { ...half, draw: "start", when: "before" } }), [22, 4]);
  assertEquals(run({ draws: 1, known: { ...half, draw: "row", when: "after" } }), [5, 2]);
  assertEquals(run({ known: { ...half, draw: "own", when: "after" } }), [7, 2]);
  assertEquals(run({ writes: twice }), [2, 4]);
  assertThrows(
    () => run({ known: { ...half, draw: "row", when: "after" } }),
    Error,
    "it wants noise of its row",
  );
});
