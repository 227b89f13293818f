import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  type Backend,
  hostTensor,
  openModel,
  type Picture,
  type Plan,
  referenceBackend,
  repaint,
  type RepaintOptions,
  SchedulerError,
  SettingsError,
} from "../mod.ts";
import { counting } from "./counting_backend.ts";
import { SMALL_VQ, smallModel } from "./small_models.ts";

const REFERENCE = { backend: "reference" } as const;
const SCHEDULER = { _class_name: "DDPMScheduler", num_train_timesteps: 20 } as const;
const PIXELS = smallModel({ className: "DDPMPipeline", scheduler: SCHEDULER, seed: 0 });
/** Predicts a variance, as the models of RePaint's authors. */
const LEARNED = smallModel({
  className: "DDPMPipeline",
  unet: { out_channels: 6 },
  scheduler: { ...SCHEDULER, variance_type: "learned_range" },
  seed: 0,
});
const LATENT = smallModel({
  className: "LDMPipeline",
  vqvae: SMALL_VQ,
  scheduler: { _class_name: "DDIMScheduler", clip_sample: false },
  seed: 0,
});

/** A picture by a formula that has all bytes. */
function picture(side: number): Picture {
  const data = Uint8Array.from({ length: side * side * 3 }, (_, k) => k * 37 % 256);
  return { width: side, height: side, channels: 3, data };
}

/** White, and kept, where a pixel is. */
function mask(side: number, kept: (x: number, y: number) => boolean): Picture {
  const data = Uint8Array.from(
    { length: side * side },
    (_, k) => kept(k % side, Math.floor(k / side)) ? 255 : 0,
  );
  return { width: side, height: side, channels: 1, data };
}

const LEFT = mask(8, (x) => x < 5);
const QUICK = { image: picture(8), keepMask: LEFT, steps: 4, jumpLength: 1, jumpNSample: 2 };

/** Whether made pixels are the given ones, by what is kept. */
function equalities(made: Picture, given: Picture, keep: Picture): Record<string, number> {
  const count = { kept: 0, keptAsGiven: 0, made: 0, madeAsGiven: 0 };
  keep.data.forEach((white, pixel) => {
    const same = [0, 1, 2].every((c) => made.data[3 * pixel + c] === given.data[3 * pixel + c]);
    if (white === 255) {
      count.kept++;
      count.keptAsGiven += Number(same);
    } else {
      count.made++;
      count.madeAsGiven += Number(same);
    }
  });
  return count;
}

Deno.test("steps are told late where waiting is dear, with the samples that jumps replaced meanwhile", async () => {
  const seen = async (backend: Backend) => {
    await using _owned = backend;
    await using model = await openModel(PIXELS, { backend });
    const steps: Float32Array[] = [];
    await repaint(model, {
      ...{ ...QUICK, seed: 1, scheduler: "ddpm", jumpLength: 2 },
      onStep: async (step) => void steps.push((await step.latents()).data),
    });
    return steps;
  };
  assertEquals(await seen(counting(referenceBackend()).backend), await seen(referenceBackend()));
});

Deno.test("latents: what diffusers' RePaintScheduler makes around the same networks", async () => {
  const golden = JSON.parse(
    await Deno.readTextFile(new URL("goldens/repaint_latents.json", import.meta.url)),
  );
  const { seed, steps, jumpLength, jumpNSample, eta } = golden;
  await using model = await openModel(LATENT, REFERENCE);
  const { latents, tensor } = await repaint(model, {
    ...{ seed, steps, jumpLength, jumpNSample, eta },
    image: picture(16),
    keepMask: mask(16, (x, y) => x < 9 && !(x === 3 && y === 5)),
  });
  const largest = golden.latents.reduce((m: number, x: number) => Math.max(m, Math.abs(x)), 0);
  // The bound of samples in a loop, without the errors that only a longer computation could tell.
  latents.data.forEach((x, at) => assertAlmostEquals(x, golden.latents[at], 2e-5 * largest));
  tensor.data.forEach((x, at) => assertAlmostEquals(x, golden.tensor[at], 1e-4));
  assert(golden.latents.some((x: number) => Math.abs(x) > 2e-5 * largest));
});

Deno.test("pixels: what is kept comes out as it went in, what is not is made", async () => {
  await using model = await openModel(PIXELS, REFERENCE);
  const { images } = await repaint(model, { ...QUICK, seed: 1 });
  const { kept, keptAsGiven, made, madeAsGiven } = equalities(images[0]!, QUICK.image, LEFT);
  assertEquals(keptAsGiven, kept);
  assert(madeAsGiven! < made! / 4, `${madeAsGiven} of ${made} made pixels are the given ones`);
  const { settings } = images[0]!;
  assertEquals(settings.sampler, "RePaintScheduler");
  assertEquals([settings["jump length"], settings["jump samples"]], [1, 2]);
});

Deno.test("what is kept decides nothing but by the network: all kept gives the picture, none a picture of noise", async () => {
  await using model = await openModel(PIXELS, REFERENCE);
  const all = await repaint(model, { ...QUICK, keepMask: mask(8, () => true), seed: 1 });
  assertEquals(all.images[0]!.data, QUICK.image.data);
  const none = await repaint(model, { ...QUICK, keepMask: mask(8, () => false), seed: 1 });
  const other = await repaint(model, {
    ...QUICK,
    image: { ...QUICK.image, data: new Uint8Array(192) },
    keepMask: mask(8, () => false),
    seed: 1,
  });
  assertEquals(none.images[0]!.data, other.images[0]!.data);
});

Deno.test("a model that predicts a variance jumps in DDPM, as the authors' does; the picture is put over it", async () => {
  await using model = await openModel(LEARNED, REFERENCE);
  let plan: Plan | undefined;
  const planned = (made: Plan) => void (plan = made);
  const { images } = await repaint(model, { ...QUICK, seed: 1, onPlan: planned });
  assertEquals(images[0]!.settings.sampler, "DDPMScheduler");
  assert(plan!.rows.some((row) => row.evaluate === undefined));
  const { kept, keptAsGiven } = equalities(images[0]!, QUICK.image, LEFT);
  assertEquals(keptAsGiven, kept);
  const plain = await repaint(model, { ...QUICK, seed: 1, paste: false });
  assertNotEquals(plain.images[0]!.data, images[0]!.data);
  // RePaint's own sampler does without the variance.
  const own = await repaint(model, { ...QUICK, seed: 1, scheduler: "RePaintScheduler" });
  assertEquals(own.images[0]!.settings.sampler, "RePaintScheduler");
});

Deno.test("text: the embedded model fills a hole under a prompt", async () => {
  await using model = await openModel("shapes", REFERENCE);
  const image = picture(16);
  const keepMask = mask(16, (_, y) => y >= 8);
  const quick = { image, keepMask, steps: 2, jumpLength: 1, jumpNSample: 1, seed: 1 };
  const circle = await repaint(model, { ...quick, prompt: "a red circle" });
  const square = await repaint(model, { ...quick, prompt: "a blue square" });
  for (const { images: [made] } of [circle, square]) {
    const { kept, keptAsGiven, madeAsGiven } = equalities(made!, image, keepMask);
    assertEquals(keptAsGiven, kept);
    assert(madeAsGiven! < kept! / 4);
  }
  assertNotEquals(circle.images[0]!.data, square.images[0]!.data);
  assertEquals(circle.images[0]!.settings.prompt, "a red circle");
});

Deno.test("several pictures, masks and counts: pictures in the order 0 0 1 1, seeds one each", async () => {
  await using model = await openModel(PIXELS, REFERENCE);
  const images = [QUICK.image, { ...QUICK.image, data: QUICK.image.data.toReversed() }];
  const masks = [LEFT, mask(8, (x) => x >= 5)];
  const all = await repaint(model, {
    ...QUICK,
    image: images,
    keepMask: masks,
    count: 2,
    seed: [1, 2, 1, 2],
  });
  assertEquals(all.images.length, 4);
  all.images.forEach((made, at) => {
    const given = Math.floor(at / 2);
    const { kept, keptAsGiven } = equalities(made, images[given]!, masks[given]!);
    assertEquals(keptAsGiven, kept);
  });
  const alone = await repaint(model, {
    ...QUICK,
    image: images[1]!,
    keepMask: masks[1]!,
    seed: 2,
  });
  assertEquals(all.images[3]!.data, alone.images[0]!.data);
});

Deno.test("steps and undone steps are reported; an undone one asks nothing of the denoiser", async () => {
  await using model = await openModel(PIXELS, REFERENCE);
  const told: (number | undefined)[] = [];
  await repaint(model, {
    ...QUICK,
    seed: 1,
    async onStep(step) {
      told.push(step.timestep);
      assertEquals((await step.preview())[0]!.width, 8);
      const said = await step.prediction();
      assertEquals(said === undefined, step.timestep === undefined);
    },
  });
  const back = undefined;
  assertEquals(told, [15, 10, back, 10, 5, back, 5, 0, back, 0]);
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
  await using model = await openModel(PIXELS, { backend });
  const { image: _i, keepMask: _k, ...rest } = QUICK;
  const wrong: readonly [Partial<RepaintOptions>, string][] = [
    [{ ...rest } as never, "image"],
    [{ ...rest, image: QUICK.image } as never, "keepMask"],
    [{ ...QUICK, image: [] }, "image"],
    [{ ...QUICK, image: picture(1) }, "multiple"],
    [{ ...QUICK, keepMask: [LEFT, LEFT] }, "2 masks with 1 pictures"],
    [{ ...QUICK, keepMask: hostTensor([1, 1, 8, 8], new Float32Array(64).fill(2)) }, "0 to 1"],
    [{ ...QUICK, width: 9 }, "width"],
    [{ ...QUICK, prompt: "a cat" }, "draws from noise"],
    [{ ...QUICK, classLabels: 1 }, "knows no classes"],
    [{ ...QUICK, eta: -1 }, "eta"],
    [{ ...QUICK, count: 0 }, "count"],
    [{ ...QUICK, seed: [1, 2] }, "seeds"],
    [{ ...QUICK, latents: hostTensor([1], [0]) }, "latents"],
  ];
  for (const [options, part] of wrong) {
    const error = await assertRejects(
      () => repaint(model, options as RepaintOptions),
      SettingsError,
    );
    if (part !== "multiple") assertStringIncludes(error.message, part);
  }
  const samplers: readonly Partial<RepaintOptions>[] = [
    { jumpLength: 0 },
    { jumpNSample: 1.5 },
    { steps: 21 },
    { scheduler: "dpmpp-2m" },
    { scheduler: "ddpm", jumpLength: NaN },
  ];
  for (const options of samplers) {
    await assertRejects(() => repaint(model, { ...QUICK, ...options }), SchedulerError);
  }
  await assertRejects(() => repaint(model, { ...QUICK, signal: AbortSignal.abort("no more") }));
  assertEquals(compiled, 0);
  await using text = await openModel("shapes", { backend });
  await assertRejects(() => repaint(text, { ...QUICK, classLabels: 1 }), SettingsError, "text");
});

Deno.test("an abort between steps frees everything and ends with its reason", async () => {
  await using model = await openModel(PIXELS, REFERENCE);
  const control = new AbortController();
  const reason = new Error("enough");
  const error = await assertRejects(() =>
    repaint(model, {
      ...QUICK,
      signal: control.signal,
      onStep: (step) => {
        if (step.step === 2) control.abort(reason);
      },
    })
  );
  assertEquals(error, reason);
});

Deno.test("latents: the given picture is encoded in tiles, what is made decoded", async () => {
  await using model = await openModel(LATENT, REFERENCE);
  const options = { ...QUICK, image: picture(32), keepMask: mask(32, (x) => x < 20), seed: 0 };
  const whole = await repaint(model, options);
  const tiles = { size: 16, overlap: 8 };
  const tiled = await repaint(model, { ...options, autoencoderTiles: tiles });
  assertEquals([whole.cost!.encoder!.tiles, whole.cost!.decoder!.tiles], [1, 1]);
  assertEquals([tiled.cost!.encoder!.tiles, tiled.cost!.decoder!.tiles], [9, 9]);
  assertNotEquals(tiled.latents.data, whole.latents.data);
});
