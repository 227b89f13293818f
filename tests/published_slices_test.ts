/**
 * Pictures that diffusers' own tests publish, from networks that PyTorch initialises after a seed: no weights are needed.
 *
 * @module
 */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { hostTensor, pipeline } from "../mod.ts";
import { PythonRandom } from "./python_random.ts";
import { smallUpscaler } from "./small_upscaler.ts";

Deno.test("Python's generator: random.Random(0)", () => {
  const random = new PythonRandom(0);
  assertEquals(random.random(), 0.8444218515250481);
  assertEquals(random.random(), 0.7579544029403025);
});

Deno.test("latent super-resolution gives the slice of diffusers' fast test", async () => {
  const model = smallUpscaler({
    unet: {
      block_out_channels: [32, 64],
      layers_per_block: 2,
      sample_size: 32,
      in_channels: 6,
      out_channels: 3,
      down_block_types: ["DownBlock2D", "AttnDownBlock2D"],
      up_block_types: ["AttnUpBlock2D", "UpBlock2D"],
    },
    vqvae: {
      block_out_channels: [32, 64],
      in_channels: 3,
      out_channels: 3,
      down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D"],
      up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D"],
      latent_channels: 3,
    },
    scheduler: { _class_name: "DDIMScheduler" },
    seed: 0,
  });
  const random = new PythonRandom(0);
  // The test gives numbers of 0..1 as if they were of -1..1.
  const signed = Float32Array.from({ length: 3 * 32 * 32 }, () => random.random());
  await using enlarge = await pipeline("super-resolution", model, { backend: "reference" });
  const { tensor } = await enlarge({
    image: hostTensor([1, 3, 32, 32], signed.map((x) => (x + 1) / 2)),
    seed: 0,
    steps: 2,
  });
  assertEquals(tensor.shape, [1, 3, 64, 64]);
  // image[0, -3:, -3:, -1]
  const slice = [61, 62, 63].flatMap((y) =>
    [61, 62, 63].map((x) => tensor.data[(2 * 64 + y) * 64 + x]!)
  );
  // tests/pipelines/latent_diffusion/test_latent_diffusion_superresolution.py
  const published = [0.8678, 0.8245, 0.6381, 0.6830, 0.4385, 0.5599, 0.4641, 0.6201, 0.5150];
  // Rounded to four places there; the initialisation of a few hundred thousand weights is repeated here.
  published.forEach((value, at) => assertAlmostEquals(slice[at]!, value, 3e-4));
});
