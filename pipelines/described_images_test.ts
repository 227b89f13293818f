import { assertEquals } from "@std/assert";
import { describedImages } from "./described_images.ts";
import { readSamplingSettings, type SamplingOptions } from "./sampling_settings.ts";
import { type AutoencoderTilesOptions, readAutoencoderTiles } from "./tiling/autoencoder_tiles.ts";

/** What a call writes into a picture. */
function written(asked: SamplingOptions & AutoencoderTilesOptions): Record<string, unknown> {
  const picture = { width: 2, height: 1, channels: 3, data: new Uint8Array(6) } as const;
  const sampling = readSamplingSettings({ seed: 1, ...asked }, {
    batch: 1,
    scheduler: { _class_name: "DDPMScheduler" },
    defaults: { steps: 3 },
  });
  const model = { description: "some/folder/" };
  const tiles = readAutoencoderTiles(asked, 8);
  return { ...describedImages([picture], { model, sampling, tiles })[0]!.settings };
}

const USUAL = {
  prompt: "",
  steps: 3,
  sampler: "DDPMScheduler",
  seed: 1,
  width: 2,
  height: 1,
  model: "folder",
};

Deno.test("settings at their defaults are left out", () => {
  assertEquals(written({}), USUAL);
  assertEquals(written({ autoencoderTiles: "auto", memory: 4e9, eta: 0 }), USUAL);
});

Deno.test("the noise of the steps and listed steps are told", () => {
  assertEquals(written({ stepSeed: 7 }), { ...USUAL, "step seed": 7 });
  const listed = { ...USUAL, timesteps: "900 20 3" };
  assertEquals(written({ timesteps: [900, 20, 3] }), listed);
  const { steps, sampler, sigmas } = written({ scheduler: "euler", sigmas: [10, 2.5, 0] });
  assertEquals([steps, sampler, sigmas], [2, "euler", "10 2.5 0"]);
});

Deno.test("tiles of the autoencoder are told as they were asked for", () => {
  assertEquals(written({ autoencoderTiles: "off" }), { ...USUAL, "VAE tile": "off" });
  assertEquals(written({ memory: 1e9 }), { ...USUAL, "VAE memory": 1e9 });
  assertEquals(written({ autoencoderTiles: { size: 64 } }), { ...USUAL, "VAE tile": 64 });
  const blended = { size: 64, overlap: 16, method: "blended" } as const;
  assertEquals(written({ autoencoderTiles: blended }), {
    ...USUAL,
    "VAE tile": 64,
    "VAE tile overlap": 16,
    "VAE tile method": "blended",
  });
});
