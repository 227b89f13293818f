import { assertEquals, assertThrows } from "@std/assert";
import { SettingsError } from "../settings.ts";
import { type BenchmarkName, CLASSIFICATION_PRESETS } from "./presets.ts";
import { countEvaluations, eliminationStages, survivors } from "./stages.ts";

const THOUSAND = { trainTimesteps: 1000 };

Deno.test("the benchmarks take as many evaluations a picture as the authors' commands", () => {
  const published: Readonly<Record<BenchmarkName, number>> = {
    food101: 5570,
    cifar10: 2750,
    aircraft: 5550,
    pets: 2050,
    flowers102: 5590,
    stl10: 3000,
    imagenet: 124_500,
    objectnet: 14_400,
  };
  const counted = Object.fromEntries(
    Object.entries(CLASSIFICATION_PRESETS).map(([name, preset]) => [
      name,
      countEvaluations(eliminationStages({ ...preset, trials: 1 }, THOUSAND), {
        prompts: preset.classes,
        trials: 1,
      }),
    ]),
  );
  assertEquals(counted, published);
});

Deno.test("one timestep is the middle one, and stages that do not nest skip what was seen", () => {
  const one = eliminationStages({ nSamples: [1], toKeep: [1], trials: 3 }, THOUSAND);
  assertEquals(one, [{ timesteps: [500], firstNoise: [0], keep: 1 }]);
  const two = eliminationStages({ nSamples: [3, 7], toKeep: [2, 1], trials: 2 }, THOUSAND);
  assertEquals(two.map(({ timesteps }) => timesteps), [[213, 497, 781], [71, 355, 639, 923]]);
  assertEquals(two.map(({ firstNoise }) => firstNoise), [[0, 2, 4], [6, 8, 10, 12]]);
});

Deno.test("the lowest errors remain, best first, and of equal ones the earlier", () => {
  assertEquals(survivors([4, 2, 9, 7], { errors: [0.3, 0.1, 0.2, 0.1], keep: 3 }), [2, 7, 9]);
  assertEquals(survivors([4], { errors: [0.3], keep: 3 }), [4]);
});

Deno.test("stages that cannot be are refused", () => {
  for (
    const [nSamples, toKeep, trials] of [
      [[], [], 1],
      [[5], [1, 1], 1],
      [[5, 10], [2, 2], 1],
      [[5, 10, 20], [2, 3, 1], 1],
      [[0], [1], 1],
      [[1001], [1], 1],
      [[2.5], [1], 1],
      [[5], [1], 0],
      [[5], [NaN], 1],
    ] as const
  ) {
    assertThrows(() => eliminationStages({ nSamples, toKeep, trials }, THOUSAND), SettingsError);
  }
});
