import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as op from "../graph/ops/mod.ts";
import { f32, hostTensor } from "../graph/tensor_spec.ts";
import { trace } from "../graph/trace.ts";
import { randomWeights } from "../tests/memory_weights.ts";
import type { Backend, Program } from "./backend.ts";
import { formatProfile, type ProfilableProgram, type Profile, profiled } from "./profiled.ts";
import { referenceBackend } from "./reference/backend.ts";

const network = trace(({ x }, weights) => {
  const layer = (name: string, input: typeof x) =>
    weights.at(name).module((w) =>
      op.silu(op.linear(input, { weight: w.tensor("weight", [4, 4]) }))
    );
  op.exp(x); // no output needs it
  return op.softmax(layer("second", layer("first", x)), { axis: 1 });
}, { x: f32(2, 4) });

const x = hostTensor([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);

/** A reference that is busy for some milliseconds in programs with an op. */
function slowBackend(slow: string, milliseconds: number): Backend {
  const inner = referenceBackend();
  return {
    ...inner,
    async compile(graph, parameters, options): Promise<Program> {
      const program = await inner.compile(graph, parameters, options);
      return {
        graph,
        run(inputs, into) {
          const end = performance.now() + milliseconds;
          while (graph.nodes.some((node) => node.op === slow) && performance.now() < end);
          return program.run(inputs, into);
        },
        [Symbol.dispose]: () => program[Symbol.dispose](),
      };
    },
  };
}

async function runTwice(inner: Backend, clock?: "device" | "host"): Promise<Profile> {
  await using backend = profiled(inner, clock === undefined ? {} : { clock });
  using parameters = await backend.load(randomWeights(network));
  using program = await backend.compile(network, parameters);
  program.run({ x });
  await backend.settled();
  using output = program.run({ x }).output!;
  const plain = await output.read();
  await using reference = referenceBackend();
  using weights = await reference.load(randomWeights(network));
  using expected = await reference.compile(network, weights);
  assertEquals(plain, await expected.run({ x }).output!.read());
  return backend.profile();
}

Deno.test("profiled counts every node of every run by op and by site", async () => {
  const profile = await runTwice(referenceBackend());
  assertEquals(profile.runs, 2);
  const calls = (rows: Profile["byOp"]) => new Map(rows.map(({ name, calls }) => [name, calls]));
  assertEquals(calls(profile.byOp), new Map([["linear", 4], ["unary", 4], ["softmax", 2]]));
  assertEquals(calls(profile.bySite), new Map([["first", 4], ["second", 4], ["", 2]]));
  for (const rows of [profile.byOp, profile.bySite]) {
    assertAlmostEquals(rows.reduce((sum, { share }) => sum + share, 0), 1, 1e-9);
    assertAlmostEquals(
      rows.reduce((sum, row) => sum + row.milliseconds, 0),
      profile.milliseconds,
      1e-9,
    );
  }
});

Deno.test("profiled finds what is slow", async () => {
  const { byOp, bySite } = await runTwice(slowBackend("softmax", 15));
  assertEquals([byOp[0]!.name, bySite[0]!.name], ["softmax", ""]);
  assert(byOp[0]!.milliseconds >= 30);
});

Deno.test("waiting itself is not counted", async () => {
  const inner = referenceBackend();
  const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 10));
  const { milliseconds, byOp } = await runTwice({ ...inner, settled });
  const calls = byOp.reduce((sum, row) => sum + row.calls, 0);
  assertEquals(calls, 10);
  assert(milliseconds < calls * 10 / 2);
});

Deno.test("a program that times itself is asked, unless the host's clock is wanted", async () => {
  const inner = referenceBackend();
  const own: Backend = {
    ...inner,
    async compile(graph, parameters, options): Promise<ProfilableProgram> {
      const program = await inner.compile(graph, parameters, options);
      return {
        graph,
        run: (inputs, into) => program.run(inputs, into),
        async profile(inputs) {
          assertEquals(await program.run(inputs).output!.read().then(({ shape }) => shape), [2, 4]);
          return [{ label: "linear+silu", site: "first", milliseconds: 3 }];
        },
        [Symbol.dispose]: () => program[Symbol.dispose](),
      };
    },
  };
  const row = { name: "linear+silu", calls: 2, milliseconds: 6, share: 1 };
  const profile = { runs: 2, milliseconds: 6, byOp: [row], bySite: [{ ...row, name: "first" }] };
  assertEquals(await runTwice(own), profile);
  assertEquals((await runTwice(own, "host")).byOp.length, 3);
});

Deno.test("a profile is formatted as two tables", () => {
  const profile: Profile = {
    runs: 1,
    milliseconds: 200,
    byOp: [
      { name: "conv2d", calls: 12, milliseconds: 150.123, share: 0.75 },
      { name: "add", calls: 3, milliseconds: 30, share: 0.15 },
      { name: "softmax", calls: 1, milliseconds: 20, share: 0.1 },
    ],
    bySite: [{ name: "", calls: 16, milliseconds: 200, share: 1 }],
  };
  assertEquals(
    formatProfile(profile, { rows: 1 }),
    `1 run, 200.0 ms

op      calls      ms     %
conv2d     12  150.12  75.0
2 more      4   50.00  25.0

site       calls      ms      %
(the top)     16  200.00  100.0`,
  );
});
