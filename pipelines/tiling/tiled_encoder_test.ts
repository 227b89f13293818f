import { assert, assertEquals } from "@std/assert";
import { referenceBackend } from "../../backends/reference/backend.ts";
import { hostTensor } from "../../graph/tensor_spec.ts";
import { TorchGenerator } from "../../random/torch_generator.ts";
import { seamOf } from "../../tests/seam.ts";
import { smallAutoencoder, TWO_LEVEL_BLOCKS, TWO_LEVELS } from "../../tests/small_upscaler.ts";
import { Arithmetic } from "../arithmetic.ts";
import type { Component } from "../component.ts";
import { type TileGrid, tileGrid } from "./tile_grid.ts";
import { encoderReach, tiledEncoder } from "./tiled_encoder.ts";

/** Of the latents; two pixels each. */
const SIDE = 48;
/** A residual block's two convolutions at each resolution, the first and the one that halves. */
const REACH = 2 + (2 + 1) / 2 + 1 / 2;

/** A picture whose parts are unlike: quiet on the left, loud and brighter on the right. */
function picture() {
  const side = 2 * SIDE;
  const noise = new TorchGenerator(5).randn(3 * side * side);
  return hostTensor(
    [1, 3, side, side],
    noise.map((x, at) => 0.2 * x * (0.7 + 0.6 * (at % side) / side) + 0.5 * (at % side) / side),
  );
}

async function encode(component: Component, grid: TileGrid) {
  await using backend = referenceBackend();
  using own = await smallAutoencoder(TWO_LEVELS, { backend });
  using arithmetic = new Arithmetic(backend);
  using program = await tiledEncoder(own, grid, {
    arithmetic,
    backend,
    channels: [1, 3],
    outputs: ["mean", "std"],
    factor: 2,
    reach: REACH,
  });
  const { mean, std } = program.run({ x: picture() });
  using tiled = mean!;
  using deviation = std!;
  const whole = await component.run({ x: picture() }, { method: "encode" });
  const far = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Math.max(...Array.from(a, (x, at) => Math.abs(x - b[at]!)));
  return {
    tiled: (await tiled.read()).data as Float32Array,
    whole: whole.mean!.data as Float32Array,
    worst: Math.max(
      far((await tiled.read()).data, whole.mean!.data),
      far((await deviation.read()).data, whole.std!.data),
    ),
  };
}

Deno.test("encoding in tiles leaves no seam", async () => {
  await using backend = referenceBackend();
  using component = await smallAutoencoder(TWO_LEVELS, { backend });
  assertEquals(encoderReach(TWO_LEVEL_BLOCKS), REACH);

  const grid = tileGrid({ height: SIDE, width: SIDE }, { size: 24, overlap: 2 * REACH + 2 });
  assertEquals(grid.lefts, [0, 12, 24]);
  const borders = [...grid.lefts.slice(1), ...grid.lefts.slice(0, -1).map((left) => left + 24)];
  const sides = { height: SIDE, width: SIDE, channels: 4, borders };
  const { tiled, whole } = await encode(component, grid);
  const ours = seamOf({ tiled, whole }, sides);
  assert(ours.atBorders < 1.3 * ours.elsewhere, JSON.stringify(ours));
  assert(ours.atBorders < 0.06 * ours.contrast, JSON.stringify(ours));

  // What is measured can be seen: tiles that overlap less than their borders are felt.
  const hard = tileGrid({ height: SIDE, width: SIDE }, { size: 24, overlap: 0 });
  const apart = seamOf(await encode(component, hard), { ...sides, borders: [24] });
  assert(apart.atBorders > 3 * apart.elsewhere, JSON.stringify(apart));
});

Deno.test("one tile of an encoder is the whole", async () => {
  await using backend = referenceBackend();
  using component = await smallAutoencoder(TWO_LEVELS, { backend });
  const grid = tileGrid({ height: SIDE, width: SIDE }, { size: SIDE, overlap: 0 });
  const { worst } = await encode(component, grid);
  // Its statistics are summed otherwise, in single precision.
  assert(worst < 1e-4, `${worst}`);
});
