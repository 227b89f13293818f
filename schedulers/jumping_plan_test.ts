import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { jumpingPlan } from "./jumping_plan.ts";
import { jumpingSteps } from "./jumping_steps.ts";
import { scheduler, SchedulerError } from "./scheduler.ts";
import { simulate } from "./simulate.ts";

const DDPM = scheduler({ _class_name: "DDPMScheduler", timestep_spacing: "linspace" });

Deno.test("steps are visited as the authors' get_schedule_jump visits them", () => {
  // confs of the authors' repository: t_T 250, jump_length 10, jump_n_sample 10
  const visited = jumpingSteps({ steps: 250, jumpLength: 10, jumpNSample: 10 });
  const times = [...visited, -1];
  const back = times.filter((step, at) => at > 0 && step > times[at - 1]!).length;
  assertEquals([times.length - 1 - back, back], [2410, 2160]);
  assertEquals(jumpingSteps({ steps: 6, jumpLength: 2, jumpNSample: 2 }), [
    ...[5, 4, 3, 2, 3, 4, 3, 2, 1, 0],
    ...[1, 2, 1, 0],
  ]);
});

Deno.test("without jumps the rows are the sampler's own", () => {
  const plan = DDPM.plan(4);
  const { rows } = jumpingPlan(plan, { jumpLength: 1, jumpNSample: 1 });
  assertEquals(rows.map((row) => row.writes), plan.rows.map((row) => row.writes));
  // All draw, the last one too, whose noise weighs nothing.
  assertEquals(rows.map((row) => row.draws), [1, 1, 1, 1]);
  assertEquals(rows.map((row) => row.known?.when), [undefined, "before", "before", "before"]);
});

Deno.test("a step that is undone leaves as much picture and noise as the noisier step starts with", () => {
  for (const name of ["ddpm", "ddim", "euler", "euler-a"]) {
    const { rows } = jumpingPlan(scheduler(name).plan(5), { jumpLength: 2, jumpNSample: 3 });
    const back = rows.flatMap((row, at) => row.evaluate === undefined ? [at] : []);
    assertEquals(back.length, 8);
    for (const at of back) {
      const { level, writes: [write] } = rows[at]!;
      const { sample, noise } = write!.terms;
      const next = rows[at + 1]!.level;
      assertAlmostEquals(sample! * level.signal, next.signal, 1e-12);
      const variance = (sample! * level.noise) ** 2 + noise![0]! ** 2;
      assertAlmostEquals(variance, next.noise ** 2, 1e-9 * next.noise ** 2);
    }
  }
});

Deno.test("a kept region is brought to each step's level with noise of its own, except in the first", () => {
  const plan = jumpingPlan(DDPM.plan(3), { jumpLength: 1, jumpNSample: 2 });
  const asked: number[] = [];
  const rows = simulate(plan, {
    shape: [1, 1, 1, 2],
    sample: Float32Array.of(5, 5),
    model: (x) => x.map(() => 0),
    draw: () => Float32Array.of(0, 0),
    known: {
      image: Float32Array.of(0.5, 0.5),
      mask: Float32Array.of(1, 0),
      ownNoise: (row) => {
        asked.push(row);
        return Float32Array.of(1, 1);
      },
    },
  });
  const evaluated = plan.rows.flatMap((row, at) => row.evaluate === undefined ? [] : [at]);
  assertEquals(asked, evaluated.slice(1));
  assertEquals(rows[0]!.input, Float32Array.of(5, 5));
  for (const at of asked) {
    const { signal, noise } = plan.rows[at]!.level;
    assertAlmostEquals(rows[at]!.input![0]!, 0.5 * signal + noise, 1e-6);
  }
});

Deno.test("samplers that remember, and jumps that are none, are refused", () => {
  const jumps = { jumpLength: 1, jumpNSample: 2 };
  for (const name of ["dpmpp-2m", "heun", "pndm", "unipc", "lms"]) {
    assertThrows(() => jumpingPlan(scheduler(name).plan(5), jumps), SchedulerError, "stand");
  }
  for (const wrong of [0, -1, 1.5, NaN, Infinity]) {
    const plan = DDPM.plan(3);
    assertThrows(() => jumpingPlan(plan, { ...jumps, jumpLength: wrong }), SchedulerError);
    assertThrows(() => jumpingPlan(plan, { ...jumps, jumpNSample: wrong }), SchedulerError);
  }
});

Deno.test("a sampler that goes from picture to noise cannot jump back", () => {
  const inverse = scheduler("ddim-inverse").plan(4);
  assertThrows(
    () => jumpingPlan(inverse, { jumpLength: 1, jumpNSample: 2 }),
    SchedulerError,
    "do not go from noise to picture",
  );
});
