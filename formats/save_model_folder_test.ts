import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { tensorSource, tinyCheckpoint, tinyStage } from "../tests/originals/tiny_checkpoint.ts";
import { type FileSource, memoryFiles } from "./file_source.ts";
import { ModelError } from "./model_error.ts";
import { type ModelFolder, openComponent, openModelFolder } from "./model_folder.ts";
import { openOriginal } from "./originals/open_original.ts";
import { originalFolder } from "./originals/original_folder.ts";
import { openSafetensors } from "./safetensors.ts";
import { saveModelFolder, type SaveModelOptions } from "./save_model_folder.ts";
import { joinBytes } from "./torch/testing/write_zip.ts";
import { writeSafetensors } from "./write_safetensors.ts";

const VOCABULARY = memoryFiles(
  new Map([["vocab.json", '{"a":0}'], ["merges.txt", "#version: 0.2\n"], ["evil.py", "print()"]]),
  "words",
);

/** All files in memory. */
async function saved(
  folder: ModelFolder,
  options: Partial<SaveModelOptions> = {},
): Promise<{ readonly files: FileSource; readonly paths: string[]; readonly warnings: string }> {
  const { files, warnings } = await saveModelFolder(folder, { dtype: "F32", ...options });
  const contents = new Map<string, Uint8Array>();
  for await (const [path, content] of files) {
    const parts = content instanceof Uint8Array ? [content] : await Array.fromAsync(content);
    contents.set(path, joinBytes(parts));
  }
  const paths = [...contents.keys()].sort();
  return { files: memoryFiles(contents, "out"), paths, warnings: warnings.join("\n") };
}

async function json(files: FileSource, path: string): Promise<Record<string, unknown>> {
  return JSON.parse(new TextDecoder().decode(await files.read(path)));
}

async function tinyFolder(tokenizer?: FileSource): Promise<ModelFolder> {
  const model = await openOriginal(tensorSource(await tinyCheckpoint("clip")));
  return originalFolder(model, { tokenizer });
}

Deno.test("a checkpoint becomes the folder that diffusers would have saved", async () => {
  const folder = await tinyFolder(VOCABULARY);
  const { files, paths, warnings } = await saved(folder);
  assertEquals(warnings, "");
  assertEquals(paths, [
    "model_index.json",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "tokenizer/merges.txt",
    "tokenizer/vocab.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
  ]);
  const { _diffusers_version: version, ...index } = await json(files, "model_index.json");
  assert(/^\d+\.\d+\.\d+$/.test(String(version)));
  assertEquals(index, {
    _class_name: "StableDiffusionPipeline",
    feature_extractor: [null, null],
    requires_safety_checker: false,
    safety_checker: [null, null],
    scheduler: ["diffusers", "DDIMScheduler"],
    text_encoder: ["transformers", "CLIPTextModel"],
    tokenizer: ["transformers", "CLIPTokenizer"],
    unet: ["diffusers", "UNet2DConditionModel"],
    vae: ["diffusers", "AutoencoderKL"],
  });
  const text = await json(files, "text_encoder/config.json");
  assertEquals(text.architectures, ["CLIPTextModel"]);
  assertEquals(text.model_type, "clip_text_model");
  assertEquals(text.torch_dtype, "float32");
  const unet = await json(files, "unet/config.json");
  assertEquals([unet._class_name, unet.torch_dtype], ["UNet2DConditionModel", undefined]);
  // It opens, and all weights are those of the checkpoint.
  const opened = await openModelFolder(files);
  for (const name of ["unet", "vae", "text_encoder"]) {
    const [before, after] = await Promise.all([
      folder.component(name).openWeights(),
      opened.component(name).openWeights(),
    ]);
    assertEquals([...after.tensors.keys()].sort(), [...before.tensors.keys()].sort());
    for (const tensor of before.tensors.keys()) {
      assertEquals(await after.read(tensor), await before.read(tensor), tensor);
    }
    assertEquals(after.metadata?.get("format"), "pt");
  }
});

Deno.test("halves are stored and recorded as such", async () => {
  const { files } = await saved(await tinyFolder(VOCABULARY), { dtype: "F16" });
  assertEquals((await json(files, "text_encoder/config.json")).torch_dtype, "float16");
  const { tensors } = await openSafetensors(files, "vae/diffusion_pytorch_model.safetensors");
  assertEquals(new Set([...tensors.values()].map(({ stored }) => stored)), new Set(["F16"]));
});

Deno.test("without a tokenizer the index names it, and a warning says what is missing", async () => {
  const { files, paths, warnings } = await saved(await tinyFolder());
  assertStringIncludes(warnings, "it needs one in tokenizer/, the files of a CLIPTokenizer");
  assert(!paths.some((path) => path.startsWith("tokenizer/")));
  const index = await json(files, "model_index.json");
  assertEquals(index.tokenizer, ["transformers", "CLIPTokenizer"]);
  await assertRejects(() => openModelFolder(files), ModelError, "tokenizer");
});

Deno.test("a file of one network becomes that network's folder", async () => {
  const model = await openOriginal(tensorSource(await tinyStage()));
  const { files, paths } = await saved(originalFolder(model));
  assertEquals(paths, ["config.json", "diffusion_pytorch_model.safetensors"]);
  assertEquals((await openComponent(files)).className, "AutoencoderKL");
});

/** A folder with old names, in pickles' stead a file of our own. */
function oldFolder(more: Readonly<Record<string, string>> = {}): FileSource {
  const weights = writeSafetensors({
    "mid_block.attentions.0.query.weight": { dtype: "F32", shape: [1], data: Float32Array.of(7) },
    "position_ids": { dtype: "I64", shape: [1], data: BigInt64Array.of(0n) },
  });
  return memoryFiles(
    new Map<string, string | Uint8Array>(Object.entries({
      "model_index.json": `{ "_class_name": "LDMPipeline", "_diffusers_version": "0.1.0",
        "vqvae": ["diffusers", "VQModel"], "unet": ["diffusers", "UNet2DModel"],
        "scheduler": ["diffusers", "DDIMScheduler"], "other": 3 }`,
      "vqvae/config.json": `{ "_class_name": "VQModel", "sample_size": 4 }`,
      "vqvae/diffusion_pytorch_model.safetensors": weights,
      "unet/config.json": `{ "_class_name": "UNet2DModel", "num_attention_heads": null }`,
      "unet/diffusion_pytorch_model.safetensors": weights,
      "scheduler/scheduler_config.json": `{ "_class_name": "PNDMScheduler",
        "lambda_min_clipped": -Infinity, "beta_end": 1.0, "trained_betas": [1e-05, 2] }`,
      ...more,
    })),
    "old",
  );
}

Deno.test("a folder keeps its settings, and gets the current names", async () => {
  const { files, warnings } = await saved(await openModelFolder(oldFolder()));
  assertEquals(warnings, "");
  const { other, safety_checker } = await json(files, "model_index.json");
  assertEquals([other, safety_checker], [3, undefined]);
  // The index decides the class. Numbers stay as they are written: transformers takes no 1 for 1.0.
  assertEquals(
    new TextDecoder().decode(await files.read("scheduler/scheduler_config.json")),
    `{
  "_class_name": "DDIMScheduler",
  "beta_end": 1.0,
  "lambda_min_clipped": -Infinity,
  "trained_betas": [1e-05, 2]
}
`,
  );
  const { tensors } = await openSafetensors(files, "unet/diffusion_pytorch_model.safetensors");
  assertEquals(tensors.get("mid_block.attentions.0.to_q.weight")?.stored, "F32");
  assertEquals(tensors.get("position_ids")?.stored, "I64");
});

Deno.test("a variant is written under the plain names", async () => {
  const data = Float16Array.of(0.5);
  const half = writeSafetensors({ "bias": { dtype: "F16", shape: [1], data } });
  const names = ["vqvae", "unet"].map((name) => `${name}/diffusion_pytorch_model.fp16.safetensors`);
  const contents = new Map<string, Uint8Array>(names.map((name) => [name, half]));
  const [variants, plain] = [memoryFiles(contents), oldFolder()];
  const both: FileSource = {
    ...plain,
    exists: async (path) => await variants.exists(path) || await plain.exists(path),
    size: async (path) => await (await variants.exists(path) ? variants : plain).size(path),
    read: async (path, ...range) =>
      await (await variants.exists(path) ? variants : plain).read(path, ...range),
  };
  const { files } = await saved(await openModelFolder(both), { variant: "fp16" });
  const weights = await openSafetensors(files, "unet/diffusion_pytorch_model.safetensors");
  assertEquals([...weights.tensors.keys()], ["bias"]);
});

Deno.test("what diffusers would compute differently is said", async () => {
  const config = `{ "_class_name": "UNet2DModel", "num_attention_heads": 8 }`;
  const { warnings } = await saved(
    await openModelFolder(oldFolder({ "unet/config.json": config })),
  );
  assertStringIncludes(warnings, "num_attention_heads");
});

Deno.test("a model that diffusers has no pipeline for becomes a folder of this library", async () => {
  const folder = await openModelFolder(oldFolder());
  const { vqvae: _, ...parts } = Object.fromEntries(folder.components);
  const components = new Map(Object.entries(parts));
  const settings = new Map([["time_input", "alphas_cumprod"]]);
  const palette: ModelFolder = { ...folder, className: "PalettePipeline", components, settings };
  const { files, warnings } = await saved(palette);
  assertStringIncludes(warnings, "diffusers has no PalettePipeline");
  const again = await openModelFolder(files);
  assertEquals([again.className, ...again.components.keys()], [
    "PalettePipeline",
    "scheduler",
    "unet",
  ]);
  assertEquals(again.settings.get("time_input"), "alphas_cumprod");
});

Deno.test("what no diffusers folder can hold is refused", async () => {
  const folder = await openModelFolder(oldFolder());
  const refused = (changes: Partial<ModelFolder>, says: string) =>
    assertRejects(() => saved({ ...folder, ...changes }), ModelError, says);
  await refused(
    { className: "KandinskyPipeline" },
    "its class is KandinskyPipeline, for which there is no pipeline",
  );
  const without = (name: string) =>
    new Map([...folder.components].filter(([each]) => each !== name));
  await refused({ components: without("scheduler") }, "it has no scheduler");
  const unet = folder.component("unet");
  const withPart = (name: string, part: object) => ({
    components: new Map([...folder.components, [name, { ...unet, name, ...part }]]),
  });
  await refused(withPart("vqvae", {}), 'its vqvae is "UNet2DModel", which LDMPipeline cannot have');
  await refused(withPart("tokenizer", {}), "LDMPipeline has no tokenizer");
  await refused(withPart("unet", { onnx: new Map() }), "its networks are ONNX files");
});

Deno.test("tensors are counted, and a signal stops between them", async () => {
  const told: string[] = [];
  const folder = await openModelFolder(oldFolder());
  await saved(folder, { onTensor: (done, total) => told.push(`${done}/${total}`) });
  assertEquals(told, ["1/4", "2/4", "3/4", "4/4"]);
  const stop = new AbortController();
  const onTensor = () => stop.abort(new Error("enough"));
  await assertRejects(() => saved(folder, { onTensor, signal: stop.signal }), Error, "enough");
});
