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
  type HostTensorOf,
  openModel,
  palette,
  type PaletteOptions,
  type Picture,
  type Plan,
  referenceBackend,
  SettingsError,
} from "../mod.ts";
import { smallModel } from "./small_models.ts";
import { smallPalette } from "./small_palette.ts";

const IMAGE: Picture = {
  width: 8,
  height: 8,
  channels: 3,
  data: Uint8Array.from({ length: 192 }, (_, k) => k * 37 % 256),
};
const MASK: Picture = {
  width: 8,
  height: 8,
  channels: 1,
  data: Uint8Array.from({ length: 64 }, (_, k) => k % 8 < 5 ? 255 : 0),
};

Deno.test("what is kept comes out as it went in; the hole is made of noise", async () => {
  await using backend = referenceBackend();
  const model = smallPalette(backend);
  const { images, tensor } = await palette(model, { image: IMAGE, keepMask: MASK, seed: 1 });
  MASK.data.forEach((white, pixel) => {
    if (white === 0) return;
    for (let c = 0; c < 3; c++) {
      assertEquals(images[0]!.data[3 * pixel + c], IMAGE.data[3 * pixel + c]);
    }
  });
  const again = await palette(model, { image: IMAGE, keepMask: MASK, seed: 1 });
  assertEquals(again.tensor.data, tensor.data);
  const other = await palette(model, { image: IMAGE, keepMask: MASK, seed: 2 });
  assertNotEquals(other.tensor.data, tensor.data);
  // What lies in the hole of the given picture is never seen.
  const blotted = {
    ...IMAGE,
    data: IMAGE.data.map((x, k) => MASK.data[Math.floor(k / 3)] ? x : 7),
  };
  const same = await palette(model, { image: blotted, keepMask: MASK, seed: 1 });
  assertEquals(same.tensor.data, tensor.data);
});

Deno.test("the network sees the given picture first, then the sample, and the share of the picture's variance as its time", async () => {
  const inner = referenceBackend();
  const seen: { sample: Float32Array; time: number }[] = [];
  await using backend: Backend = {
    ...inner,
    async compile(graph, ...rest) {
      const program = await inner.compile(graph, ...rest);
      if (!graph.inputs.some(({ name }) => name === "timestep")) return program;
      return {
        ...program,
        graph,
        run(inputs, into) {
          const given = inputs as Record<string, { read(): Promise<HostTensorOf<"f32">> }>;
          const timestep = inputs.timestep as HostTensorOf<"f32">;
          reads.push(
            given.sample!.read().then(({ data }) => {
              seen.push({ sample: data, time: timestep.data[0]! });
            }),
          );
          return program.run(inputs, into);
        },
        [Symbol.dispose]: () => program[Symbol.dispose](),
      };
    },
  };
  const reads: Promise<void>[] = [];
  let plan: Plan | undefined;
  const noise = hostTensor([1, 3, 8, 8], Float32Array.from({ length: 192 }, (_, k) => 2 + k / 100));
  const first = hostTensor(
    [1, 3, 8, 8],
    Float32Array.from({ length: 192 }, (_, k) => -2 - k / 100),
  );
  await palette(smallPalette(backend), {
    image: IMAGE,
    keepMask: MASK,
    holeNoise: noise,
    latents: first,
    seed: 1,
    onPlan: (made) => void (plan = made),
  });
  await Promise.all(reads);
  assertEquals(seen.length, 4);
  const [{ sample, time }] = seen as [typeof seen[0]];
  const signal = (k: number) =>
    Math.fround(2 * Math.fround(IMAGE.data[3 * (k % 64) + Math.floor(k / 64)]! / 255) - 1);
  for (let k = 0; k < 192; k++) {
    const kept = MASK.data[k % 64] === 255;
    assertEquals(sample[k], kept ? signal(k) : noise.data[k]);
    assertEquals(sample[192 + k], first.data[k]);
  }
  assert(Math.abs(time - plan!.rows[0]!.level.signal ** 2) < 1e-7);
  // After a step the sample is the picture itself where that is kept.
  for (let k = 0; k < 192; k++) {
    if (MASK.data[k % 64] === 255) assertEquals(seen[1]!.sample[192 + k], signal(k));
  }
});

Deno.test("whatever the sampler scales by, the network sees what is kept as it is, and noise of its level", async () => {
  await using backend = referenceBackend();
  const model = smallPalette(backend);
  const signal = (k: number) => 2 * IMAGE.data[3 * (k % 64) + Math.floor(k / 64)]! / 255 - 1;
  for (const scheduler of ["ddim", "euler", "dpm++2m", "heun"]) {
    const spreads: number[] = [];
    const { tensor } = await palette(model, {
      ...{ image: IMAGE, keepMask: MASK, seed: 1, steps: 3, scheduler },
      onStep: async (step) => {
        const { data: sample } = (await step.input())!;
        const made: number[] = [];
        for (let k = 0; k < 192; k++) {
          if (MASK.data[k % 64] === 0) made.push(sample[k]!);
          else assertAlmostEquals(sample[k]!, signal(k), 1e-5, scheduler);
        }
        spreads.push(Math.sqrt(made.reduce((sum, x) => sum + x * x, 0) / made.length));
      },
    });
    assert(Math.abs(spreads[0]! - 1) < 0.2, `${scheduler}: ${spreads}`);
    for (let k = 0; k < 192; k++) {
      if (MASK.data[k % 64] !== 0) {
        assertAlmostEquals(tensor.data[k]!, signal(k) / 2 + 0.5, 1e-6, scheduler);
      }
    }
  }
});

Deno.test("a soft mask mixes the first sample as it mixes what the network sees", async () => {
  await using backend = referenceBackend();
  const noise = hostTensor([1, 3, 8, 8], new Float32Array(192).fill(2));
  const keepMask = hostTensor([1, 1, 8, 8], new Float32Array(64).fill(0.25));
  let first: Float32Array | undefined;
  await palette(smallPalette(backend), {
    ...{ image: IMAGE, keepMask, holeNoise: noise, seed: 1 },
    onStep: async (step) => void (first ??= (await step.input())!.data),
  });
  for (let k = 0; k < 192; k++) {
    const signal = 2 * IMAGE.data[3 * (k % 64) + Math.floor(k / 64)]! / 255 - 1;
    assertAlmostEquals(first![k]!, 0.25 * signal + 0.75 * 2, 1e-5);
  }
});

Deno.test("without a mask the whole picture is made from the given one, a grey one too", async () => {
  await using backend = referenceBackend();
  const model = smallPalette(backend);
  const grey: Picture = { width: 8, height: 8, channels: 1, data: IMAGE.data.slice(0, 64) };
  const { images } = await palette(model, { image: grey, seed: 1 });
  assertEquals(images[0]!.channels, 3);
  const other = await palette(model, { image: IMAGE, seed: 1 });
  assertNotEquals(other.images[0]!.data, images[0]!.data);
});

Deno.test("settings that cannot be used are refused, and models of another class", async () => {
  await using backend = referenceBackend();
  const model = smallPalette(backend);
  const wrong: readonly [Partial<PaletteOptions>, string][] = [
    [{}, "image"],
    [{ image: IMAGE, holeNoise: hostTensor([1], [0]) }, "keepMask"],
    [{ image: IMAGE, keepMask: MASK, holeNoise: hostTensor([1], [0]) }, "latents"],
    [{ image: IMAGE, keepMask: [MASK, MASK] }, "masks"],
    [{ image: IMAGE, width: 7 }, "width"],
    [{ image: IMAGE, count: 1.5 }, "count"],
    [{ image: IMAGE, seed: -2 }, "seed"],
  ];
  for (const [options, part] of wrong) {
    const error = await assertRejects(
      () => palette(model, options as PaletteOptions),
      SettingsError,
    );
    assertStringIncludes(error.message, part);
  }
  const pixels = smallModel({
    className: "DDPMPipeline",
    scheduler: { _class_name: "DDPMScheduler" },
    seed: 0,
  });
  await using another = await openModel(pixels, { backend });
  await assertRejects(() => palette(another, { image: IMAGE }), SettingsError, "PalettePipeline");
});
