import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  hostTensor,
  type InpaintingOptions,
  NonFiniteError,
  type Picture,
  pipeline,
  referenceBackend,
  SchedulerError,
  SettingsError,
} from "../mod.ts";
import { inpaint, inpaintingParts } from "../pipelines/inpainting.ts";
import { TorchGenerator } from "../random/torch_generator.ts";
import { counting } from "./counting_backend.ts";
import { shapesWithNineChannels, smallLatentInpainter } from "./small_inpainters.ts";
import { smallModel } from "./small_models.ts";
import { smallPalette } from "./small_palette.ts";

const REFERENCE = { backend: "reference" } as const;

/** A picture of soft stripes, different in each channel. */
function stripes(width: number, height: number): Picture {
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, at) => 128 + 100 * Math.sin(Math.floor(at / 3) % width / 4 + at % 3),
  );
  return { width, height, channels: 3, data };
}

type Value = (x: number, y: number) => number;

function maskOf(width: number, height: number, value: Value): Picture {
  const data = Uint8Array.from(
    { length: width * height },
    (_, at) => value(at % width, Math.floor(at / width)),
  );
  return { width, height, channels: 1, data };
}

/** White on the left. */
const LEFT = maskOf(32, 32, (x) => x < 16 ? 255 : 0);

const QUICK = {
  prompt: "a red circle",
  image: stripes(32, 32),
  mask: LEFT,
  seed: 1,
  steps: 2,
} as const;

/** The columns of pixels that differ from the given picture. */
function changedAt(made: Picture, given: Picture): number[] {
  const pixels = Array.from({ length: made.width * made.height }, (_, at) => at);
  return pixels.filter((at) =>
    [0, 1, 2].some((c) => made.data[3 * at + c] !== given.data[3 * at + c])
  ).map((at) => at % made.width);
}

/** How many pixels differ from the given picture, in columns of 8. */
function changedColumns(made: Picture, given: Picture): number[] {
  const counts = Array.from({ length: made.width / 8 }, () => 0);
  for (let at = 0; at < made.width * made.height; at++) {
    const same = [0, 1, 2].every((c) => made.data[3 * at + c] === given.data[3 * at + c]);
    if (!same) counts[Math.floor(at % made.width / 8)]! += 1;
  }
  return counts;
}

Deno.test("a model that is not told of the mask keeps latents where it is black", async () => {
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const { latents, mask } = await generate(QUICK);
  assertEquals(mask.shape, [1, 1, 4, 4]);
  assertEquals([...mask.data.subarray(0, 4)], [1, 1, 0, 0]);
  const other = await generate({ ...QUICK, prompt: "a blue star" });
  const differs = latents.data.map((value, at) => value === other.latents.data[at] ? 0 : 1);
  assertEquals(differs, latents.data.map((_, at) => at % 4 < 2 ? 1 : 0));
});

Deno.test("an inverted mask repaints the other part", async () => {
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const right = maskOf(32, 32, (x) => x < 16 ? 0 : 255);
  const one = await generate({ ...QUICK, mask: right });
  const inverted = await generate({ ...QUICK, invertMask: true });
  assertEquals(inverted.tensor.data, one.tensor.data);
  assertNotEquals(inverted.tensor.data, (await generate(QUICK)).tensor.data);
});

Deno.test("a composite gives back what is not repainted bit for bit", async () => {
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const plain = await generate(QUICK);
  const whole = changedColumns(plain.images[0]!, QUICK.image);
  assert(whole.every((count) => count > 0), whole.join());
  const { images, tensor } = await generate({ ...QUICK, composite: true });
  assertEquals(tensor.data, plain.tensor.data);
  const [first, second, ...kept] = changedColumns(images[0]!, QUICK.image);
  assertEquals(kept, [0, 0]);
  assert(first! > 200 && second! > 200);
});

Deno.test("a composite has the picture's own size unless another is asked for", async () => {
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const image = stripes(37, 35);
  const { images, tensor } = await generate({ ...QUICK, image, composite: true });
  assertEquals(tensor.shape, [1, 3, 32, 32]);
  const [made] = images;
  assertEquals([made!.width, made!.height], [37, 35]);
  for (let at = 0; at < 37 * 35; at++) {
    if (at % 37 < 20) continue;
    assertEquals(made!.data.subarray(3 * at, 3 * at + 3), image.data.subarray(3 * at, 3 * at + 3));
  }
  const asked = await generate({ ...QUICK, image, composite: true, width: 24 });
  assertEquals([asked.images[0]!.width, asked.images[0]!.height], [24, 32]);
});

Deno.test("a thin line vanishes with a warning, and survives by its largest pixel", async () => {
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const warnings: string[] = [];
  const thin = {
    ...QUICK,
    mask: maskOf(32, 32, (x) => x === 13 ? 255 : 0),
    onWarning: (text: string) => void warnings.push(text),
  };
  const lost = await generate(thin);
  assertEquals(lost.mask.data.some((value) => value > 0), false);
  assertEquals(warnings.length, 1);
  assert(warnings[0]!.includes("so thin that nothing of it is left"));
  const found = await generate({ ...thin, maskReduction: "max" });
  assertEquals([...found.mask.data.subarray(0, 4)], [0, 1, 0, 0]);
  await generate({ ...thin, mask: maskOf(32, 32, () => 0) });
  assertEquals(warnings.slice(1), ["The mask is black: nothing is repainted"]);
});

Deno.test("a soft mask blends latents in proportion, and pixels in a composite", async () => {
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const ramp = maskOf(32, 32, (x) => Math.round(255 * (1 - Math.floor(x / 8) / 3)));
  const soft = { ...QUICK, mask: ramp, softMask: true, composite: true };
  const { mask, images, tensor } = await generate(soft);
  const row = [...mask.data.subarray(0, 4)].map((value) => value.toFixed(3));
  assertEquals(row, ["1.000", "0.667", "0.333", "0.000"]);
  const hard = await generate({ ...soft, softMask: false });
  assertEquals([...hard.mask.data.subarray(0, 4)], [1, 1, 0, 0]);
  const at = 12; // in the first row: two thirds new
  const [old, fresh] = [QUICK.image.data[3 * at]!, Math.round(255 * tensor.data[at]!)];
  assertEquals(images[0]!.data[3 * at], Math.round((85 * old + 170 * fresh) / 255));
  assertEquals(changedColumns(images[0]!, QUICK.image)[3], 0);
});

Deno.test("a crop works on the part around the mask and leaves the rest of the picture", async () => {
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const image = stripes(80, 48);
  const mask = maskOf(80, 48, (x, y) => x >= 40 && x < 50 && y >= 20 && y < 28 ? 255 : 0);
  const request = { ...QUICK, image, mask, width: 32, height: 32, crop: 4 };
  const { images, tensor } = await generate(request);
  assertEquals(tensor.shape, [1, 3, 32, 32]);
  const [made] = images;
  assertEquals([made!.width, made!.height], [80, 48]);
  assertEquals(made!.settings["Masked area padding"], 4);
  let changed = 0;
  for (let at = 0; at < 80 * 48; at++) {
    const same = [0, 1, 2].every((c) => made!.data[3 * at + c] === image.data[3 * at + c]);
    if (mask.data[at] === 0) assert(same, `pixel ${at}`);
    else if (!same) changed++;
  }
  assert(changed > 60, String(changed));
  // Without the mask's edge all of the part is new.
  const { images: [whole] } = await generate({ ...request, composite: false });
  // 18 pixels each way, from 36 and 15 on.
  const counts = changedColumns(whole!, image);
  assertEquals(counts.map((count) => count > 60), [..."0000111000"].map((one) => one === "1"));
});

Deno.test("strength below 1 starts from the picture", async () => {
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const steps: number[] = [];
  const { images } = await generate({
    ...QUICK,
    steps: 4,
    strength: 0.5,
    onStep: ({ step }) => void steps.push(step),
  });
  assertEquals(steps, [1, 2]);
  assertEquals(images[0]!.settings["Denoising strength"], 0.5);
});

Deno.test("a picture of a batch is the one that its seed gives by itself", async () => {
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const request = { ...QUICK, eta: 1, strength: 0.5, steps: 4 };
  const one = await generate(request);
  const both = await generate({ ...request, count: 2, seed: [5, 1] });
  assertEquals(both.images[1]!.data, one.images[0]!.data);
});

Deno.test("pictures and masks go together, one for all or one each", async () => {
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const top = maskOf(32, 32, (_, y) => y < 16 ? 255 : 0);
  const { images, mask } = await generate({ ...QUICK, mask: [LEFT, top], seed: [1, 1] });
  assertEquals(mask.shape, [2, 1, 4, 4]);
  assertEquals([mask.data[2], mask.data[18], mask.data[28]], [0, 1, 0]);
  const alone = await generate({ ...QUICK, mask: top });
  assertEquals(images[1]!.data, alone.images[0]!.data);
  const cropped = await generate({
    ...QUICK,
    mask: [LEFT, top],
    seed: [1, 1],
    crop: 0,
    width: 16,
    height: 16,
  });
  assertEquals(cropped.images.length, 2);
});

Deno.test("with nobody listening there is one wait for the device", async () => {
  const { backend, waits } = counting(referenceBackend());
  const models = ["shapes", await shapesWithNineChannels()] as const;
  for (const [at, model] of models.entries()) {
    await using generate = await pipeline("inpainting", model, { backend });
    await generate({ ...QUICK, strength: 0.5, steps: 4 });
    assertEquals(waits(), at + 1);
  }
});

Deno.test("a network of nine channels sees latents, mask and what is left of the picture", async () => {
  const files = await shapesWithNineChannels();
  await using generate = await pipeline("inpainting", files, REFERENCE);
  const { images } = await generate({
    ...QUICK,
    onStep: async ({ step, input, latents }) => {
      if (step > 1) return;
      const { shape, data } = (await input())!;
      assertEquals(shape, [1, 9, 4, 4]);
      assertEquals([...data.subarray(64, 68)], [1, 1, 0, 0]);
      assertEquals((await latents()).shape, [1, 4, 4, 4]);
      // The hole is grey: what is repainted cannot be seen behind it.
      const other = { ...QUICK.image, data: QUICK.image.data.slice() };
      for (let at = 0; at < other.data.length; at++) {
        if (Math.floor(at / 3) % 32 < 16) other.data[at] = 255 - other.data[at]!;
      }
      await generate({
        ...QUICK,
        image: other,
        onStep: async (event) => assertEquals((await event.input())!.data, data),
        steps: 1,
      });
    },
  });
  assertEquals(images.length, 1);
  // A soft mask can only be in the composite.
  const ramp = maskOf(32, 32, (x) => 255 - 8 * x);
  const soft = await generate({ ...QUICK, mask: ramp, softMask: true });
  assertEquals([...soft.mask.data.subarray(0, 4)], [1, 1, 0, 0]);
  await assertRejects(
    () => generate({ ...QUICK, mask: ramp, softMask: true, composite: false }),
    SettingsError,
    "soft mask without composite",
  );
});

Deno.test("latent diffusion's own kind: no text, black holes, a mask in -1..1 behind them, a composite", async () => {
  await using backend = referenceBackend();
  await using model = await smallLatentInpainter(backend);
  const parts = await inpaintingParts(model);
  using _arithmetic = parts.arithmetic;
  const { prompt: _, ...request } = QUICK;
  const image = stripes(18, 17); // rounded down to 16, which halves twice
  const { images, tensor } = await inpaint(parts, {
    ...request,
    image,
    onStep: async ({ input }) => {
      const { shape, data } = (await input())!;
      assertEquals(shape, [1, 7, 8, 8]);
      assertEquals([...data.subarray(6 * 64, 6 * 64 + 8)], [1, 1, 1, 1, -1, -1, -1, -1]);
    },
  });
  assertEquals(tensor.shape, [1, 3, 16, 16]);
  const [made] = images;
  assertEquals([made!.width, made!.height], [18, 17]);
  assertEquals(made!.data.subarray(3 * 10, 3 * 18), image.data.subarray(3 * 10, 3 * 18));
  assertEquals(made!.settings.prompt, "");
  assertEquals("guidance" in made!.settings, false);
  const loose = await inpaint(parts, { ...request, image, composite: false });
  assertEquals([loose.images[0]!.width, loose.images[0]!.height], [16, 16]);
  for (const change of [{ prompt: "a cat" }, { guidanceScale: 3 }, { negativePrompt: "a dog" }]) {
    await assertRejects(
      () => inpaint(parts, { ...request, ...change }),
      SettingsError,
      `Cannot use ${Object.keys(change)[0]}: the model reads no text`,
    );
  }
});

Deno.test("RePaint is a method of the models that are not told of a mask, and has its own settings", async () => {
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const repaint = { ...QUICK, method: "repaint", jumpLength: 1, jumpNSample: 2 } as const;
  const rows: number[] = [];
  const { images, mask } = await generate({
    ...repaint,
    onPlan: (plan) => void rows.push(plan.rows.length),
    onStep: async ({ context }) => assertEquals((await context()).data.length, 0),
  });
  assert(rows[0]! > 2, rows.join());
  assertEquals([mask.shape, ...mask.data.subarray(0, 4)], [[1, 1, 4, 4], 1, 1, 0, 0]);
  const [first, second, ...kept] = changedColumns(images[0]!, QUICK.image);
  assertEquals(kept, [0, 0]);
  assert(first! > 200 && second! > 200);
  const inverted = await generate({ ...repaint, invertMask: true });
  assertEquals(changedColumns(inverted.images[0]!, QUICK.image).slice(0, 2), [0, 0]);
  const refused: readonly [change: Partial<InpaintingOptions>, says: string][] = [
    [{ strength: 0.5 }, "Cannot use strength with RePaint"],
    [{ crop: 3 }, "Cannot use crop with RePaint"],
    [{ softMask: true }, "Cannot use softMask with RePaint"],
  ];
  for (const [change, says] of refused) {
    await assertRejects(() => generate({ ...repaint, ...change }), SettingsError, says);
  }
  await assertRejects(
    () => generate({ ...QUICK, jumpLength: 3 }),
    SettingsError,
    "Cannot use jumpLength without the method repaint",
  );
  await assertRejects(
    () => generate({ ...QUICK, method: "magic" as "repaint" }),
    SettingsError,
    'Cannot inpaint by "magic": there is repaint',
  );
});

Deno.test("a model of pixels that draws from noise inpaints by RePaint", async () => {
  const scheduler = { _class_name: "DDPMScheduler", num_train_timesteps: 100 };
  const files = smallModel({ className: "DDPMPipeline", scheduler, seed: 1 });
  await using generate = await pipeline("inpainting", files, REFERENCE);
  const { prompt: _, ...request } = QUICK;
  const { images, mask } = await generate({ ...request, jumpLength: 1, jumpNSample: 1 });
  assertEquals(mask.shape, [1, 1, 32, 32]);
  const [left, , ...kept] = changedColumns(images[0]!, QUICK.image);
  assert(left! > 200, String(left));
  assertEquals(kept, [0, 0]);
});

Deno.test("RePaint and Palette give a picture back in its own size, what is kept bit for bit; the tensor is what was made", async () => {
  const [image, mask] = [stripes(18, 17), maskOf(18, 17, (x) => x < 6 ? 255 : 0)];
  const kept = (made: Picture) => changedAt(made, image).every((x) => x < 6);
  const quick = { image, mask, seed: 1, steps: 2, jumpLength: 1, jumpNSample: 1 };
  const scheduler = { _class_name: "DDPMScheduler", num_train_timesteps: 100 };
  const pixels = smallModel({ className: "DDPMPipeline", scheduler, seed: 1 });
  for (const model of ["shapes", pixels]) {
    await using generate = await pipeline("inpainting", model, REFERENCE);
    const painted = { ...quick, method: "repaint" } as const;
    const request = model === "shapes" ? { ...painted, prompt: "a red circle" } : painted;
    const { images: [made], tensor } = await generate(request);
    assertEquals([made!.width, made!.height], [18, 17]);
    assertEquals([made!.settings.width, made!.settings.height], [18, 17]);
    assert(kept(made!));
    const plain = await generate({ ...request, composite: false });
    assertEquals(plain.tensor.data, tensor.data);
    assertEquals(plain.images[0]!.height, tensor.shape[2]);
    assert(plain.images[0]!.height < 17);
  }
  await using backend = referenceBackend();
  const { jumpLength: _, jumpNSample: __, ...request } = quick;
  const parts = await inpaintingParts(smallPalette(backend));
  using _arithmetic = parts.arithmetic;
  const { images: [made], latents } = await inpaint(parts, request);
  assertEquals([made!.width, made!.height], [18, 17]);
  assert(kept(made!));
  // The seed's noise, given.
  const noise = hostTensor(latents.shape, new TorchGenerator(1).randn(latents.data.length));
  const { images: [again] } = await inpaint(parts, { ...request, steps: 1, latents: noise });
  const { images: [one] } = await inpaint(parts, { ...request, steps: 1 });
  assertEquals(again!.data, one!.data);
});

Deno.test("RePaint is guided as text to image is, and by classes", async () => {
  const repaint = { ...QUICK, method: "repaint", steps: 1, jumpLength: 1, jumpNSample: 1 } as const;
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const plain = await generate({ ...repaint, guidanceScale: 5 });
  const rescaled = await generate({ ...repaint, guidanceScale: 5, guidanceRescale: 1 });
  assertNotEquals(rescaled.latents.data, plain.latents.data);
  const scheduler = { _class_name: "DDPMScheduler", num_train_timesteps: 100 };
  const classes = smallModel({
    className: "DDPMPipeline",
    unet: { num_class_embeds: 10 },
    scheduler,
    seed: 1,
  });
  await using draw = await pipeline("inpainting", classes, REFERENCE);
  const { prompt: _, ...request } = repaint;
  const three = await draw({ ...request, classLabels: 3 });
  const four = await draw({ ...request, classLabels: 4 });
  assertNotEquals(four.tensor.data, three.tensor.data);
  for (
    const [change, says] of [
      [{ guidanceRescale: 0.5 }, "Cannot use guidanceRescale: the model draws from noise"],
      [{ clipSkip: 1 }, "Cannot use clipSkip: the model draws from noise"],
      [{ method: "magic" as "repaint" }, 'Cannot inpaint by "magic": there is repaint'],
    ] as const
  ) {
    await assertRejects(() => draw({ ...request, ...change }), SettingsError, says);
  }
  const { method: __, jumpLength: ___, jumpNSample: ____, ...told } = repaint;
  await assertRejects(
    () => generate({ ...told, classLabels: 3 }),
    SettingsError,
    "Cannot use classLabels: the model knows no classes",
  );
});

Deno.test("RePaint and Palette warn of a black mask", async () => {
  const warnings: string[] = [];
  const mask = maskOf(32, 32, () => 0);
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  await generate({
    ...{ ...QUICK, mask, steps: 1, method: "repaint", jumpLength: 1, jumpNSample: 1 },
    onWarning: (message) => void warnings.push(message),
  });
  assertEquals(warnings, ["The mask is black: nothing is repainted"]);
});

Deno.test("settings that cannot be used are refused before anything is computed", async () => {
  await using generate = await pipeline("inpainting", "shapes", REFERENCE);
  const refused: readonly [
    change: Partial<Record<keyof InpaintingOptions, unknown>>,
    error: new (...given: never[]) => Error,
    says: string,
  ][] = [
    [{ mask: undefined }, SettingsError, "without mask"],
    [{ mask: [] }, SettingsError, "without mask"],
    [{ mask: { ...LEFT, data: new Uint8Array(3) } }, SettingsError, "Cannot use mask"],
    [
      { mask: [LEFT, LEFT], image: [QUICK.image, QUICK.image, QUICK.image] },
      SettingsError,
      "2 masks",
    ],
    [{ image: undefined }, SettingsError, "without image"],
    [{ prompt: undefined }, SettingsError, "without a prompt"],
    [{ strength: 2 }, SettingsError, "strength 2"],
    [{ strength: 0.1 }, SchedulerError, "no step of 2 is left"],
    [{ crop: -1 }, SettingsError, "crop -1"],
    [{ crop: 1.5 }, SettingsError, "crop 1.5"],
    [
      { crop: 0, image: stripes(8, 800), mask: maskOf(8, 800, () => 255), height: 8, width: 8 },
      SettingsError,
      "8 x 800 pixels around the mask at 8 x 8",
    ],
    [{ crop: 3, invertMask: true, mask: maskOf(32, 32, () => 255) }, SettingsError, "it is black"],
    [{ maskReduction: "median" }, SettingsError, "it must be nearest, max or mean"],
    [{ maskReduction: "mean" }, SettingsError, "unless softMask is set"],
    [{ width: 36 }, SettingsError, "multiple of 8"],
    [{ height: 0 }, SettingsError, "height 0"],
    [{ count: 0 }, SettingsError, "count 0"],
    [
      { latents: hostTensor([1, 4, 4, 4], new Float32Array(64).fill(NaN)) },
      NonFiniteError,
      "latents",
    ],
  ];
  for (const [change, error, says] of refused) {
    const asked = { ...QUICK, ...change } as InpaintingOptions;
    await assertRejects(() => generate(asked), error as new () => Error, says);
  }
});
