import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { linspace32, noiseSchedule, sigmasOf } from "./noise_schedule.ts";
import { SchedulerError } from "./scheduler_error.ts";

const DEFAULTS = {
  num_train_timesteps: 1000,
  beta_start: 0.0001,
  beta_end: 0.02,
  beta_schedule: "linear" as const,
  trained_betas: null,
};

Deno.test("published values of alphas and sigmas", () => {
  const schedules = [
    // The forms of Stable Diffusion, of LDM's faces and bedrooms, and of DDPM.
    [0.00085, 0.012, "scaled_linear", [0.99915, 0.27633268, 0.0046600985], [0.029167, 14.61464]],
    [0.0015, 0.0195, "scaled_linear", [0.9985, 0.114922, 0.000142304], [0.038759, 83.82249]],
    [0.0001, 0.02, "linear", [0.9999, 0.07779666, 0.0000403583], [0.010001, 157.40728]],
  ] as const;
  for (const [beta_start, beta_end, beta_schedule, alphas, [least, most]] of schedules) {
    const schedule = noiseSchedule({ ...DEFAULTS, beta_start, beta_end, beta_schedule });
    alphas.forEach((alpha, i) => {
      assertAlmostEquals(schedule.alphasCumprod[[0, 500, 999][i]!]! / alpha, 1, 2e-6);
    });
    const sigmas = sigmasOf(schedule);
    assertAlmostEquals(sigmas[0]! / least, 1, 1e-4);
    assertAlmostEquals(sigmas[999]! / most, 1, 2e-6);
  }
});

Deno.test("a rescaled schedule ends in nothing but noise, and starts as it did", () => {
  const config = { ...DEFAULTS, rescale_betas_zero_snr: true };
  const { alphasCumprod, betas } = noiseSchedule(config);
  assertEquals(alphasCumprod[999], 0);
  assertEquals(betas[999], 1);
  assertAlmostEquals(alphasCumprod[0]!, 0.9999, 1e-6);
  const least = noiseSchedule(config, { lastAlphaCumprod: 2 ** -24 });
  assertAlmostEquals(sigmasOf(least)[999]!, 4096, 0.01);
});

Deno.test("given betas are taken, within 0 to 1", () => {
  const { alphasCumprod } = noiseSchedule({ ...DEFAULTS, trained_betas: [0.5, 0.5] });
  assertEquals([...alphasCumprod], [0.5, 0.25]);
  assertThrows(
    () => noiseSchedule({ ...DEFAULTS, trained_betas: [0.5, 1.5] }),
    SchedulerError,
    "beta 1 is 1.5",
  );
});

Deno.test("even spacing in single precision has both its ends", () => {
  assertEquals([...linspace32(1, 0, 5)], [1, 0.75, 0.5, 0.25, 0]);
  assertEquals([...linspace32(3, 7, 1)], [3]);
});
