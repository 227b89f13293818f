import { assertAlmostEquals, assertEquals } from "@std/assert";
import { interpolated, logarithms, sigmaToTimestep, spacedSigmas } from "./sigma_spacing.ts";

Deno.test("every spread runs from the most to the least", () => {
  for (const spacing of ["karras", "exponential", "beta"] as const) {
    const sigmas = spacedSigmas(spacing, { most: 80, least: 0.002, steps: 18 });
    assertEquals(sigmas.length, 18);
    assertAlmostEquals(sigmas[0]!, 80, 1e-12);
    assertAlmostEquals(sigmas[17]!, 0.002, 1e-12);
    for (let i = 1; i < 18; i++) assertEquals(sigmas[i]! < sigmas[i - 1]!, true);
  }
});

Deno.test("Karras et al. 2022, equation 5, in the middle", () => {
  const middle = spacedSigmas("karras", { most: 80, least: 0.002, steps: 3 })[1]!;
  assertAlmostEquals(middle, ((80 ** (1 / 7) + 0.002 ** (1 / 7)) / 2) ** 7, 1e-12);
});

Deno.test("a table is interpolated between its entries and constant beyond them", () => {
  assertEquals(interpolated([1, 3, 7], [-1, 0, 0.5, 1.25, 2, 9]), [1, 1, 2, 4, 7, 7]);
});

Deno.test("the timestep of a tabulated noise level is its place", () => {
  const sigmas = Float32Array.from({ length: 1000 }, (_, t) => 0.03 * Math.exp(0.006 * t));
  const logSigmas = logarithms(sigmas);
  for (const t of [0, 1, 500, 998, 999]) {
    assertAlmostEquals(sigmaToTimestep(sigmas[t]!, { logSigmas }), t, 1e-3);
    assertAlmostEquals(sigmaToTimestep(sigmas[t]!, { logSigmas, single: true }), t, 1e-3);
  }
  assertAlmostEquals(sigmaToTimestep(Math.sqrt(sigmas[3]! * sigmas[4]!), { logSigmas }), 3.5, 1e-3);
  assertEquals(sigmaToTimestep(1e6, { logSigmas }), 999);
  assertEquals(sigmaToTimestep(0, { logSigmas }), 0);
});
