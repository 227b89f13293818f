import { assertAlmostEquals, assertEquals } from "@std/assert";
import { linspace, roundHalfEven, spacedTimesteps, trailingTimesteps } from "./spacing.ts";

Deno.test("the three spacings of Lin et al. 2024, table 2, in 10 steps", () => {
  const request = { steps: 10, trainSteps: 1000, offset: 0 };
  const timesteps = (spacing: "leading" | "linspace" | "trailing") =>
    spacedTimesteps({ ...request, spacing }).map(roundHalfEven);
  assertEquals(timesteps("leading"), [900, 800, 700, 600, 500, 400, 300, 200, 100, 0]);
  assertEquals(timesteps("linspace"), [999, 888, 777, 666, 555, 444, 333, 222, 111, 0]);
  assertEquals(timesteps("trailing"), [999, 899, 799, 699, 599, 499, 399, 299, 199, 99]);
});

Deno.test("trailing timesteps are as many as asked for", () => {
  for (let steps = 1; steps <= 1000; steps++) {
    const timesteps = trailingTimesteps({ last: 1000, steps, trainSteps: 1000 });
    assertEquals(timesteps.length, steps);
    assertEquals(timesteps[0], 999);
  }
  // 1000 / 48 is 20.83..., and three of these are 62.5, which is lost in 1000 - 20.83...
  assertEquals(trailingTimesteps({ last: 1000, steps: 48, trainSteps: 1000 })[3], 936);
});

Deno.test("halves are rounded to even numbers", () => {
  assertEquals([0.5, 1.5, 2.5, -0.5, 2.4, 2.6].map(roundHalfEven), [0, 2, 2, 0, 2, 3]);
});

Deno.test("linspace has both its ends", () => {
  assertEquals(linspace(0, 999, 1), [0]);
  assertEquals(linspace(0, 1, 3), [0, 0.5, 1]);
  assertAlmostEquals(linspace(0, 999, 8)[1]!, 999 / 7);
});
