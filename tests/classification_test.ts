import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { arrangeScene, drawScene, parseCaption } from "../assets/shapes_world.ts";
import {
  type ClassificationOptions,
  type ClassificationState,
  type Component,
  hasWebgpu,
  hostTensor,
  type HostTensorOf,
  openFiles,
  PictureError,
  pipeline,
  referenceBackend,
  scheduler,
  SettingsError,
  TorchGenerator,
  webgpuBackend,
  winogroundExample,
} from "../mod.ts";
import { tracked } from "./tracked_backend.ts";

const open = () => pipeline("zero-shot-image-classification", "shapes", { backend: "reference" });

function picture(caption: string, size = 32) {
  const data = drawScene(arrangeScene(parseCaption(caption)), size);
  return { width: size, height: size, channels: 3, data } as const;
}

/** A small picture and few timesteps: quick, and no more right than chance. */
const QUICK: ClassificationOptions = {
  image: picture("a red circle"),
  size: 32,
  labels: ["red", "blue", "green", "white", "pink", "gray"],
  template: "a {} circle",
  nSamples: [2, 5],
  toKeep: [3, 1],
  seed: 7,
};

Deno.test("the stages are run as planned, and the label with the lowest error wins", async () => {
  await using classify = await open();
  const steps: string[] = [];
  const result = await classify({
    ...QUICK,
    onStep: ({ step, steps: all, stage, stages, remaining }) => {
      steps.push(`${stage}/${stages} ${all} ${remaining.length}`);
      assert(step > 0 && step <= all);
    },
  });
  // Six prompts at two timesteps, three at the three others.
  assertEquals(result.evaluations, 21);
  assertEquals([...new Set(steps)], ["1/2 21 6", "2/2 21 3"]);
  const full = result.prompts.filter(({ stage }) => stage === 2);
  assertEquals(full.map(({ timesteps }) => timesteps), Array(3).fill([300, 700, 100, 500, 900]));
  assertEquals(
    result.prompts.filter(({ stage }) => stage === 1).map(({ errors }) => errors.length),
    [
      2,
      2,
      2,
    ],
  );
  const mean = (errors: Float32Array) =>
    errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const best = full.toSorted((a, b) => mean(a.errors) - mean(b.errors))[0]!;
  assertEquals(result.label, best.label);
  assertEquals(result.labels[0]!.label, best.label);
  assertEquals(result.labels[0]!.error, mean(best.errors));
  const first = (at: number) => mean(result.prompts[at]!.errors.slice(0, 2));
  const kept = QUICK.labels.map((_, at) => at).toSorted((a, b) => first(a) - first(b)).slice(0, 3);
  assertEquals(
    new Set(kept.map((at) => QUICK.labels[at]!)),
    new Set(full.map(({ label }) => label)),
  );
  assertAlmostEquals(result.labels.reduce((sum, { score }) => sum + score, 0), 1, 1e-9);
});

/** A configuration of the embedded model. */
async function config(path: string): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await openFiles(new URL("../assets/shapes/", import.meta.url)).read(path);
  return JSON.parse(new TextDecoder().decode(bytes));
}

Deno.test("errors are those of the denoiser by hand, whatever the batches", async () => {
  await using classify = await open();
  const { model } = classify;
  const noise = hostTensor([2, 4, 4, 4], new TorchGenerator(3).randn(128));
  const options = { ...QUICK, labels: ["red", "blue"], noise, nSamples: 2, toKeep: 1 } as const;
  const whole = await classify(options);
  for (const other of [{ batchSize: 1 }, { batchSize: 3 }, { memory: 1 }]) {
    const { prompts } = await classify({ ...options, ...other });
    for (const [at, { errors }] of whole.prompts.entries()) {
      for (const [column, error] of errors.entries()) {
        assertAlmostEquals(error, prompts[at]!.errors[column]!, 1e-6);
      }
    }
  }
  const { data } = QUICK.image as ReturnType<typeof picture>;
  const pixels = Float32Array.from(
    { length: 3 * 1024 },
    (_, at) => data[(at % 1024) * 3 + Math.floor(at / 1024)]! / 127.5 - 1,
  );
  const run = async (name: string, ...rest: Parameters<Component["run"]>) =>
    await (await model.component(name)).run(...rest) as Record<string, HostTensorOf<"f32">>;
  const { mean } = await run("vqvae", { x: hostTensor([1, 3, 32, 32], pixels) }, {
    method: "encode",
  });
  const scale = (await config("vqvae/config.json")).scaling_factor as number;
  const { ids } = (await model.tokenizer()).encodePadded("a blue circle", 77);
  const { last_hidden_state: context } = await run("bert", {
    input_ids: { dtype: "i32", shape: [1, 77], data: ids },
  });
  const { noiseSchedule } = scheduler(await config("scheduler/scheduler_config.json"));
  for (const [column, t] of [250, 750].entries()) {
    const alpha = noiseSchedule!.alphasCumprod[t]!;
    const [s, n] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
    const drawn = noise.data.subarray(64 * column, 64 * column + 64);
    const noisy = mean!.data.map((z, at) => s * scale * z + n * drawn[at]!);
    const { sample } = await run("unet", {
      sample: hostTensor([1, 4, 4, 4], noisy),
      timestep: hostTensor([1], [t]),
      encoder_hidden_states: context!,
    });
    // It predicts the velocity, which implies the noise.
    const sum = sample!.data.reduce(
      (total, v, at) => total + (drawn[at]! - (s * v + n * noisy[at]!)) ** 2,
      0,
    );
    assertEquals(whole.prompts[1]!.timesteps[column], t);
    assertAlmostEquals(whole.prompts[1]!.errors[column]!, sum / 64, 1e-5);
  }
});

Deno.test("work that was broken off goes on from its state, with the same result", async () => {
  await using classify = await open();
  const whole = await classify({ ...QUICK, batchSize: 2 });
  for (const after of [1, 6, 8]) {
    const controller = new AbortController();
    let stored = "";
    let batches = 0;
    await assertRejects(
      () =>
        classify({
          ...QUICK,
          seed: 7,
          batchSize: 2,
          signal: controller.signal,
          onStep: ({ state }) => {
            if (++batches !== after) return;
            stored = JSON.stringify(state());
            controller.abort(new Error("enough"));
          },
        }),
      Error,
      "enough",
    );
    let first = Infinity;
    const resumed = await classify({
      ...QUICK,
      seed: -1, // the state has it
      batchSize: 2,
      resume: JSON.parse(stored) as ClassificationState,
      onStep: ({ step }) => void (first = Math.min(first, step)),
    });
    assert(first > 2 * after, `${first} after ${after} batches of two`);
    assertEquals(resumed, whole);
  }
});

Deno.test("a state of something else, or a damaged one, is refused", async () => {
  await using classify = await open();
  let state: ClassificationState | undefined;
  await classify({ ...QUICK, onStep: (event) => void (state ??= event.state()) });
  const resume = state!;
  for (
    const changed of [
      { image: picture("a blue circle") },
      { labels: [...QUICK.labels].reverse() },
      { template: "a {} star" },
      { loss: "l1" },
      { trials: 2 },
      { nSamples: [2, 6] },
      { seed: 8 },
      { resume: { ...resume, seed: 8 } },
      { resume: { ...resume, errors: resume.errors.slice(1) } },
      { resume: { ...resume, errors: resume.errors.map((row) => row.map(() => "x")) } },
      { resume: { ...resume, errors: null } },
      { resume: null },
    ]
  ) {
    await assertRejects(
      () => classify({ ...QUICK, seed: 7, resume, ...changed } as ClassificationOptions),
      SettingsError,
      "Cannot resume",
    );
  }
});

Deno.test("several prompts a label, trials, losses and Winoground", async () => {
  await using classify = await open();
  const result = await classify({
    ...QUICK,
    labels: ["red", "blue"],
    template: ["a {} circle", "a small {} circle"],
    nSamples: 1,
    toKeep: 1,
    trials: 3,
    loss: "huber",
  });
  assertEquals(result.prompts.map(({ prompt, label }) => [prompt, label]), [
    ["a red circle", "red"],
    ["a small red circle", "red"],
    ["a blue circle", "blue"],
    ["a small blue circle", "blue"],
  ]);
  assertEquals(result.prompts[0]!.timesteps, [500, 500, 500]);
  assertEquals(new Set(result.prompts[0]!.errors).size, 3);
  assertEquals(result.evaluations, 12);
  const images = [picture("a red circle"), picture("a blue circle")] as const;
  const captions = ["a red circle", "a blue circle"] as const;
  const example = await winogroundExample(classify, {
    images,
    captions,
    size: 32,
    seed: 1,
    nSamples: 2,
    references: [""],
  });
  assertEquals(example.evaluations, 12);
  assertEquals(example.scores.map((row) => row.length), [2, 2, 2]);
  assert(example.scores.flat().every((score) => score < 0));
});

Deno.test("nothing is computed with settings that cannot be used", async () => {
  await using classify = await open();
  for (
    const [wrong, message] of [
      [{ labels: [] }, "labels"],
      [{ labels: ["red", "red"] }, "twice"],
      [{ labels: "red" }, "labels"],
      [{ template: "a circle" }, "{}"],
      [{ template: [] }, "{}"],
      [{ template: undefined, prompts: ["a"] }, "6 labels"],
      [{ prompts: QUICK.labels }, "template"],
      [{ template: undefined, prompts: QUICK.labels.map(() => []) }, "prompts of"],
      [{ preset: "mnist" }, "preset"],
      [{ toKeep: undefined }, "nSamples alone"],
      [{ nSamples: [5], toKeep: [3, 1] }, "one number a stage"],
      [{ nSamples: 1001, toKeep: 1 }, "training timesteps"],
      [{ loss: "l3" }, "loss"],
      [{ trials: 0 }, "trials"],
      [{ seed: 1.5 }, "seed"],
      [{ temperature: 0 }, "temperature"],
      [{ batchSize: 0 }, "batchSize"],
      [{ memory: 0 }, "memory"],
      [{ size: 33 }, "size"],
      [{ scheduler: "edm-euler" }, "noise schedule"],
      [{ noise: hostTensor([4, 4, 4, 4], new Float32Array(256)) }, "at least 5"],
      [{ trials: 1000, nSamples: 1000, toKeep: 1, size: 128 }, "more than can be kept"],
    ] as const
  ) {
    const options = Object.fromEntries(
      Object.entries({ ...QUICK, ...wrong }).filter(([, value]) => value !== undefined),
    );
    await assertRejects(
      () => classify(options as unknown as ClassificationOptions),
      SettingsError,
      message,
    );
  }
  await assertRejects(
    () => classify({ ...QUICK, image: { ...picture("a red circle"), height: 31 } }),
    PictureError,
  );
  await assertRejects(
    () => classify({ ...QUICK, signal: AbortSignal.abort(new Error("no")) }),
    Error,
    "no",
  );
});

Deno.test({
  name: "on WebGPU errors are read once a batch, and nothing else waits",
  ignore: !await hasWebgpu(),
  async fn() {
    await using backend = await webgpuBackend();
    await using classify = await pipeline("zero-shot-image-classification", "shapes", { backend });
    await using reference = await open();
    const options = { ...QUICK, batchSize: 4 };
    const [found, expected] = [await classify(options), await reference(options)];
    for (const [at, { errors }] of found.prompts.entries()) {
      for (const [column, error] of errors.entries()) {
        assertAlmostEquals(error, expected.prompts[at]!.errors[column]!, 1e-4);
      }
    }
    let batches = 0;
    const before = backend.waits;
    await classify({ ...options, onStep: () => void batches++ });
    assertEquals(backend.waits - before, batches);
    assertEquals(batches, 7); // twelve evaluations and nine: three at a time leave no row empty
  },
});

Deno.test("a call that fails anywhere leaves nothing on the device", async () => {
  const calls = async (failing?: number) => {
    const { backend, alive, calls } = tracked(referenceBackend(), failing);
    {
      await using _owned = backend;
      await using classify = await pipeline("zero-shot-image-classification", "shapes", {
        backend,
      });
      await classify({ ...QUICK, size: 16 }).catch(() => {});
    }
    assertEquals([failing, alive()], [failing, 0]);
    return calls();
  };
  // Around the first evaluations, when all is compiled.
  const whole = await calls();
  for (let at = 0; at < Math.min(whole, 24); at++) await calls(at);
});
