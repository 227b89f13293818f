import { assert, assertEquals } from "@std/assert";
import { referenceBackend } from "../../backends/reference/backend.ts";
import type { Backend } from "../../backends/backend.ts";
import { hostTensor } from "../../graph/tensor_spec.ts";
import { TorchGenerator } from "../../random/torch_generator.ts";
import { seamOf } from "../../tests/seam.ts";
import { smallAutoencoder, TWO_LEVEL_BLOCKS, TWO_LEVELS } from "../../tests/small_upscaler.ts";
import { Arithmetic } from "../arithmetic.ts";
import { type TileGrid, tileGrid } from "./tile_grid.ts";
import { decoderReach, tiledDecoder, type TiledDecoderOptions } from "./tiled_decoder.ts";

const SIDE = 48;

/** Latents whose parts are unlike: quiet on the left, loud and shifted on the right, so that tiles differ in their statistics. */
function latents() {
  const noise = new TorchGenerator(3).randn(4 * SIDE * SIDE);
  return hostTensor(
    [1, 4, SIDE, SIDE],
    noise.map((x, at) => {
      const share = at % SIDE / SIDE;
      return x * (0.7 + 0.6 * share) + 0.5 * share;
    }),
  );
}

async function decode(
  backend: Backend,
  { grid, ...options }: { readonly grid: TileGrid } & Partial<TiledDecoderOptions>,
) {
  using arithmetic = new Arithmetic(backend);
  using component = await smallAutoencoder(TWO_LEVELS, { backend });
  const z = latents();
  using decoder = await tiledDecoder(component, grid, {
    arithmetic,
    backend,
    channels: [1, 4],
    ...options,
  });
  const program = await decoder.program({ z }, { method: "decode", outputs: ["sample"] });
  using given = backend.upload(z);
  using sample = program.run({ z: given }).sample!;
  return (await sample.read()).data as Float32Array;
}

Deno.test("decoding in tiles leaves no seam", async () => {
  await using backend = referenceBackend();
  using component = await smallAutoencoder(TWO_LEVELS, { backend });
  const { sample } = await component.run({ z: latents() }, { method: "decode" });
  const whole = sample!.data as Float32Array;
  const sides = { height: 2 * SIDE, width: 2 * SIDE, channels: 3 };

  // The tail: two blocks of two convolutions at the latents' resolution, those and the upsampler's at twice it, the last.
  const reach = 4 + (4 + 1) / 2 + 1 / 2;
  assertEquals(
    decoderReach(TWO_LEVEL_BLOCKS, "tail"),
    reach,
  );
  const grid = tileGrid({ height: SIDE, width: SIDE }, { size: 24, overlap: 2 * reach - 2 });
  assertEquals(grid.lefts, [0, 12, 24]);
  const borders = [...grid.lefts.slice(1), ...grid.lefts.slice(0, -1).map((left) => left + 24)]
    .map((left) => 2 * left);
  const seam = (tiled: Float32Array) => seamOf({ tiled, whole }, { ...sides, borders });

  const ours = seam(await decode(backend, { grid, reach }));
  // The difference at borders is what it is elsewhere, and little beside what the picture itself changes from pixel to pixel.
  assert(ours.atBorders < 1.3 * ours.elsewhere, JSON.stringify(ours));
  assert(ours.atBorders < 0.06 * ours.contrast, JSON.stringify(ours));

  // The same tiles with statistics of their own differ by several times as much.
  const own = seam(await decode(backend, { grid, apart: true }));
  assert(own.mean > 3 * ours.mean, JSON.stringify({ own, ours }));

  // What is measured can be seen: tiles as they are, side by side.
  const hard = tileGrid({ height: SIDE, width: SIDE }, { size: 24, overlap: 0 });
  const apart = seamOf(
    { tiled: await decode(backend, { grid: hard, apart: true }), whole },
    { ...sides, borders: [48] },
  );
  assert(apart.atBorders > 1.8 * apart.elsewhere, JSON.stringify(apart));
});

Deno.test("one tile is the whole", async () => {
  await using backend = referenceBackend();
  using component = await smallAutoencoder(TWO_LEVELS, { backend });
  const { sample } = await component.run({ z: latents() }, { method: "decode" });
  const grid = tileGrid({ height: SIDE, width: SIDE }, { size: SIDE, overlap: 0 });
  const tiled = await decode(backend, { grid });
  const worst = tiled.reduce((most, x, at) => Math.max(most, Math.abs(x - sample!.data[at]!)), 0);
  // Its statistics are summed otherwise, in single precision.
  assert(worst < 1e-4, `${worst}`);
});
