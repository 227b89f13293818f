import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { JsonObject } from "../formats/json.ts";
import { readSettings } from "../formats/images/infotext.ts";
import { readPngText } from "../formats/images/png_text.ts";
import {
  hostTensor,
  openFiles,
  pipeline,
  type Plan,
  referenceBackend,
  SchedulerError,
  SettingsError,
  type UnconditionalOptions,
} from "../mod.ts";
import { SMALL_VQ, smallModel } from "./small_models.ts";
import { tracked } from "./tracked_backend.ts";

const TASK = "unconditional-image-generation";
const REFERENCE = { backend: "reference" } as const;
const DDPM: JsonObject = { _class_name: "DDPMScheduler" };

const PIXELS = smallModel({ className: "DDPMPipeline", scheduler: DDPM, seed: 0 });
const LATENT = smallModel({
  className: "LDMPipeline",
  vqvae: SMALL_VQ,
  scheduler: { _class_name: "DDIMScheduler", clip_sample: false },
  seed: 0,
});
/** Ten classes and a predicted variance, as guided-diffusion's. */
const CLASSES = smallModel({
  className: "DDPMPipeline",
  unet: { num_class_embeds: 10, out_channels: 6 },
  scheduler: { ...DDPM, variance_type: "learned_range" },
  seed: 0,
});

/** image[0, -3:, -3:, -1] of a picture of 8 x 8 */
function slice(data: Float32Array): number[] {
  return [5, 6, 7].flatMap((y) => [5, 6, 7].map((x) => data[(2 * 8 + y) * 8 + x]!));
}

Deno.test("DDIM and DDPM give the slices of diffusers' fast tests", async () => {
  const published = {
    // tests/pipelines/ddim/test_ddim.py and tests/pipelines/ddpm/test_ddpm.py
    DDIMPipeline: [0, 0.9979, 0, 0.9999, 0.9986, 0.9991, 7.106e-4, 0, 0],
    DDPMPipeline: [0, 0.9996672, 0.00329116, 1, 0.9995991, 1, 0.0060907, 0.00115037, 0],
  } as const;
  for (const [className, expected] of Object.entries(published)) {
    const scheduler = { _class_name: className.replace("Pipeline", "Scheduler") };
    const model = smallModel({ className, scheduler, seed: 0 });
    await using generate = await pipeline(TASK, model, REFERENCE);
    const { tensor } = await generate({ seed: 0, steps: 2 });
    assertEquals(tensor.shape, [1, 3, 8, 8]);
    // Their own tolerance is ten times this: they give four digits.
    slice(tensor.data).forEach((value, at) => assertAlmostEquals(value, expected[at]!, 1e-4));
  }
});

Deno.test("a model of a DDIM pipeline samples with DDIM, whatever scheduler lies in its folder", async () => {
  const own = smallModel({ className: "DDIMPipeline", scheduler: DDPM, seed: 0 });
  await using generate = await pipeline(TASK, own, REFERENCE);
  const { tensor, images } = await generate({ seed: 0, steps: 2 });
  assertEquals(images[0]!.settings.sampler, "DDIMScheduler");
  assertAlmostEquals(slice(tensor.data)[1]!, 0.9979, 1e-4);
});

Deno.test("a picture of a list of seeds does not depend on the others", async () => {
  await using generate = await pipeline(TASK, LATENT, REFERENCE);
  const one = await generate({ seed: 3, steps: 2 });
  const both = await generate({ seed: [1, 3], count: 2, steps: 2 });
  assertEquals(both.images.length, 2);
  assertEquals(both.images[1]!.data, one.images[0]!.data);
  assertEquals(one.latents.shape, [1, 3, 8, 8]);
  assertEquals(one.tensor.shape, [1, 3, 16, 16]);
  const other = await generate({ seed: 4, steps: 2 });
  assert(other.tensor.data.some((x, at) => x !== one.tensor.data[at]));
});

Deno.test("a picture carries its settings, the class among them", async () => {
  await using generate = await pipeline(TASK, CLASSES, REFERENCE);
  const { images } = await generate({
    classLabels: 7,
    seed: 3,
    steps: 2,
    guidanceScale: 2,
    unconditionalLabel: 9,
  });
  const read = readSettings(
    await readPngText(await images[0]!.encode() as Uint8Array<ArrayBuffer>),
  )!;
  assertEquals([read.class, read.seed, read.steps, read.guidance], [7, 3, 2, 2]);
});

Deno.test("classes decide the picture; guidance leads away from the one that stands for none", async () => {
  await using generate = await pipeline(TASK, CLASSES, REFERENCE);
  const quick = { seed: 5, steps: 2 } as const;
  const [three, four] = [
    await generate({ ...quick, classLabels: 3 }),
    await generate({ ...quick, classLabels: 4 }),
  ];
  assert(three.latents.data.some((x, at) => x !== four.latents.data[at]));
  const both = await generate({ ...quick, classLabels: [3, 4], seed: [5, 5] });
  assertEquals(both.images.map(({ data }) => data), [three.images[0]!.data, four.images[0]!.data]);
  const counted = await generate({ ...quick, classLabels: [3, 4], count: 2, seed: [5, 6, 5, 6] });
  assertEquals(counted.images.length, 4);
  assertEquals(counted.images[2]!.data, four.images[0]!.data);
  // At a scale of 1 it is the class's own prediction, up to rounding; at 0 that of no class.
  const said = async (options: UnconditionalOptions) => {
    const found: Float32Array[] = [];
    await generate({
      ...quick,
      ...options,
      async onStep(step) {
        if (step.step === 1) found.push((await step.prediction())!.data);
      },
    });
    return found[0]!;
  };
  const none = await said({ classLabels: 9 });
  const own = await said({ classLabels: 3 });
  const guided = await said({ classLabels: 3, guidanceScale: 3, unconditionalLabel: 9 });
  const plane = 3 * 64;
  for (let at = 0; at < plane; at++) {
    assertAlmostEquals(guided[at]!, none[at]! + 3 * (own[at]! - none[at]!), 1e-5);
  }
  // What it says of the variance is not guided.
  for (let at = plane; at < 2 * plane; at++) assertAlmostEquals(guided[at]!, own[at]!, 1e-5);
});

Deno.test("a sampler that takes no variance leaves it out", async () => {
  await using generate = await pipeline(TASK, CLASSES, REFERENCE);
  const { tensor } = await generate({
    classLabels: 0,
    steps: 2,
    seed: 1,
    scheduler: "ddim",
    onStep: async (step) => assertEquals((await step.prediction())!.shape, [1, 3, 8, 8]),
  });
  assertEquals(tensor.shape, [1, 3, 8, 8]);
});

Deno.test("steps are reported with the sample, the denoiser's input and output, and a preview", async () => {
  await using generate = await pipeline(TASK, LATENT, REFERENCE);
  const told: (number | undefined)[] = [];
  let plan: Plan | undefined;
  let last: Float32Array | undefined;
  const { latents } = await generate({
    steps: 3,
    seed: 1,
    scheduler: "euler",
    onPlan: (planned) => void (plan = planned),
    async onStep(step) {
      told.push(step.timestep);
      last = (await step.latents()).data;
      const { inputScale } = plan!.rows[step.step - 1]!.evaluate!;
      assert(inputScale < 1);
      assertEquals((await step.input())!.shape, [1, 3, 8, 8]);
      assertEquals((await step.preview())[0]!.width, 16);
    },
  });
  assertEquals(told, plan!.rows.map(({ evaluate }) => evaluate!.timestep));
  assertEquals(last, latents.data);
});

Deno.test("the preview of a model with a predicted variance leaves that out", async () => {
  await using generate = await pipeline(TASK, CLASSES, REFERENCE);
  await generate({
    classLabels: 0,
    steps: 2,
    seed: 1,
    onStep: async (step) => assertEquals((await step.preview())[0]!.channels, 3),
  });
});

Deno.test("noise can be given: the first and that of the steps", async () => {
  await using generate = await pipeline(TASK, PIXELS, REFERENCE);
  const noise = hostTensor([1, 3, 8, 8], Float32Array.from({ length: 192 }, (_, k) => Math.sin(k)));
  let drawn = 0;
  const drawStep = () => {
    drawn++;
    return noise.data;
  };
  const one = await generate({ latents: noise, drawStep, steps: 3 });
  assertEquals(drawn, 2); // DDPM draws nothing at timestep 0
  const two = await generate({ latents: noise, drawStep, steps: 3, seed: 99 });
  assertEquals(one.tensor.data, two.tensor.data);
  const seeded = await generate({ latents: noise, stepSeed: 1, steps: 3, seed: 1 });
  const again = await generate({ latents: noise, stepSeed: 1, steps: 3, seed: 2 });
  assertEquals(seeded.tensor.data, again.tensor.data);
});

Deno.test("other sizes than the model's own", async () => {
  await using generate = await pipeline(TASK, LATENT, REFERENCE);
  const { images } = await generate({ width: 24, height: 8, steps: 1, seed: 1 });
  assertEquals([images[0]!.width, images[0]!.height], [24, 8]);
});

Deno.test("settings that cannot be used are refused before anything is computed", async () => {
  const inner = referenceBackend();
  let compiled = 0;
  await using backend = {
    ...inner,
    compile(...given: Parameters<typeof inner.compile>) {
      compiled++;
      return inner.compile(...given);
    },
  };
  const wrong: readonly [typeof PIXELS, UnconditionalOptions, string][] = [
    [PIXELS, { count: 0 }, "count"],
    [PIXELS, { width: 9 }, "width"],
    [PIXELS, { seed: [1] as const, count: 2 }, "seeds"],
    [PIXELS, { eta: 2 }, "eta"],
    [PIXELS, { stepSeed: -3 }, "stepSeed"],
    [PIXELS, { classLabels: 1 }, "knows no classes"],
    [PIXELS, { guidanceScale: 3 }, "knows no classes"],
    [PIXELS, { steps: 2, timesteps: [5] }, "timesteps"],
    [PIXELS, { useClippedModelOutput: true }, "DDIM"],
    [PIXELS, { latents: hostTensor([1], [0]) }, "latents"],
    [LATENT, { height: 10 }, "multiple of 4"],
    [CLASSES, {}, "classLabels"],
    [CLASSES, { classLabels: [] }, "classLabels"],
    [CLASSES, { classLabels: 10 }, "0 to 9"],
    [CLASSES, { classLabels: 1.5 }, "whole number"],
    [CLASSES, { classLabels: 1, guidanceScale: 2 }, "unconditionalLabel"],
    [CLASSES, { classLabels: 1, unconditionalLabel: 10 }, "unconditionalLabel"],
    [CLASSES, { classLabels: 1, guidanceScale: NaN }, "guidanceScale"],
  ];
  for (const [model, options, part] of wrong) {
    await using generate = await pipeline(TASK, model, { backend });
    const error = await assertRejects(() => generate(options), SettingsError);
    assertStringIncludes(error.message, part);
  }
  await using generate = await pipeline(TASK, PIXELS, { backend });
  await assertRejects(() => generate({ steps: 1001 }), SchedulerError);
  await assertRejects(() => generate({ signal: AbortSignal.abort("no more") }));
  assertEquals(compiled, 0);
});

Deno.test("models that draw from something else are refused", async () => {
  await assertRejects(
    () => pipeline(TASK, "shapes", REFERENCE),
    SettingsError,
    "LDMTextToImagePipeline",
  );
  const enlarging = smallModel({
    className: "DDPMPipeline",
    unet: { in_channels: 6 },
    scheduler: DDPM,
    seed: 0,
  });
  await assertRejects(() => pipeline(TASK, enlarging, REFERENCE), Error, "another task");
  const vectors = smallModel({
    className: "DDPMPipeline",
    unet: { class_embed_type: "timestep" },
    scheduler: DDPM,
    seed: 0,
  });
  await using generate = await pipeline(TASK, vectors, REFERENCE);
  const { images } = await generate({ classLabels: 0.5, steps: 1, seed: 1 });
  assertEquals(images[0]!.settings.class, 0.5);
});

const ORIGINAL = "../shared/goldens/originals/cin256/";

Deno.test({
  name:
    "an original checkpoint of classes opens by its file, and is guided away from its last class",
  ignore: !await openFiles(ORIGINAL).exists("model.ckpt"),
  async fn() {
    await using generate = await pipeline(TASK, `${ORIGINAL}model.ckpt`, {
      ...REFERENCE,
      config: `${ORIGINAL}config.yaml`,
    });
    const quick = { width: 16, height: 16, steps: 1, seed: 1 } as const;
    const { images } = await generate({ ...quick, classLabels: 4 });
    assertEquals(images[0]!.settings.guidance, 3);
    await assertRejects(() => generate({ ...quick, classLabels: 11 }), SettingsError, "0 to 10");
    const same = await generate({ ...quick, classLabels: 4, unconditionalLabel: 10 });
    assertEquals(same.images[0]!.data, images[0]!.data);
  },
});

Deno.test("blended tiles may have any overlap", async () => {
  await using generate = await pipeline(TASK, LATENT, REFERENCE);
  const sides = { width: 36, height: 36 };
  const autoencoderTiles = { size: 32, overlap: 24, method: "blended" } as const;
  const { images: [made], cost } = await generate({
    ...{ ...sides, seed: 1, steps: 1, autoencoderTiles },
  });
  assertEquals([made!.width, made!.height], [36, 36]);
  assertEquals(cost!.decoder!.tiles, 25);
});

Deno.test("a call that fails anywhere leaves nothing on the device, in tiles neither", async () => {
  const draw = async (failing?: number) => {
    const { backend, alive, calls } = tracked(referenceBackend(), failing);
    let failed = false;
    {
      await using _owned = backend;
      await using generate = await pipeline(TASK, LATENT, { backend });
      const request = { width: 24, height: 24, seed: 1, steps: 1, autoencoderTiles: { size: 16 } };
      await generate(request).catch(() => failed = true);
    }
    return { alive: alive(), calls: calls(), failed };
  };
  const { alive, calls, failed } = await draw();
  assertEquals([alive, failed], [0, false]);
  for (let at = 0; at < calls; at++) {
    const { alive, failed } = await draw(at);
    assertEquals([at, alive, failed], [at, 0, true]);
  }
});

Deno.test("latents are decoded in tiles; pixels have no autoencoder", async () => {
  await using generate = await pipeline(TASK, LATENT, REFERENCE);
  const options = { seed: 0, steps: 2, width: 32, height: 24 };
  const whole = await generate(options);
  assertEquals(whole.cost!.decoder!.tiles, 1);
  const differences = [];
  for (const method of ["seamless", "blended"] as const) {
    const tiles = { size: 16, overlap: 8, method };
    const tiled = await generate({ ...options, autoencoderTiles: tiles });
    assertEquals(tiled.latents.data, whole.latents.data);
    assert(tiled.cost!.decoder!.tiles > 1);
    const far = tiled.tensor.data.map((x, at) => Math.abs(x - whole.tensor.data[at]!));
    differences.push(far.reduce((sum, x) => sum + x, 0) / far.length);
  }
  const [seamless, blended] = differences as [number, number];
  assert(0 < seamless && seamless < blended && blended < 0.2, differences.join());
  await using pixels = await pipeline(TASK, PIXELS, REFERENCE);
  assertEquals((await pixels({ seed: 0, steps: 1 })).cost, undefined);
  await assertRejects(
    () => pixels({ steps: 1, memory: 1e9 }),
    SettingsError,
    "Cannot use memory: the model works on pixels",
  );
});
