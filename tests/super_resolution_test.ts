import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import {
  hostTensor,
  type HostTensorOf,
  type Picture,
  pipeline,
  type Plan,
  referenceBackend,
  SettingsError,
  type SuperResolution,
  type SuperResolutionOptions,
  type TilingCost,
} from "../mod.ts";
import type { JsonObject } from "../formats/json.ts";
import { seamOf } from "./seam.ts";
import { smallModel } from "./small_models.ts";
import { smallTextUpscaler } from "./small_text_upscaler.ts";
import { smallUpscaler } from "./small_upscaler.ts";

const REFERENCE = { backend: "reference" } as const;

const UNET: JsonObject = {
  block_out_channels: [8, 16],
  norm_num_groups: 4,
  attention_head_dim: 8,
  layers_per_block: 1,
  sample_size: 16,
  in_channels: 6,
  out_channels: 3,
  down_block_types: ["DownBlock2D", "AttnDownBlock2D"],
  up_block_types: ["AttnUpBlock2D", "UpBlock2D"],
};
const VQVAE: JsonObject = {
  block_out_channels: [8, 8],
  norm_num_groups: 4,
  down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D"],
  up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D"],
  latent_channels: 3,
  num_vq_embeddings: 32,
};
const SCHEDULER: JsonObject = {
  _class_name: "DDIMScheduler",
  beta_schedule: "scaled_linear",
  clip_sample: true,
};

/** Latent super-resolution by 2, small enough for loops in TypeScript. */
const MODEL = smallUpscaler({ unet: UNET, vqvae: VQVAE, scheduler: SCHEDULER, seed: 0 });

/** Waves and a bar. */
function image(width: number, height: number, n = 1): HostTensorOf<"f32"> {
  const plane = width * height;
  return hostTensor(
    [n, 3, height, width],
    Float32Array.from({ length: n * 3 * plane }, (_, at) => {
      const [x, y] = [at % width, Math.floor(at / width) % height];
      const bar = x > width / 3 && x < width / 2 ? 0.2 : 0;
      return 0.4 + 0.3 * Math.sin(x / 4 + Math.floor(at / plane)) * Math.cos(y / 5) + bar;
    }),
  );
}

function picture(width: number, height: number): Picture {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => at * 7 % 256);
  return { width, height, channels: 3, data };
}

const QUICK = { image: image(12, 8), seed: 1, steps: 2 } as const;

Deno.test("a seed gives the same picture twice, in any batch, and another seed another one", async () => {
  await using enlarge = await pipeline("super-resolution", MODEL, REFERENCE);
  const one = await enlarge(QUICK);
  assertEquals(one.tensor.shape, [1, 3, 16, 24]);
  assertEquals(one.latents.shape, [1, 3, 8, 12]);
  assertEquals([one.images[0]!.width, one.images[0]!.height], [24, 16]);
  assertEquals(one.seed, 1);
  assertEquals((await enlarge(QUICK)).tensor.data, one.tensor.data);
  const both = await enlarge({ ...QUICK, count: 2, seed: [5, 1] });
  assertEquals(both.images[1]!.data, one.images[0]!.data);
  const other = await enlarge({ ...QUICK, seed: 2 });
  assert(other.tensor.data.some((x, at) => x !== one.tensor.data[at]));
});

Deno.test("the given picture, eta, augmentation and the noise each change the result", async () => {
  await using enlarge = await pipeline("super-resolution", MODEL, REFERENCE);
  const base = await enlarge(QUICK);
  for (
    const change of [
      { image: image(12, 8, 2) },
      { eta: 1 },
      { augmentation: 0.3 },
      { scheduler: "euler" },
      { latents: hostTensor([1, 3, 8, 12], new Float32Array(288).fill(0.5)) },
    ] satisfies Partial<SuperResolutionOptions>[]
  ) {
    const changed = await enlarge({ ...QUICK, ...change });
    assert(
      changed.tensor.data.some((x, at) => x !== base.tensor.data[at % base.tensor.data.length]),
      Object.keys(change).join(),
    );
  }
});

Deno.test("how a picture was enlarged is told in it", async () => {
  await using enlarge = await pipeline("super-resolution", MODEL, REFERENCE);
  const told = async (asked: Partial<SuperResolutionOptions>) => {
    const { prompt: _, steps, sampler, seed, width, height, model, ...more } =
      (await enlarge({ ...QUICK, ...asked, steps: 1 })).images[0]!.settings;
    assertEquals([steps, sampler, seed, width, height], [1, "DDIMScheduler", 1, 24, 16]);
    assert(model);
    return more;
  };
  assertEquals(await told({}), {});
  assertEquals(await told({ augmentation: 0.3, tiles: "off" }), { augmentation: 0.3, tile: "off" });
  assertEquals(await told({ memory: 1e9 }), { memory: 1e9 });
  assertEquals(await told({ tiles: { size: 8, overlap: 4, weighting: "distance" } }), {
    tile: 8,
    "tile overlap": 4,
    "tile weighting": "distance",
  });
});

Deno.test("pictures lose what is over multiples of 32; smaller ones and tensors keep their sides", async () => {
  await using enlarge = await pipeline("super-resolution", MODEL, REFERENCE);
  const sides = async (given: SuperResolutionOptions["image"]) =>
    (await enlarge({ image: given, seed: 1, steps: 1 })).tensor.shape.slice(2);
  assertEquals(await sides(picture(37, 40)), [64, 64]);
  assertEquals(await sides(picture(10, 6)), [12, 20]);
  assertEquals(await sides(image(34, 7)), [14, 68]);
});

Deno.test("steps are told with all that the network saw", async () => {
  await using enlarge = await pipeline("super-resolution", MODEL, REFERENCE);
  const steps: string[] = [];
  let last: Float32Array | undefined;
  const { latents } = await enlarge({
    ...QUICK,
    async onStep(step) {
      const input = await step.input();
      steps.push(`${step.step}/${step.steps} ${step.timestep} [${input!.shape}]`);
      assertEquals((await step.preview()).length, 1);
      last = (await step.latents()).data;
    },
  });
  assertEquals(steps, ["1/2 500 [1,6,8,12]", "2/2 0 [1,6,8,12]"]);
  assertEquals(last, latents.data);
});

Deno.test("a cancelled call ends with the signal's reason", async () => {
  await using enlarge = await pipeline("super-resolution", MODEL, REFERENCE);
  const controller = new AbortController();
  await assertRejects(
    () =>
      enlarge({
        ...QUICK,
        steps: 5,
        signal: controller.signal,
        onStep: ({ step }) => void (step === 2 && controller.abort(new Error("enough"))),
      }),
    Error,
    "enough",
  );
});

/** Columns of the result where tiles begin or end. */
function borders({ tile: { width }, tiles }: TilingCost["denoiser"], side: number): number[] {
  const across = Math.sqrt(tiles);
  const starts = Array.from(
    { length: across },
    (_, at) => Math.floor(at * (side - width) / (across - 1)),
  );
  return [...starts.slice(1), ...starts.slice(0, -1).map((start) => start + width)]
    .map((left) => 2 * left);
}

async function seamWith(
  enlarge: SuperResolution,
  tiles: NonNullable<SuperResolutionOptions["tiles"]>,
) {
  const side = 48;
  const call = { image: image(side, side), seed: 3, steps: 3 } as const;
  const whole = await enlarge({ ...call, tiles: "off" });
  const tiled = await enlarge({ ...call, tiles });
  assertEquals(whole.cost.denoiser, { ...whole.cost.denoiser, tiles: 1, overhead: 1 });
  return {
    cost: tiled.cost,
    seam: seamOf({ tiled: tiled.tensor.data, whole: whole.tensor.data }, {
      height: 2 * side,
      width: 2 * side,
      channels: 3,
      borders: borders(tiled.cost.denoiser, side),
    }),
  };
}

Deno.test("tiles leave no seam", async () => {
  await using enlarge = await pipeline("super-resolution", MODEL, REFERENCE);
  const { seam, cost } = await seamWith(enlarge, { size: 24, overlap: 12 });
  assertEquals(cost.denoiser.tiles, 9);
  assertEquals(cost.denoiser.overhead, 9 * 24 * 24 / (48 * 48));
  assertEquals(cost.decoder!.overhead, 2 * 9 * 24 * 24 / (48 * 48));
  // At the tiles' borders the difference to the whole steps as it does everywhere.
  assertLess(seam.atBorders, 1.3 * seam.elsewhere);
  assertLess(seam.atBorders, 0.25 * seam.contrast);
  // Tiles side by side show what would be found.
  const { seam: hard } = await seamWith(enlarge, { size: 24, overlap: 0 });
  assertGreater(hard.atBorders, 2 * hard.elsewhere);
});

Deno.test("without enough memory tiles are chosen, as large as it allows, and told before anything is computed", async () => {
  await using enlarge = await pipeline("super-resolution", MODEL, REFERENCE);
  const call = { image: image(40, 40), seed: 3, steps: 1 } as const;
  const { cost: free } = await enlarge.check(call);
  assertEquals([free.denoiser.tiles, free.decoder!.tiles], [1, 1]);
  const memory = Math.floor(free.decoder!.bytes / 2);
  const told: [Plan, TilingCost][] = [];
  const { cost } = await enlarge({
    ...call,
    memory,
    onPlan: (plan, cost) => void told.push([plan, cost]),
  });
  assertEquals(told.map(([plan, cost]) => [plan.rows.length, cost]), [[1, cost]]);
  // The decoder works on more pixels, and needs tiles before the denoiser does.
  assertGreater(cost.decoder!.tiles, 1);
  assertGreater(cost.decoder!.overhead, 1);
  assertLess(cost.decoder!.bytes, memory);
  assertEquals(cost.denoiser.tiles > 1, free.denoiser.bytes > memory);
  const { cost: none } = await enlarge.check({ ...call, memory, tiles: "off" });
  assertEquals(none, free);
});

Deno.test("the middle of a decoder is tiled too where it alone takes too much memory", async () => {
  const attending = smallUpscaler({
    ...{ unet: UNET, scheduler: SCHEDULER, seed: 0 },
    vqvae: { ...VQVAE, mid_block_add_attention: true },
  });
  const backend = { ...referenceBackend(), scoresAtOnce: (count: number) => count };
  await using _owned = backend;
  await using enlarge = await pipeline("super-resolution", attending, { backend });
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const request = { image: image(32, 24), seed: 1, steps: 1, onWarning };
  const scores = 2 * 4 * (32 * 24) ** 2;
  const fine = await enlarge({ ...request, memory: 2 * scores });
  assertEquals(warnings, []);
  assertEquals(fine.cost.decoder!.tiles, 1);
  const small = await enlarge({ ...request, memory: scores / 2 });
  assertEquals(warnings.map((message) => message.split(", as")[0]), [
    "Tiles of vqvae may show: attention sees one tile at a time",
  ]);
  const { tiles, bytes } = small.cost.decoder!;
  assert(tiles > 1 && bytes <= scores / 2, JSON.stringify(small.cost.decoder));
  const { tile, overhead } = small.cost.decoder!;
  assertEquals(overhead, tiles * tile.width * tile.height / (32 * 24)); // each tile is run once
  const apart = small.tensor.data.reduce(
    (sum, x, at) => sum + Math.abs(x - fine.tensor.data[at]!),
    0,
  );
  assertLess(apart / small.tensor.data.length, 0.05);
  // What is asked for is done, in tiles whose middle is the whole's where that fits.
  const asked = await enlarge.check({ ...request, memory: 2 * scores, tiles: { size: 16 } });
  assertGreater(asked.cost.decoder!.bytes, scores);
});

Deno.test("a decoder that cannot be taken apart runs once a tile, which is told", async () => {
  const attending = smallUpscaler({
    ...{ unet: UNET, scheduler: SCHEDULER, seed: 0 },
    vqvae: {
      ...VQVAE,
      down_block_types: ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
      up_block_types: ["AttnUpDecoderBlock2D", "UpDecoderBlock2D"],
    },
  });
  await using enlarge = await pipeline("super-resolution", attending, REFERENCE);
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const { cost } = await enlarge({ ...QUICK, tiles: { size: 8 }, onWarning });
  assertEquals([cost.decoder!.tiles, cost.decoder!.overhead], [2, 2 * 64 / 96]);
  assertEquals(warnings.map((message) => message.split(":")[0]), ["Tiles of vqvae may show"]);
});

Deno.test("many sizes at once do not take each other's programs away", async () => {
  await using enlarge = await pipeline("super-resolution", MODEL, REFERENCE);
  const made = await Promise.all(
    Array.from(
      { length: 12 },
      (_, at) => enlarge({ image: image(4 + at, 4), seed: 1, steps: 2 }),
    ),
  );
  assertEquals(made.map(({ tensor }) => tensor.shape[3]), made.map((_, at) => 2 * (4 + at)));
});

Deno.test("a scale that no picture can have is refused before anything is resized", async () => {
  const files = smallModel({
    className: "SR3Pipeline",
    unet: { in_channels: 6, out_channels: 3 },
    scheduler: { _class_name: "DDPMScheduler" },
    seed: 0,
  });
  await using enlarge = await pipeline("super-resolution", files, REFERENCE);
  const call = { image: picture(8, 6), scale: 1e6, seed: 1 };
  await assertRejects(() => enlarge.check(call), SettingsError, "Cannot use width 8000000");
  const long = { image: picture(10_000, 1), seed: 1 };
  await assertRejects(() => enlarge.check(long), SettingsError, "Cannot use width 80000");
});

Deno.test("what cannot be used is refused before anything is computed", async () => {
  await using enlarge = await pipeline("super-resolution", MODEL, REFERENCE);
  const wrong: [Record<string, unknown>, string][] = [
    [{ image: undefined }, "without image"],
    [{ image: [] }, "without image"],
    [{ image: { width: 2, height: 2, channels: 3, data: new Uint8Array(5) } }, "5 bytes"],
    [{ image: [picture(8, 8), picture(8, 9)] }, "of one size"],
    [{ image: hostTensor([1, 1, 4, 4], new Float32Array(16)) }, "f32[n, 3, height, width]"],
    [{ image: hostTensor([1, 3, 1, 1], [0, NaN, 1]) }, "from 0 to 1"],
    [{ image: hostTensor([1, 3, 1, 1], [0, -0.5, 1]) }, "from 0 to 1"],
    [{ prompt: "a cat" }, "without text"],
    [{ guidanceScale: 3 }, "without text"],
    [{ noiseLevel: 20 }, "augmentation"],
    [{ augmentation: 1 }, "below 1"],
    [{ width: 64 }, "width and height"],
    [{ count: 0 }, "count"],
    [{ eta: 2 }, "eta"],
    [{ seed: [1, 2] }, "2 seeds for 1"],
    [{ latents: hostTensor([1, 3, 4, 4], new Float32Array(48)) }, "latents"],
    [{ latents: { dtype: "f32", shape: [1, 3, 8, 12], data: new Float32Array(3) } }, "3 numbers"],
    [{ tiles: "on" }, "auto, off"],
    [{ tiles: { size: 0 } }, "tile's size"],
    [{ tiles: { size: 8, overlap: 8 } }, "overlap"],
    [{ tiles: { size: 8, weighting: "even" } }, "product or distance"],
    [{ memory: 0 }, "memory"],
  ];
  for (const [change, words] of wrong) {
    const call = { ...QUICK, ...change } as SuperResolutionOptions;
    await assertRejects(() => enlarge(call), SettingsError, words);
    await assertRejects(() => enlarge.check(call), SettingsError, words);
  }
  await assertRejects(
    () => pipeline("super-resolution", "shapes", REFERENCE),
    SettingsError,
    "LDMTextToImagePipeline",
  );
});

Deno.test("a model that reads text is led by prompts, guidance and the noise it is told of", async () => {
  await using enlarge = await pipeline("super-resolution", smallTextUpscaler(), REFERENCE);
  assertEquals([enlarge.readsText, enlarge.isToldNoise], [true, true]);
  const call = { image: image(8, 8), prompt: "a cat", seed: 1, steps: 2 } as const;
  const base = await enlarge(call);
  assertEquals(base.tensor.shape, [1, 3, 16, 16]);
  assertEquals(base.images[0]!.settings.prompt, "a cat");
  assertEquals(base.images[0]!.settings["noise level"], 20);
  for (
    const change of [
      { prompt: "a dog" },
      { negativePrompt: "blue" },
      { guidanceScale: 1 },
      { guidanceInterval: [0, 0.5] },
      { guidanceRescale: 0.5 },
      { noiseLevel: 0 },
      { noiseLevel: 30 },
    ] satisfies Partial<SuperResolutionOptions>[]
  ) {
    const changed = await enlarge({ ...call, ...change });
    assert(changed.tensor.data.some((x, at) => x !== base.tensor.data[at]), JSON.stringify(change));
  }
  // One picture for each prompt; the noise of the given picture is drawn once for all of them.
  const two = await enlarge({ ...call, prompt: ["a cat", "a dog"], count: 2 });
  assertEquals(two.images.map(({ settings }) => settings.prompt), [
    "a cat",
    "a cat",
    "a dog",
    "a dog",
  ]);
  // With a seed each, nothing depends on the others.
  const each = await enlarge({ ...call, count: 2, seed: [9, 1] });
  assertEquals(each.images[1]!.data, base.images[0]!.data);
  for (
    const [change, words] of [
      [{ noiseLevel: 31 }, "from 0 to 30"],
      [{ noiseLevel: 1.5 }, "whole number"],
      [{ augmentation: 0.1 }, "give a noiseLevel"],
      [{ prompt: ["a", "b", "c"], image: image(8, 8, 2) }, "3 prompts with 2 pictures"],
      [{ image: picture(1, 1) }, "needs 2 or more"],
    ] satisfies [Partial<SuperResolutionOptions>, string][]
  ) {
    await assertRejects(() => enlarge({ ...call, ...change }), SettingsError, words);
  }
});

Deno.test("tiles of a model that reads text, too, leave no seam", async () => {
  await using enlarge = await pipeline("super-resolution", smallTextUpscaler(), REFERENCE);
  const call = { image: image(32, 16), prompt: "a cat", seed: 1, steps: 2 } as const;
  const whole = await enlarge({ ...call, tiles: "off" });
  const tiled = await enlarge({ ...call, tiles: { size: 16, overlap: 8 } });
  assertEquals(tiled.cost.denoiser.tiles, 3);
  const seam = seamOf({ tiled: tiled.tensor.data, whole: whole.tensor.data }, {
    height: 32,
    width: 64,
    channels: 3,
    borders: [16, 32, 48],
  });
  assertLess(seam.atBorders, 1.5 * seam.elsewhere);
});
