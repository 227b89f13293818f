import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  hostTensor,
  type ImageToImageOptions,
  ModelError,
  NonFiniteError,
  type Picture,
  pipeline,
  type Plan,
  SchedulerError,
  SettingsError,
} from "../mod.ts";
import { shapesWithNineChannels } from "./small_inpainters.ts";

const REFERENCE = { backend: "reference" } as const;

/** A picture of soft stripes, different in each channel. */
function stripes(width: number, height: number, phase = 0): Picture {
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, at) => 128 + 100 * Math.sin(Math.floor(at / 3) % width / 4 + at % 3 + phase),
  );
  return { width, height, channels: 3, data };
}

const QUICK = {
  prompt: "a red circle",
  image: stripes(32, 32),
  seed: 1,
  steps: 4,
  strength: 0.5,
} as const;

Deno.test("strength says how many steps are run, and how much of the picture is left", async () => {
  await using generate = await pipeline("image-to-image", "shapes", REFERENCE);
  const plans: Plan[] = [];
  const onPlan = (plan: Plan) => void plans.push(plan);
  const distances: number[] = [];
  for (const strength of [0.25, 0.5, 1]) {
    const { tensor } = await generate({ ...QUICK, strength, onPlan, guidanceScale: 1 });
    const given = QUICK.image.data;
    distances.push(tensor.data.reduce((sum, value, at) => {
      const [channel, pixel] = [Math.floor(at / 1024), at % 1024];
      return sum + Math.abs(value - given[3 * pixel + channel]! / 255);
    }, 0));
  }
  assertEquals(plans.map(({ rows }) => rows.length), [1, 2, 4]);
  assert(distances[0]! < distances[1]! && distances[1]! < distances[2]!, distances.join());
});

Deno.test("a picture gives the same by itself and in any batch of seeds", async () => {
  await using generate = await pipeline("image-to-image", "shapes", REFERENCE);
  const one = await generate({ ...QUICK, eta: 1 });
  const again = await generate({ ...QUICK, eta: 1 });
  assertEquals(one.tensor.data, again.tensor.data);
  const both = await generate({ ...QUICK, eta: 1, count: 2, seed: [5, 1] });
  assertEquals(both.images[1]!.data, one.images[0]!.data);
  const other = await generate({ ...QUICK, eta: 1, seed: 2 });
  assertNotEquals(other.tensor.data, one.tensor.data);
});

Deno.test("several pictures go with one prompt or one each, in the order of text to image", async () => {
  await using generate = await pipeline("image-to-image", "shapes", REFERENCE);
  const image = [stripes(32, 32), stripes(32, 32, 2)];
  const seed = [1, 2, 3, 4];
  const { images } = await generate({ ...QUICK, image, seed, count: 2 });
  const alone = await generate({ ...QUICK, image: image[1]!, seed: 3 });
  assertEquals(images[2]!.data, alone.images[0]!.data);
  const prompts = await generate({
    ...QUICK,
    image,
    prompt: ["a red circle", "a blue star"],
    seed: [1, 1],
  });
  const second = await generate({ ...QUICK, image: image[1]!, prompt: "a blue star" });
  assertEquals(prompts.images[1]!.data, second.images[0]!.data);
  assertEquals(prompts.images[1]!.settings.prompt, "a blue star");
});

Deno.test("a picture keeps its size, rounded down, or gets the one that is asked for", async () => {
  await using generate = await pipeline("image-to-image", "shapes", REFERENCE);
  const own = await generate({ ...QUICK, image: stripes(45, 33) });
  assertEquals(own.tensor.shape, [1, 3, 32, 40]);
  const asked = await generate({ ...QUICK, width: 24, height: 48 });
  assertEquals([asked.images[0]!.width, asked.images[0]!.height], [24, 48]);
});

Deno.test("grey pictures and those with alpha are taken", async () => {
  await using generate = await pipeline("image-to-image", "shapes", REFERENCE);
  const [grey, alpha] = [1, 4].map((channels) => ({
    width: 32,
    height: 32,
    channels: channels as Picture["channels"],
    data: new Uint8Array(1024 * channels).fill(200),
  }));
  const [a, b] = [
    await generate({ ...QUICK, image: grey! }),
    await generate({ ...QUICK, image: alpha! }),
  ];
  assertEquals(a.images[0]!.data, b.images[0]!.data);
});

Deno.test("noise that is given takes the place of what is added; settings are told", async () => {
  await using generate = await pipeline("image-to-image", "shapes", REFERENCE);
  const latents = hostTensor([1, 4, 4, 4], new Float32Array(64).map((_, at) => Math.sin(at)));
  const one = await generate({ ...QUICK, latents });
  assertNotEquals(one.tensor.data, (await generate(QUICK)).tensor.data);
  const { settings } = one.images[0]!;
  assertEquals([settings["Denoising strength"], settings.steps, settings.width], [0.5, 4, 32]);
});

Deno.test("settings that cannot be used are refused before anything is computed", async () => {
  await using generate = await pipeline("image-to-image", "shapes", REFERENCE);
  const broken = { ...QUICK.image, data: new Uint8Array(7) };
  const refused: readonly [
    change: Partial<Record<keyof ImageToImageOptions, unknown>>,
    error: new (...given: never[]) => Error,
    says: string,
  ][] = [
    [{ image: [] }, SettingsError, "without image"],
    [{ image: undefined }, SettingsError, "without image"],
    [{ image: "cat.png" }, SettingsError, "it must be a picture"],
    [{ image: [QUICK.image, null] }, SettingsError, "it must be a picture"],
    [{ image: broken }, SettingsError, "with 7 bytes"],
    [{ image: { ...QUICK.image, channels: 2 } }, SettingsError, "2 channels"],
    [{ image: stripes(7, 32) }, SettingsError, "whose width is 7"],
    [{ image: [QUICK.image, QUICK.image], prompt: ["a", "b", "c"] }, SettingsError, "3 prompts"],
    [{ image: [QUICK.image, QUICK.image], seed: [1, 2, 3] }, SettingsError, "3 seeds"],
    [{ strength: 1.1 }, SettingsError, "strength 1.1: it must be from 0 to 1"],
    [{ strength: NaN }, SettingsError, "strength NaN"],
    [{ strength: 0 }, SchedulerError, "no step of 4 is left"],
    [{ strength: 0.2 }, SchedulerError, "no step of 4 is left"],
    [{ width: 100 }, SettingsError, "multiple of 8; 96 and 104 are"],
    [{ latents: hostTensor([1, 4, 4, 5], new Float32Array(80)) }, SettingsError, "f32[1, 4, 4, 4]"],
    [
      { latents: hostTensor([1, 4, 4, 4], new Float32Array(64).fill(NaN)) },
      NonFiniteError,
      "latents",
    ],
    [{ prompt: [] }, SettingsError, "without a prompt"],
  ];
  for (const [change, error, says] of refused) {
    const asked = { ...QUICK, ...change } as ImageToImageOptions;
    await assertRejects(() => generate(asked), error as new () => Error, says);
  }
});

Deno.test("a model that is told of a mask is refused", async () => {
  const files = await shapesWithNineChannels();
  await assertRejects(
    () => pipeline("image-to-image", files, REFERENCE),
    ModelError,
    "takes 9 channels, but latents have 4; it was made for another task",
  );
});

Deno.test("an abort ends the work", async () => {
  await using generate = await pipeline("image-to-image", "shapes", REFERENCE);
  await assertRejects(
    () => generate({ ...QUICK, signal: AbortSignal.abort(new Error("enough")) }),
    Error,
    "enough",
  );
});
