import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  type AutoencoderTilesOptions,
  type Picture,
  pipeline,
  SettingsError,
  type StepEvent,
  type TextToImageResult,
} from "../mod.ts";
import { shapesWithNineChannels } from "./small_inpainters.ts";

const REFERENCE = { backend: "reference" } as const;
const QUICK = { prompt: "a red circle", seed: 1, steps: 1, guidanceScale: 1 } as const;
const SIDES = { width: 96, height: 64 } as const;

const IMAGE: Picture = {
  ...SIDES,
  channels: 3,
  data: Uint8Array.from({ length: 3 * 96 * 64 }, (_, at) => 128 + 100 * Math.sin(at / 40)),
};

function meanDifference(a: TextToImageResult, b: TextToImageResult): number {
  return a.tensor.data.reduce((sum, x, at) => sum + Math.abs(x - b.tensor.data[at]!), 0) /
    a.tensor.data.length;
}

Deno.test("a picture is decoded in the tiles that are asked for", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const draw = (tiles: AutoencoderTilesOptions) => generate({ ...QUICK, ...SIDES, ...tiles });
  const whole = await draw({});
  assertEquals([whole.cost!.decoder!.tiles, whole.cost!.decoder!.overhead], [1, 1]);
  assertEquals(whole.cost!.encoder, null);
  assertEquals((await draw({ autoencoderTiles: "off" })).tensor.data, whole.tensor.data);

  const seamless = await draw({ autoencoderTiles: { size: 48, overlap: 32 } });
  const { tiles, tile, overhead, bytes } = seamless.cost!.decoder!;
  assertEquals([tiles, tile], [8, { width: 6, height: 6 }]);
  assertEquals(overhead, 2 * 8 * 36 / 96); // a first run collects statistics
  assert(bytes < whole.cost!.decoder!.bytes / 2, `${bytes}`);
  assertEquals(seamless.latents.data, whole.latents.data);
  assertNotEquals(seamless.tensor.data, whole.tensor.data);

  const blended = await draw({ autoencoderTiles: { size: 48, method: "blended" } });
  // Every fifth latent position, the last ones cut off: 6, 6 and 2 of 12, and 6 and 3 of 8.
  assertEquals(blended.cost!.decoder!.tiles, 3 * 2);
  assertEquals(blended.cost!.decoder!.overhead, (6 + 6 + 2) * (6 + 3) / 96);
  const differences = [meanDifference(seamless, whole), meanDifference(blended, whole)] as const;
  assert(differences[0] < differences[1] && differences[1] < 0.1, differences.join());
});

Deno.test("auto tiles as much as memory makes necessary", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const { cost } = await generate({ ...QUICK, width: 64, height: 64 });
  const memory = cost!.decoder!.bytes - 1;
  const tiled = await generate({ ...QUICK, width: 64, height: 64, memory });
  assert(tiled.cost!.decoder!.tiles > 1);
  assert(tiled.cost!.decoder!.bytes <= memory);
});

Deno.test("previews are decoded as the result is", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const previews: Picture[] = [];
  const onStep = async ({ preview }: StepEvent) => void previews.push(...await preview());
  for (const autoencoderTiles of ["off", { size: 48 }] as const) {
    await generate({ ...QUICK, width: 64, height: 48, autoencoderTiles, onStep });
  }
  assertEquals(previews.map(({ width, height }) => [width, height]), [[64, 48], [64, 48]]);
  assertNotEquals(previews[0]!.data, previews[1]!.data);
});

Deno.test("given pictures are encoded in tiles", async () => {
  await using generate = await pipeline("image-to-image", "shapes", REFERENCE);
  const options = { ...QUICK, image: IMAGE, steps: 20, strength: 0.05 };
  const whole = await generate(options);
  assertEquals(whole.cost!.encoder!.tiles, 1);
  const results = [];
  for (const method of ["seamless", "blended"] as const) {
    const tiles = { size: 48, overlap: method === "seamless" ? 32 : 16, method };
    const tiled = await generate({ ...options, autoencoderTiles: tiles });
    assert(tiled.cost!.encoder!.tiles > 1 && tiled.cost!.encoder!.bytes > 0);
    assertNotEquals(tiled.latents.data, whole.latents.data);
    results.push(meanDifference(tiled, whole));
  }
  assert(results[0]! < results[1]! && results[1]! < 0.1, results.join());
});

Deno.test("a picture with a hole is encoded in tiles, and with it the whole one", async () => {
  await using generate = await pipeline("inpainting", await shapesWithNineChannels(), REFERENCE);
  const mask: Picture = { ...SIDES, channels: 1, data: new Uint8Array(96 * 64) };
  mask.data.fill(255, 96 * 40);
  const options = { ...QUICK, image: IMAGE, mask, steps: 4, strength: 0.5 };
  const whole = await generate(options);
  for (const method of ["seamless", "blended"] as const) {
    const tiled = await generate({ ...options, autoencoderTiles: { size: 48, method } });
    assert(tiled.cost!.encoder!.tiles > 1 && tiled.cost!.decoder!.tiles > 1);
    assert(meanDifference(tiled, whole) < 0.2, `${meanDifference(tiled, whole)}`);
  }
});

Deno.test("tiles that cannot be are refused before anything is computed", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const wrong: readonly [AutoencoderTilesOptions, string][] = [
    [{ autoencoderTiles: { size: 50 } }, "a side must be a multiple of 8"],
    [{ autoencoderTiles: { size: 0 } }, "the size of the autoencoder's tiles 0"],
    [{ autoencoderTiles: { size: 16, overlap: 16 } }, "the overlap of the autoencoder's tiles 16"],
    [{ autoencoderTiles: { size: 32, overlap: 12, method: "blended" } }, "a multiple of 8"],
    [{ autoencoderTiles: { size: 16, method: "linear" as "blended" } }, "seamless or blended"],
    [{ autoencoderTiles: "on" as "off" }, "wanted auto, off or"],
    [{ memory: 0 }, "memory 0"],
    [{ memory: NaN }, "memory NaN"],
  ];
  for (const [tiles, message] of wrong) {
    await assertRejects(() => generate({ ...QUICK, ...tiles }), SettingsError, message);
  }
});
