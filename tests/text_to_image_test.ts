import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { decodePicture } from "../formats/images/mod.ts";
import { readPngText } from "../formats/images/png_text.ts";
import { readSettings } from "../formats/images/infotext.ts";
import {
  type Backend,
  DisposedError,
  hostTensor,
  memoryFiles,
  ModelError,
  NonFiniteError,
  onnxruntimeBackend,
  openFiles,
  openModel,
  pipeline,
  type Plan,
  type Program,
  referenceBackend,
  SafetensorsError,
  scheduler,
  SchedulerError,
  SettingsError,
  type StepEvent,
  type TextToImageOptions,
  WeightsError,
} from "../mod.ts";
import { guidedRows } from "../pipelines/text_settings.ts";
import { counting } from "./counting_backend.ts";

const REFERENCE = { backend: "reference" } as const;

/** Two quick steps at a size that the model can still do. */
const QUICK = { prompt: "a red circle", seed: 1, steps: 2, width: 32, height: 32 } as const;

/** The embedded model's files in memory, some of them replaced. */
async function shapesWith(changes: Readonly<Record<string, Uint8Array | string | null>>) {
  const files = openFiles(new URL("../assets/shapes/", import.meta.url));
  const contents = new Map<string, Uint8Array | string>();
  for (
    const path of [
      "model_index.json",
      "bert/config.json",
      "bert/model.safetensors",
      "scheduler/scheduler_config.json",
      "tokenizer/tokenizer.json",
      "tokenizer/tokenizer_config.json",
      "unet/config.json",
      "unet/diffusion_pytorch_model.safetensors",
      "vqvae/config.json",
      "vqvae/diffusion_pytorch_model.safetensors",
    ]
  ) {
    const change = changes[path];
    if (change !== null) contents.set(path, change ?? await files.read(path));
  }
  return memoryFiles(contents, "a copy of shapes");
}

async function edited(
  path: string,
  edit: (json: Record<string, unknown>) => void,
): Promise<string> {
  const files = openFiles(new URL("../assets/shapes/", import.meta.url));
  const json = JSON.parse(new TextDecoder().decode(await files.read(path)));
  edit(json);
  return JSON.stringify(json);
}

Deno.test("a seed gives the same picture twice, in any batch, and another seed another one", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const one = await generate(QUICK);
  const again = await generate(QUICK);
  assertEquals(one.tensor.data, again.tensor.data);
  assertEquals(one.seed, 1);
  const both = await generate({ ...QUICK, count: 2, seed: [5, 1] });
  assertEquals(both.images.length, 2);
  assertEquals(both.images[1]!.data, one.images[0]!.data);
  const other = await generate({ ...QUICK, seed: 2 });
  assert(other.tensor.data.some((x, at) => x !== one.tensor.data[at]));
});

Deno.test("the prompt, the negative prompt and guidance each change the picture", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const base = await generate(QUICK);
  for (
    const change of [
      { prompt: "a blue star" },
      { negativePrompt: "a green background" },
      { guidanceScale: 6 },
      { guidanceScale: 1 },
      { guidanceRescale: 0.7 },
      { scheduler: "euler" },
      { eta: 1 },
    ] satisfies Partial<TextToImageOptions>[]
  ) {
    const changed = await generate({ ...QUICK, ...change });
    assert(changed.tensor.data.some((x, at) => x !== base.tensor.data[at]), JSON.stringify(change));
  }
});

Deno.test("timesteps and sigmas may be given, and the plan is told before sampling", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const { steps: _, ...request } = QUICK;
  const evaluated: (number | undefined)[] = [];
  const plans: Plan[] = [];
  const { images } = await generate({
    ...request,
    scheduler: "euler",
    timesteps: [900, 500, 100],
    onPlan: (plan) => plans.push(plan),
    onStep: ({ timestep }) => void evaluated.push(timestep),
  });
  assertEquals(evaluated, [900, 500, 100]);
  assertEquals(plans[0]!.rows.length, 3);
  assertEquals(images[0]!.settings.steps, 3);
  const some = await generate({ ...request, scheduler: "euler", sigmas: [20, 3, 0.5] });
  assert(some.tensor.data.every(Number.isFinite));
  await assertRejects(
    () => generate({ ...QUICK, scheduler: "euler", timesteps: [900, 100] }),
    SettingsError,
    "steps together with timesteps",
  );
  await assertRejects(
    () => generate({ ...request, scheduler: "euler", timesteps: [100, 900] }),
    SchedulerError,
  );
});

Deno.test("latents that are given take the place of the seed's", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const latents = hostTensor([1, 4, 4, 4], new Float32Array(64).map((_, at) => Math.sin(at)));
  const one = await generate({ ...QUICK, latents, seed: 1 });
  const two = await generate({ ...QUICK, latents, seed: 2 });
  assertEquals(one.tensor.data, two.tensor.data);
});

Deno.test("a picture's file holds the settings that made it", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const { images } = await generate({
    ...QUICK,
    prompt: 'a red circle, "quoted"\nNegative prompt: no',
  });
  const png = await images[0]!.encode();
  const settings = readSettings(await readPngText(png))!;
  assertEquals(settings.prompt, 'a red circle, "quoted"\nNegative prompt: no');
  assertEquals(settings.seed, 1);
  assertEquals(settings.steps, 2);
  assertEquals([settings.width, settings.height], [32, 32]);
  const picture = await decodePicture(png);
  assertEquals([picture.width, picture.height], [32, 32]);
});

Deno.test("a listener hears each step in order, with a preview, and an abort ends the work", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const steps: number[] = [];
  await generate({
    ...QUICK,
    steps: 3,
    onStep: async ({ step, steps: all, timestep, preview, latents }) => {
      steps.push(step);
      assertEquals(all, 3);
      assert(timestep !== undefined);
      assertEquals((await latents()).shape, [1, 4, 4, 4]);
      const [picture] = await preview();
      assertEquals(picture!.width, 32);
    },
  });
  assertEquals(steps, [1, 2, 3]);
  const controller = new AbortController();
  let heard = 0;
  const error = await assertRejects(() =>
    generate({
      ...QUICK,
      steps: 50,
      signal: controller.signal,
      onStep: () => {
        heard++;
        controller.abort(new Error("enough"));
      },
    })
  );
  assertStringIncludes(String(error), "enough");
  assertEquals(heard, 1);
});

for (const inner of [referenceBackend(), onnxruntimeBackend()]) {
  Deno.test(`on ${inner.name} no step is begun after an abort`, async () => {
    let evaluations = 0;
    await using backend: Backend = {
      ...inner,
      async compile(graph, ...rest) {
        const program = await inner.compile(graph, ...rest);
        if (!graph.inputs.some(({ name }) => name === "timestep")) return program;
        const run: Program["run"] = (...given) => {
          evaluations++;
          return program.run(...given);
        };
        return { graph, run, [Symbol.dispose]: () => program[Symbol.dispose]() };
      },
    };
    await using generate = await pipeline("text-to-image", "shapes", { backend });
    const controller = new AbortController();
    const { signal } = controller;
    const onStep = ({ step }: StepEvent) => {
      if (step === 5) controller.abort(new Error("enough"));
    };
    await assertRejects(() => generate({ ...QUICK, steps: 50, signal, onStep }), Error, "enough");
    assertEquals(evaluations, 5);
  });
}

Deno.test("with nobody listening the loop waits once a picture, whatever the scheduler", async () => {
  for (const scheduler of ["ddim", "plms", "euler-a", "dpmpp-2m-karras", "heun"]) {
    const { backend, waits } = counting(referenceBackend());
    await using generate = await pipeline("text-to-image", "shapes", { backend });
    await generate({ ...QUICK, steps: 3, scheduler });
    assertEquals(waits(), 1, scheduler);
  }
});

Deno.test("an empty prompt draws, a long one is cut with a warning", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const { images } = await generate({ ...QUICK, prompt: "" });
  assertEquals(images.length, 1);
  const warnings: string[] = [];
  const long = Array(60).fill("red circle").join(" ");
  const cut = await generate({ ...QUICK, prompt: long, onWarning: (text) => warnings.push(text) });
  assertEquals(warnings.length, 1);
  assertStringIncludes(warnings[0]!, "75 tokens");
  // What does not fit changes nothing.
  const longer = await generate({ ...QUICK, prompt: `${long} blue star` });
  assertEquals(longer.tensor.data, cut.tensor.data);
});

Deno.test("guidance acts in its interval only", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const draw = async (change: Partial<TextToImageOptions>) =>
    (await generate({ ...QUICK, steps: 4, ...change })).tensor.data;
  const guided = await draw({ guidanceScale: 5 });
  assertEquals(await draw({ guidanceScale: 5, guidanceInterval: [0, 1] }), guided);
  const plain = await draw({ guidanceScale: 1 });
  assertEquals(await draw({ guidanceScale: 5, guidanceInterval: [0.5, 0.5] }), plain);
  const first = await draw({ guidanceScale: 5, guidanceInterval: [0, 0.5] });
  const last = await draw({ guidanceScale: 5, guidanceInterval: [0.5, 1] });
  for (const [a, b] of [[first, guided], [first, plain], [last, guided], [last, first]] as const) {
    assertNotEquals(a, b);
  }
  const noted = await generate({ ...QUICK, guidanceScale: 5, guidanceInterval: [0, 0.5] });
  assertEquals(noted.images[0]!.settings["guidance interval"], "0 to 0.5");
});

Deno.test("a share of the steps is as many of them", async () => {
  const plan = scheduler("ddim").plan(50);
  for (let row = 0; row <= 50; row++) {
    const guides = guidedRows([0, Number((row / 50).toFixed(2))], plan);
    const guided = plan.rows.filter((_, at) => guides?.(at) ?? true).length;
    assertEquals(guided, row);
  }
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const prompt = ["a red circle", "a blue ring"];
  const one = await generate({ ...QUICK, steps: 1, prompt, negativePrompt: ["a tree"] });
  const same = await generate({ ...QUICK, steps: 1, prompt, negativePrompt: "a tree" });
  assertEquals(one.tensor.data, same.tensor.data);
});

Deno.test("a disposed model says so", async () => {
  const generate = await pipeline("text-to-image", "shapes", REFERENCE);
  await generate[Symbol.asyncDispose]();
  await assertRejects(() => generate({ ...QUICK }), DisposedError, "disposed");
  const model = await openModel("shapes", REFERENCE);
  await model[Symbol.asyncDispose]();
  await assertRejects(() => model.component("unet"), DisposedError, "the model is disposed");
});

Deno.test("many sizes may be run at once", async () => {
  await using model = await openModel("shapes", REFERENCE);
  const vae = await model.component("vqvae");
  const runs = Array.from(
    { length: 10 },
    (_, at) =>
      vae.run({ z: hostTensor([1, 4, 1, 1 + at], new Float32Array(4 * (1 + at))) }, {
        method: "decode",
      }),
  );
  const widths = (await Promise.all(runs)).map(({ sample }) => sample!.shape[3]);
  assertEquals(widths, runs.map((_, at) => 8 * (1 + at)));
});

Deno.test("settings that cannot be used are refused before anything is computed", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const refused: readonly [
    change: Partial<TextToImageOptions>,
    error: new (...given: never[]) => Error,
    says: string,
  ][] = [
    [{ width: 100 }, SettingsError, "multiple of 8; 96 and 104 are"],
    [{ height: 0 }, SettingsError, "height 0"],
    [{ seed: 1.5 }, SettingsError, "seed 1.5"],
    [{ seed: 2 ** 53 }, SettingsError, "seed 9007199254740992"],
    [{ seed: -2 }, SettingsError, "seed -2"],
    [{ seed: NaN }, SettingsError, "seed NaN"],
    [{ seed: [1, 2] }, SettingsError, "2 seeds for 1 pictures"],
    [{ prompt: [] }, SettingsError, "without a prompt"],
    [{ negativePrompt: ["a", "b"] }, SettingsError, "2 negative prompts"],
    [{ negativePrompt: [3] as unknown as string[] }, SettingsError, "negative prompt"],
    [{ count: 0 }, SettingsError, "count 0"],
    [{ guidanceScale: Infinity }, SettingsError, "guidanceScale Infinity"],
    [{ guidanceRescale: 2 }, SettingsError, "guidanceRescale 2"],
    [{ guidanceInterval: [0.5, 0.2] }, SettingsError, "0.5 to 0.2"],
    [{ guidanceInterval: [0, 1.1] }, SettingsError, "two shares of the steps"],
    [{ guidanceInterval: [NaN, 1] }, SettingsError, "two shares of the steps"],
    [{ clipSkip: 1 }, SettingsError, "clipSkip 1"],
    [{ eta: 2 }, SettingsError, "eta 2"],
    [{ steps: 0 }, SchedulerError, "steps"],
    [{ steps: -3 }, SchedulerError, "steps"],
    [{ steps: 2.5 }, SchedulerError, "steps"],
    [{ steps: 1001 }, SchedulerError, "steps"],
    [{ scheduler: "dijkstra" }, SchedulerError, "dijkstra"],
    [{ scheduler: { _class_name: "NoScheduler" } }, SchedulerError, "NoScheduler"],
    [{ latents: hostTensor([1, 4, 4, 5], new Float32Array(80)) }, SettingsError, "f32[1, 4, 4, 4]"],
    [
      { latents: hostTensor([1, 4, 4, 4], new Float32Array(64).fill(NaN)) },
      NonFiniteError,
      "latents",
    ],
  ];
  for (const [change, error, says] of refused) {
    await assertRejects(() => generate({ ...QUICK, ...change }), error as new () => Error, says);
  }
});

Deno.test("-1 and nothing draw a seed and say which", async () => {
  await using generate = await pipeline("text-to-image", "shapes", REFERENCE);
  const drawn = await generate({ ...QUICK, seed: -1 });
  assert(Number.isSafeInteger(drawn.seed) && drawn.seed >= 0);
  const again = await generate({ ...QUICK, seed: drawn.seed });
  assertEquals(again.tensor.data, drawn.tensor.data);
});

Deno.test("models that are not whole are refused, naming what is wrong", async () => {
  const weights = "unet/diffusion_pytorch_model.safetensors";
  const bytes = await openFiles(new URL("../assets/shapes/", import.meta.url)).read(weights);
  const open = async (changes: Parameters<typeof shapesWith>[0]) => {
    await using generate = await pipeline("text-to-image", await shapesWith(changes), REFERENCE);
    await generate(QUICK);
  };
  await assertRejects(() => open({ "model_index.json": null }), ModelError, "model_index.json");
  await assertRejects(() => open({ "vqvae/config.json": null }), ModelError, "vqvae");
  await assertRejects(() => open({ [weights]: null }), ModelError, "unet");
  await assertRejects(() => open({ "tokenizer/tokenizer.json": null }), ModelError, "tokenizer");
  await assertRejects(
    () => open({ [weights]: bytes.slice(0, bytes.length - 1) }),
    SafetensorsError,
  );
  await assertRejects(() => open({ [weights]: bytes.slice(0, 1000) }), SafetensorsError);
  await assertRejects(
    async () =>
      open({
        "unet/config.json": await edited(
          "unet/config.json",
          (json) => json.block_out_channels = [32, 64, 64],
        ),
      }),
    WeightsError,
    "down_blocks.2.resnets.0.conv1.weight",
  );
  await assertRejects(
    async () =>
      open({
        "unet/config.json": await edited("unet/config.json", (json) => json.in_channels = 9),
      }),
    ModelError,
    "takes 9 channels",
  );
  await assertRejects(
    async () =>
      open({
        "unet/config.json": await edited("unet/config.json", (json) => json.wavelets = true),
      }),
    ModelError,
    "wavelets",
  );
  await assertRejects(
    async () =>
      open({
        "model_index.json": await edited(
          "model_index.json",
          (json) => json._class_name = "Dreamer",
        ),
      }),
    ModelError,
    "Dreamer",
  );
  await assertRejects(
    async () =>
      open({
        "scheduler/scheduler_config.json": await edited(
          "scheduler/scheduler_config.json",
          (json) => json.beta_schedule = "steep",
        ),
      }),
    SchedulerError,
    "steep",
  );
  await assertRejects(
    () => pipeline("text-to-image", "/nowhere/at/all"),
    ModelError,
    "model_index.json",
  );
  await assertRejects(
    () => pipeline("painting" as "text-to-image", "shapes"),
    SettingsError,
    "painting",
  );
});

Deno.test("numbers that are not finite are an error, never a black picture", async () => {
  const inner = referenceBackend();
  const backend: Backend = {
    ...inner,
    async load(source, options) {
      return await inner.load({
        ...source,
        // As if the last layer of the decoder had overflowed.
        read: async (name, rows) => {
          const data = await source.read(name, rows);
          return name === "decoder.conv_out.bias" ? data.fill(Infinity) : data;
        },
      }, options);
    },
  };
  await using generate = await pipeline("text-to-image", "shapes", { backend });
  await assertRejects(() => generate(QUICK), NonFiniteError, "the decoded picture");
});
