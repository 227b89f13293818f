import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { CLASSES } from "./classes.ts";
import type { Level, Plan } from "./plan.ts";
import { scheduler } from "./scheduler.ts";
import { simulate } from "./simulate.ts";

const PICTURE = Float32Array.of(0.5, -0.25, 0.125, -0.75);
const NOISE = Float32Array.of(1.5, -0.5, -1.25, 0.25);
const SHAPE = [1, 1, 2, 2];

/** Networks that know the picture, whatever the sample's noise. EDM's see and predict other mixtures. */
const PREDICTIONS = {
  epsilon: ({ signal: a, noise: s }: Level, x: number, picture: number) => (x - a * picture) / s,
  sample: (_: Level, __: number, picture: number) => picture,
  v_prediction: ({ signal: a, noise: s }: Level, x: number, picture: number) =>
    (a * (x - a * picture) / s - s * picture) / Math.hypot(a, s),
};

/** Runs a plan from its start with such a network. */
function run(
  plan: Plan,
  prediction: keyof typeof PREDICTIONS,
  sigmaData?: number,
): readonly Float32Array[] {
  let calls = 0;
  const evaluated = plan.rows.filter((row) => row.evaluate !== undefined);
  const at = (level: Level) => PICTURE.map((x, i) => level.signal * x + level.noise * NOISE[i]!);
  return simulate(plan, {
    shape: SHAPE,
    sample: at(plan.start),
    draw: (k) => NOISE.map((x, i) => x * Math.cos(k + i)),
    model: (input) => {
      const { level, evaluate } = evaluated[calls++]!;
      return input.map((scaled, i) => {
        const x = scaled / evaluate!.inputScale;
        if (sigmaData === undefined) return PREDICTIONS[prediction](level, x, PICTURE[i]!);
        const variance = level.noise ** 2 + sigmaData ** 2;
        const out = level.noise * sigmaData / Math.sqrt(variance);
        return (PICTURE[i]! - sigmaData ** 2 / variance * x) / out;
      });
    },
  }).map((row) => row.sample);
}

/** How near the last sample comes: to the last bits where the last level is the picture itself. */
const NEAR: Readonly<Record<string, number>> = {
  DEISMultistepScheduler: 0.05, // ends at the least sigma
  TCDScheduler: 0.1, // and at the first timestep
  LCMScheduler: 1e-3, // keeps a little of the sample
  PNDMScheduler: 0.03, // mixes the v of several noise levels
};

for (const name of CLASSES.keys()) {
  // One goes the other way; the other takes nothing of the picture from its first evaluation.
  if (name === "DDIMInverseScheduler" || name === "IPNDMScheduler") continue;
  const { keys } = CLASSES.get(name)!;
  const predictions = name === "RePaintScheduler"
    ? ["epsilon"] as const
    : (Object.keys(PREDICTIONS) as (keyof typeof PREDICTIONS)[])
      .filter((prediction) => keys["prediction_type"]!.accept(prediction) !== undefined);
  for (const prediction_type of predictions) {
    if (name === "EDMEulerScheduler" && prediction_type !== "epsilon") continue;
    Deno.test(`${name} finds the picture that a network of ${prediction_type} knows`, () => {
      const config = { prediction_type, set_alpha_to_one: true, _class_name: name };
      const plan = scheduler(config).plan(10);
      const sigmaData = name === "EDMEulerScheduler" ? 0.5 : undefined;
      const last = run(plan, prediction_type, sigmaData).at(-1)!;
      const near = NEAR[name] ?? 2e-5;
      last.forEach((x, i) => assert(Math.abs(x - PICTURE[i]!) < near, `${[...last]}`));
    });
  }
}

Deno.test("without fresh noise, samples stay on the straight line of their levels", () => {
  const classes = [
    "DDIMScheduler",
    "PNDMScheduler",
    "EulerDiscreteScheduler",
    "HeunDiscreteScheduler",
    "LMSDiscreteScheduler",
    "KDPM2DiscreteScheduler",
    "DPMSolverMultistepScheduler",
    "DPMSolverSinglestepScheduler",
    "DEISMultistepScheduler",
    "UniPCMultistepScheduler",
  ];
  for (const _class_name of classes) {
    const plan = scheduler({ _class_name, clip_sample: false }).plan(10);
    run(plan, "epsilon").slice(0, -1).forEach((sample, i) => {
      const { signal, noise } = plan.rows[i + 1]!.level;
      sample.forEach((x, k) => {
        const wanted = signal * PICTURE[k]! + noise * NOISE[k]!;
        assert(Math.abs(x - wanted) < 1e-5 * Math.max(1, noise), `${_class_name}, row ${i}`);
      });
    });
  }
});

Deno.test("DDIM backwards brings a picture to the last timestep's noise level", () => {
  const back = scheduler("ddim-inverse", { base: { clip_sample: false } });
  const rows = simulate(back.plan(10), {
    shape: SHAPE,
    sample: PICTURE,
    draw: () => NOISE,
    model: () => NOISE,
  });
  assertEquals(rows.map((row) => row.timestep), [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  const { signal, noise } = scheduler("ddim").level(900);
  rows.at(-1)!.sample.forEach((x, i) => {
    assertAlmostEquals(x, signal * PICTURE[i]! + noise * NOISE[i]!, 1e-6);
  });
});
