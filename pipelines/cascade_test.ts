import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { hostTensor } from "../graph/tensor_spec.ts";
import { smallTextUpscaler } from "../tests/small_text_upscaler.ts";
import { cascade, type CascadeBaseOptions, type DrawnPictures } from "./cascade.ts";
import { SettingsError } from "./settings.ts";
import { superResolution } from "./super_resolution.ts";
import type { SuperResolution, SuperResolutionOptions } from "./super_resolution_options.ts";

/** A base that draws grey pictures, and remembers what it was asked. */
function greyBase() {
  const asked: CascadeBaseOptions[] = [];
  const base = (options: CascadeBaseOptions): Promise<DrawnPictures> => {
    asked.push(options);
    const n = (options.count ?? 1) *
      (typeof options.prompt === "object" ? options.prompt.length : 1);
    const tensor = hostTensor([n, 3, 6, 8], new Float32Array(n * 144).fill(0.5));
    return Promise.resolve({ images: [], tensor, seed: options.seed as number });
  };
  return { base, asked };
}

/** A stage that only remembers what it was asked, or refuses it. */
function noteStage(readsText: boolean, refuses = false) {
  const asked: SuperResolutionOptions[] = [];
  const stage = (options: SuperResolutionOptions) => {
    asked.push(options);
    return Promise.resolve({ images: [], tensor: options.image, seed: options.seed });
  };
  const upscale = Object.assign(stage, {
    readsText,
    isToldNoise: readsText,
    check: () =>
      refuses ? Promise.reject(new SettingsError("Cannot use this")) : Promise.resolve({}),
  }) as unknown as SuperResolution;
  return { upscale, asked };
}

Deno.test("what the base draws is enlarged by each stage, unrounded", async () => {
  await using upscale = await superResolution(smallTextUpscaler(), { backend: "reference" });
  const { base, asked } = greyBase();
  const draw = cascade(base, [
    { upscale, options: { steps: 1 } },
    { upscale, options: { steps: 1, noiseLevel: 3 } },
  ]);
  const { tensor, images, stages, seed } = await draw({ prompt: "a cat", seed: 4 });
  assertEquals(tensor.shape, [1, 3, 24, 32]);
  assertEquals(stages.map(({ tensor }) => tensor.shape.at(-1)), [8, 16, 32]);
  assertEquals(seed, 4);
  assertEquals(asked[0]!.seed, 4);
  assertEquals(images[0]!.settings.prompt, "a cat");
  assertEquals([images[0]!.settings.seed, images[0]!.settings["noise level"]], [6, 3]);
  const again = await draw({ prompt: "a cat", seed: 4 });
  assertEquals(again.tensor.data, tensor.data);
  const other = await draw({ prompt: "a dog", seed: 4 });
  assert(other.tensor.data.some((x, at) => x !== tensor.data[at]));
});

Deno.test("stages get the base's texts, seeds of their own, and noise on what they enlarge", async () => {
  const { base } = greyBase();
  const [plain, text] = [noteStage(false), noteStage(true)];
  const draw = cascade(base, [
    { upscale: plain.upscale },
    { upscale: text.upscale, options: { steps: 7 } },
  ]);
  await draw({ prompt: ["a", "b"], negativePrompt: "c", count: 2, seed: [1, 2, 3, 4] });
  const [first, second] = [plain.asked[0]!, text.asked[0]!];
  assertEquals([first.augmentation, first.prompt, first.seed], [0.1, undefined, [2, 3, 4, 5]]);
  assertEquals([second.augmentation, second.steps, second.seed], [undefined, 7, [3, 4, 5, 6]]);
  assertEquals(second.prompt, ["a", "a", "b", "b"]);
  assertEquals(second.negativePrompt, "c");
  const unseeded = await draw({ prompt: "a" });
  assertNotEquals(unseeded.seed, (await draw({ prompt: "a" })).seed);
});

Deno.test("a stage may have texts and seeds of its own, for whatever the base makes pictures of", async () => {
  await using upscale = await superResolution(smallTextUpscaler(), { backend: "reference" });
  const tensor = hostTensor([2, 3, 6, 8], new Float32Array(288).fill(0.5));
  const base = (options: CascadeBaseOptions): Promise<DrawnPictures> =>
    Promise.resolve({ images: [], tensor, seed: options.seed as number });
  const draw = (options: SuperResolutionOptions | object) =>
    cascade(base, [{ upscale, options: { steps: 1, ...options } }]);
  const { stages } = await draw({ seed: [1, 2], prompt: ["a", "b"] })({ classLabels: [3, 4] });
  assertEquals(stages[1]!.images.map(({ settings }) => settings.prompt), ["a", "b"]);
  const image = hostTensor([2, 3, 4, 4], new Float32Array(96));
  const one = await draw({ seed: [1, 2] })({ image, prompt: ["c"] });
  assertEquals(one.images.map(({ settings }) => settings.prompt), ["c", "c"]);
});

Deno.test("nothing is drawn for a stage that cannot be run", async () => {
  const { base, asked } = greyBase();
  const draw = cascade(base, [noteStage(false), noteStage(true, true)]);
  await assertRejects(() => draw({ prompt: "a", seed: 1 }), SettingsError, "Cannot use this");
  assertEquals(asked, []);
  assertThrows(() => cascade(base, []), SettingsError, "without a stage");
});
