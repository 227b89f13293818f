import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { CLASSES } from "./classes.ts";
import { type PlanOptions, scheduler, SchedulerError } from "./scheduler.ts";

/** The configuration of Stable Diffusion 1.4. */
const MODEL = {
  _class_name: "PNDMScheduler",
  _diffusers_version: "0.7.0",
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  clip_sample: false,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
};

Deno.test("a configuration makes its class, with defaults filled in and unknown keys ignored", () => {
  const { name, config } = scheduler(MODEL);
  assertEquals(name, "PNDMScheduler");
  assertEquals(config["beta_start"], 0.00085);
  assertEquals(config["prediction_type"], "epsilon");
  assert(!Object.hasOwn(config, "clip_sample"));
  assertEquals(config["_use_default_values"], ["prediction_type", "timestep_spacing"]);
});

Deno.test("a configuration that no diffusion has is refused before anything is made of it", () => {
  const refused: readonly [key: string, value: unknown, wanted: string][] = [
    ["num_train_timesteps", 1e12, "a whole number from 1 to 65536"],
    ["trained_betas", [], "1 at least"],
    ["trained_betas", [0.1, 2], "from 0 to 1"],
  ];
  for (const [key, value, wanted] of refused) {
    for (const name of ["DDIMScheduler", "EulerDiscreteScheduler"]) {
      const make = () => scheduler({ ...MODEL, _class_name: name, [key]: value });
      const message = assertThrows(make, SchedulerError, wanted).message;
      assert(message.includes(`${key} is ${JSON.stringify(value)}`), message);
    }
  }
});

Deno.test("a name takes over what the model's configuration says, and nothing that it does not", () => {
  const { name, config } = scheduler("DPM++ 2M Karras", { base: MODEL });
  assertEquals(name, "DPMSolverMultistepScheduler");
  assertEquals(config["beta_schedule"], "scaled_linear");
  assertEquals(config["use_karras_sigmas"], true);
  // PNDM's default of leading is not the model's choice; DPMSolverMultistepScheduler's own is linspace.
  assertEquals(config["timestep_spacing"], "linspace");
  assertEquals(
    scheduler("euler", { base: scheduler(MODEL).config }).config["timestep_spacing"],
    "linspace",
  );
  assertEquals(
    scheduler("euler", { base: { ...MODEL, timestep_spacing: "leading" } })
      .config["timestep_spacing"],
    "leading",
  );
});

Deno.test("what is wrong is an error that says what is right", () => {
  const messages: readonly (readonly [() => unknown, string])[] = [
    [() => scheduler("sgd"), "Cannot make a scheduler named sgd: wanted one of ddim, "],
    [() => scheduler({ _class_name: "DDIM" }), "of class DDIM: wanted one of DDIMScheduler, "],
    [() => scheduler({}), "_class_name is absent, wanted one of"],
    [
      () => scheduler({ ...MODEL, beta_schedule: "cubic" }),
      'beta_schedule is "cubic", wanted one of linear, scaled_linear, squaredcos_cap_v2',
    ],
    [
      () => scheduler({ ...MODEL, prediction_type: "sample" }),
      "wanted one of epsilon, v_prediction",
    ],
    [
      () => scheduler({ ...MODEL, steps_offset: 0.5 }),
      "steps_offset is 0.5, wanted a whole number",
    ],
    [
      () => scheduler({ ...MODEL, beta_end: "0.1" }),
      'beta_end is "0.1", wanted a number from 0 to 1',
    ],
    [
      () => scheduler("euler", { base: { use_karras_sigmas: true, use_beta_sigmas: true } }),
      "use_karras_sigmas and use_beta_sigmas are set, wanted one at most",
    ],
    [
      () => scheduler({ _class_name: "DPMSolverMultistepScheduler", algorithm_type: "dpmsolver" }),
      "cannot end at a final_sigmas_type of zero",
    ],
    [() => scheduler("unipc", { base: { use_flow_sigmas: true } }), "use_flow_sigmas is true"],
  ];
  for (const [made, message] of messages) assertThrows(made, SchedulerError, message);
});

Deno.test("no class plans a number of steps that it cannot take", () => {
  for (const name of CLASSES.keys()) {
    const one = scheduler(name);
    for (const steps of [0, -1, 2.5, NaN, Infinity, 1001]) {
      assertThrows(() => one.plan(steps), SchedulerError, `Cannot plan ${name} in ${steps} steps`);
      assertThrows(() => one.timesteps(steps), SchedulerError);
    }
    assertThrows(() => one.plan(null), SchedulerError, "wanted exactly one");
  }
});

Deno.test("no class plans with an option that it cannot take", () => {
  const wrong: readonly (readonly [string, number | null, PlanOptions, string])[] = [
    ["euler", 10, { eta: 0.5 }, "with eta: it takes strength, begin, timesteps"],
    ["ipndm", 10, { strength: 0.5 }, "it takes no options"],
    ["ddim", 10, { strength: 1.5 }, "strength is 1.5, wanted a number from 0 to 1"],
    ["ddim", 10, { strength: -0.1 }, "strength is -0.1"],
    ["ddim", 10, { strength: NaN }, "strength is NaN"],
    ["ddim", 10, { strength: 0.05 }, "no step of 10 is left, wanted 0.1 or more"],
    ["ddim", 10, { strength: 0.5, begin: 3 }, "wanted one of them"],
    ["ddim", 10, { begin: 10 }, "wanted a whole number from 0 to 9"],
    ["heun", 10, { begin: 3 }, "wanted a multiple of 2"],
    ["ddim", 10, { eta: 1.5 }, "eta is 1.5"],
    ["lms", 10, { order: 0 }, "order is 0"],
    ["lms", 10, { order: 1.5 }, "order is 1.5, wanted a whole number"],
    ["ddpm", null, { timesteps: [] }, "at no timesteps"],
    ["ddpm", null, { timesteps: [10, 20] }, "wanted a descending list within 0 to 999"],
    ["ddpm", null, { timesteps: [1000, 20] }, "wanted a descending list within 0 to 999"],
    ["ddpm", null, { timesteps: [20.5, 10] }, "Cannot look up timestep 20.5"],
    ["ddpm", 2, { timesteps: [20, 10] }, "2 of steps, timesteps and sigmas: wanted exactly one"],
    ["euler", null, { sigmas: [1] }, "wanted a descending list of two or more"],
    ["euler", null, { sigmas: [1, 2, 0] }, "wanted a descending list of two or more"],
    ["euler-karras", null, { timesteps: [20, 10] }, "use_karras_sigmas is set"],
    ["pndm", 3, {}, "its Runge-Kutta warm-up needs 4 or more"],
    ["lcm", 51, {}, "distilled for 50"],
    ["lcm", 30, { scheduleStrength: 0.5 }, "of which 25 are to be used"],
  ];
  for (const [name, steps, options, message] of wrong) {
    const one = scheduler(name === "ipndm" ? "IPNDMScheduler" : name);
    assertThrows(() => one.plan(steps, options), SchedulerError, message);
  }
});

Deno.test("an option that is undefined is not given", () => {
  const one = scheduler("euler");
  assertEquals(one.plan(5, { eta: undefined } as unknown as PlanOptions), one.plan(5));
});

Deno.test("a plan that would divide by 0 is refused", () => {
  const zeroSnr = {
    rescale_betas_zero_snr: true,
    timestep_spacing: "trailing",
    clip_sample: false,
  };
  assertThrows(
    () => scheduler("ddim", { base: zeroSnr }).plan(5),
    SchedulerError,
    "the weights of row 0 are not finite",
  );
  scheduler("ddim", { base: { ...zeroSnr, prediction_type: "v_prediction" } }).plan(5);
  assertThrows(() => scheduler("unipc", { base: { predict_x0: false } }).plan(5), SchedulerError);
  // Leading timesteps of more steps than the diffusion has room for are all the same.
  assertThrows(
    () => scheduler("dpmpp-2m", { base: { timestep_spacing: "leading" } }).plan(1000),
    SchedulerError,
    "some are the same",
  );
  // A timestep that the diffusion does not have, by the offset.
  assertThrows(
    () => scheduler("ddim", { base: { steps_offset: 1 } }).plan(1000),
    SchedulerError,
    "Cannot look up timestep 1000",
  );
});

Deno.test("strength leaves out the start, and says to which level a picture is brought", () => {
  const one = scheduler("ddim", { base: MODEL });
  const [whole, half] = [one.plan(10), one.plan(10, { strength: 0.5 })];
  assertEquals(half.rows, whole.rows.slice(5));
  assertEquals(half.start, whole.rows[5]!.level);
  assertEquals(half.start, one.level(401));
  assertEquals(scheduler("euler").plan(10, { strength: 1 }), scheduler("euler").plan(10));
  // Two evaluations a step.
  assertEquals(scheduler("heun").plan(10, { strength: 0.3 }).rows.length, 2 * 3 - 1);
});

Deno.test("a known region is brought to the level of the next row, at the end to the picture", () => {
  const { rows } = scheduler("euler").plan(4);
  rows.forEach((row, i) => {
    const { signal, noise } = rows[i + 1]?.level ?? { signal: 1, noise: 0 };
    assertEquals(row.known, { signal, noise, draw: "start", when: "after" });
  });
});

Deno.test("levels: by timestep alone, or by the timesteps of a plan", () => {
  const ddpm = scheduler("ddpm");
  const alpha = ddpm.noiseSchedule!.alphasCumprod[500]!;
  assertAlmostEquals(ddpm.level(500).signal, Math.sqrt(alpha));
  assertAlmostEquals(ddpm.level(500).noise, Math.sqrt(1 - alpha));
  assertThrows(() => ddpm.level(1000), SchedulerError, "Cannot look up timestep 1000");

  const heun = scheduler("heun");
  assertThrows(() => heun.level(999), SchedulerError, "wanted the number of steps");
  assertThrows(() => heun.level(3, { steps: 5 }), SchedulerError, "wanted one of 999");
  assertEquals(heun.level(999, { steps: 5 }).noise, heun.sigmas(5)![0]);
});

Deno.test("levels hold nothing else", () => {
  const one = scheduler("dpmpp-2m");
  const { start, rows } = one.plan(5);
  for (const level of [start, rows[3]!.level, one.level(999, { steps: 5 })]) {
    assertEquals(Object.keys(level), ["signal", "noise"]);
  }
});

Deno.test("bounds of lambda leave out timesteps, in Python's JSON or without", () => {
  const base = { lambda_min_clipped: -5.1, beta_schedule: "squaredcos_cap_v2" };
  assert(scheduler("dpmpp-2m", { base }).timesteps(5)[0]! < 999);
  for (const lambda_min_clipped of [-Infinity, "-Infinity", null]) {
    assertEquals(scheduler("dpmpp-2m", { base: { lambda_min_clipped } }).timesteps(5)[0], 999);
  }
});

Deno.test("one step is one evaluation, in every class but those that need more", () => {
  for (const name of CLASSES.keys()) {
    const one = scheduler(name);
    if (name === "PNDMScheduler") {
      assertThrows(() => one.plan(1), SchedulerError, "warm-up needs 4 or more");
      // Without the warm-up there is no second timestep that would be evaluated twice.
      const { rows } = scheduler("plms").plan(1);
      assertEquals(rows.map((row) => row.evaluate?.timestep), [0]);
      continue;
    }
    const { rows } = one.plan(1);
    assertEquals(rows.filter((row) => row.evaluate !== undefined).length, 1, name);
  }
});

Deno.test("as many steps as the diffusion has are planned, or refused for a reason that is told", () => {
  const refused: Readonly<Record<string, string>> = {
    // These spread one timestep more than there are steps.
    DPMSolverMultistepScheduler: "some are the same, wanted fewer steps",
    DPMSolverSinglestepScheduler: "some are the same, wanted fewer steps",
    DEISMultistepScheduler: "some are the same, wanted fewer steps",
    UniPCMultistepScheduler: "some are the same, wanted fewer steps",
    LCMScheduler: "the network was distilled for 50",
    TCDScheduler: "the network was distilled for 50",
  };
  for (const name of CLASSES.keys()) {
    const one = scheduler(name);
    const reason = refused[name];
    if (reason === undefined) {
      const evaluated = one.plan(1000).rows.filter((row) => row.evaluate !== undefined);
      assert(evaluated.length >= 1000, name);
    } else {
      assertThrows(() => one.plan(1000), SchedulerError, reason, name);
      if (reason.startsWith("some")) assertEquals(one.plan(999).rows.length, 999);
    }
  }
});

Deno.test("strength 1 is the whole plan, strength 0 none of it; where a class has no strength, it says so", () => {
  for (const name of CLASSES.keys()) {
    const one = name === "PNDMScheduler" ? scheduler("plms") : scheduler(name);
    if (!one.accepts.has("strength")) {
      assertThrows(() => one.plan(10, { strength: 1 }), SchedulerError, "with strength: it takes");
      continue;
    }
    assertEquals(one.plan(10, { strength: 1 }), one.plan(10), name);
    assert(one.plan(10, { strength: 0.1 }).rows.length >= 1, name);
    assertThrows(
      () => one.plan(10, { strength: 0 }),
      SchedulerError,
      "with a strength of 0: no step of 10 is left, wanted 0.1 or more",
      name,
    );
  }
});
