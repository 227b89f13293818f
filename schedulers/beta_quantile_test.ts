import { assertAlmostEquals, assertEquals } from "@std/assert";
import { symmetricBetaQuantile } from "./beta_quantile.ts";

Deno.test("quantiles of the arcsine distribution have a closed form", () => {
  for (const p of [1e-9, 0.01, 0.2, 0.5, 0.77, 0.999]) {
    assertAlmostEquals(symmetricBetaQuantile(p, 0.5), Math.sin(Math.PI * p / 2) ** 2, 1e-14);
  }
});

Deno.test("a shape of 1 is uniform, one of 2 a cubic", () => {
  assertAlmostEquals(symmetricBetaQuantile(0.3, 1), 0.3, 1e-14);
  const x = symmetricBetaQuantile(0.3, 2);
  assertAlmostEquals(3 * x ** 2 - 2 * x ** 3, 0.3, 1e-14);
});

Deno.test("quantiles of shape 0.6, as SciPy has them", () => {
  assertAlmostEquals(symmetricBetaQuantile(0.1, 0.6), 0.03958440558878085, 1e-14);
  assertAlmostEquals(symmetricBetaQuantile(0.37, 0.6), 0.3227940020973615, 1e-14);
  assertAlmostEquals(symmetricBetaQuantile(0.9, 0.6), 1 - 0.03958440558878085, 1e-14);
  assertEquals([0, 1].map((p) => symmetricBetaQuantile(p, 0.6)), [0, 1]);
});
