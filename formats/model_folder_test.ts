import { TorchCheckpointError } from "./torch/torch_checkpoint_error.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { ParameterSource } from "../backends/backend.ts";
import { FileError, folderFiles, memoryFiles } from "./files.ts";
import { ModelError } from "./model_error.ts";
import { openComponent, openModelFolder } from "./model_folder.ts";
import { readModelIndex } from "./model_index.ts";
import { writeSafetensors } from "./write_safetensors.ts";
import { weightsOptions } from "./weights_variant.ts";

const GOLDENS = new URL("../../shared/goldens/", import.meta.url);

const SAMPLE = {
  "_class_name": "StableDiffusionPipeline",
  "_diffusers_version": "0.6.0",
  "scheduler": ["diffusers", "DDIMScheduler"],
  "text_encoder": ["transformers", "CLIPTextModel"],
  "tokenizer": ["transformers", "CLIPTokenizer"],
  "unet": ["diffusers", "UNet2DConditionModel"],
  "vae": ["diffusers", "AutoencoderKL"],
  "safety_checker": [null, null],
  "feature_extractor": ["transformers", "CLIPFeatureExtractor"],
  "requires_safety_checker": false,
};

const WEIGHTS = writeSafetensors({
  w: { dtype: "f16", shape: [2], data: Float16Array.of(0.5, -2) },
});

type Contents = Record<string, string | Uint8Array>;

const FOLDER: Contents = {
  "model_index.json": JSON.stringify(SAMPLE),
  "scheduler/scheduler_config.json": '{ "_class_name": "PNDMScheduler" }',
  "text_encoder/config.json": '{ "architectures": ["CLIPTextModel"] }',
  "tokenizer/vocab.json": "{}",
  "unet/config.json": '{ "_class_name": "UNet2DConditionModel", "in_channels": 4 }',
  "vae/config.json": '{ "_class_name": "AutoencoderKL" }',
};

const filesOf = (changes: Record<string, string | Uint8Array | undefined> = {}) => {
  const all = Object.entries({ ...FOLDER, ...changes });
  return memoryFiles(
    new Map(all.filter((entry): entry is [string, string | Uint8Array] => entry[1] !== undefined)),
    "model",
  );
};

const indexOf = (changes: Record<string, unknown>) =>
  filesOf({ "model_index.json": JSON.stringify({ ...SAMPLE, ...changes }) });

async function refuses(
  files: ReturnType<typeof filesOf>,
  ...words: readonly string[]
): Promise<void> {
  const error = await assertRejects(() => openModelFolder(files), ModelError);
  for (const word of words) {
    assert(error.message.includes(word), `no ${word} in ${error.message}`);
  }
}

Deno.test("a folder gives its pipeline, settings and components", async () => {
  const model = await openModelFolder(filesOf());
  assertEquals(model.className, "StableDiffusionPipeline");
  assertEquals([...model.settings], [["requires_safety_checker", false]]);
  assertEquals([...model.components.values()].map(({ name, kind }) => [name, kind]), [
    ["scheduler", "scheduler"],
    ["text_encoder", "network"],
    ["tokenizer", "tokenizer"],
    ["unet", "network"],
    ["vae", "network"],
  ]);
  assertEquals(model.component("scheduler").className, "DDIMScheduler");
  const unet = model.component("unet").readConfig();
  assertEquals([unet.path, unet.integer("in_channels")], ["model/unet/config.json", 4]);
  assertThrows(() => model.component("safety_checker"), ModelError, "scheduler, text_encoder");
  assertThrows(() => model.component("constructor"), ModelError);
});

Deno.test("what is missing or unknown is named", async () => {
  await refuses(filesOf({ "model_index.json": undefined }), "model_index.json", "no such file");
  await refuses(filesOf({ "model_index.json": "{" }), "model_index.json", "not JSON");
  await refuses(filesOf({ "model_index.json": "[]" }), "must be an object");
  await refuses(
    filesOf({ "unet/config.json": undefined }),
    "unet/config.json of model",
    "no such file",
  );
  await refuses(filesOf({ "unet/config.json": "[]" }), "unet/config.json", "must be an object");
  await refuses(filesOf({ "tokenizer/vocab.json": undefined }), "tokenizer", "vocab.txt");
  await refuses(filesOf({ "vae/config.json": '{"_class_name": "VQModel"}' }), "vae", "VQModel");
  await refuses(indexOf({ "_class_name": undefined }), "_class_name", "LDMTextToImagePipeline");
  await refuses(indexOf({ "_class_name": "EvilPipeline" }), "EvilPipeline", "known pipelines");
  await refuses(indexOf({ unet: undefined }), "no unet");
  await refuses(indexOf({ unet: [null, null] }), "no unet");
  await refuses(indexOf({ unet: ["diffusers", "EvilModel"] }), "EvilModel", "UNet2DConditionModel");
  await refuses(indexOf({ unet: ["os", "UNet2DConditionModel"] }), "os");
  await refuses(indexOf({ scheduler: ["diffusers", "__proto__"] }), "__proto__");
  await refuses(indexOf({ extra: ["diffusers", "UNet2DModel"] }), "extra", "no such component");
  await refuses(indexOf({ "safety_checker": "x" }), "safety_checker");
});

Deno.test("further pipelines can be made known", async () => {
  const files = memoryFiles(
    new Map([["model_index.json", '{"_class_name":"Mine","net":["diffusers","Net"],"size":3}']]),
  );
  const pipelines = new Map([["Mine", { components: { net: ["Net"] }, ignored: [] }]]);
  const index = await readModelIndex(files, { pipelines });
  assertEquals([...index.components], [["net", { library: "diffusers", className: "Net" }]]);
  assertEquals([...index.settings], [["size", 3]]);
});

Deno.test("weights are found under the names that diffusers and transformers use", async () => {
  const index = JSON.stringify({ weight_map: { w: "part-1.safetensors" } });
  const places: [Contents, string | undefined][] = [
    [{ "diffusion_pytorch_model.safetensors": WEIGHTS }, undefined],
    [{ "model.safetensors": WEIGHTS }, undefined],
    [{ "diffusion_pytorch_model.fp16.safetensors": WEIGHTS }, "fp16"],
    [{ "model.safetensors.index.json": index, "part-1.safetensors": WEIGHTS }, undefined],
    [{ "model.safetensors.index.fp16.json": index, "part-1.safetensors": WEIGHTS }, "fp16"],
    [{ "model.safetensors.fp16.index.json": index, "part-1.safetensors": WEIGHTS }, "fp16"],
  ];
  for (const [contents, variant] of places) {
    const inner = Object.entries(contents).map(([name, bytes]) => [`unet/${name}`, bytes]);
    const model = await openModelFolder(filesOf(Object.fromEntries(inner)));
    const options = variant === undefined ? {} : { variant };
    // What is opened has to fit a backend.
    const source: ParameterSource = await model.component("unet").openWeights(options);
    assertEquals(source.tensors.get("w")?.stored, "F16");
    assertEquals([...await source.read("w")], [0.5, -2]);
  }
});

Deno.test("weights that are not there say what is", async () => {
  const open = async (changes: Contents, variant?: string) => {
    const model = await openModelFolder(filesOf(changes));
    return await model.component("unet").openWeights(variant === undefined ? {} : { variant });
  };
  await assertRejects(() => open({}), ModelError, "none of diffusion_pytorch_model.safetensors");
  await assertRejects(
    () => open({ "unet/diffusion_pytorch_model.bin": "x" }),
    TorchCheckpointError,
    "diffusion_pytorch_model.bin",
  );
  const variants = { "unet/diffusion_pytorch_model.fp16.safetensors": WEIGHTS };
  await assertRejects(() => open(variants), ModelError, "there are variants: fp16");
  const shards = { "unet/diffusion_pytorch_model.fp16-00001-of-00002.safetensors": WEIGHTS };
  const error = await assertRejects(() => open(shards), ModelError);
  assertEquals(error.message.split("; ")[1], "there are variants: fp16");
  await assertRejects(() => open(variants, "ema"), ModelError, "diffusion_pytorch_model.ema");
  await assertRejects(() => open(variants, "../x"), ModelError, "plain word");
});

Deno.test("a component without the variant is opened as it is, if another has it", async () => {
  const model = await openModelFolder(filesOf({
    "unet/diffusion_pytorch_model.fp16.safetensors": WEIGHTS,
    "unet/diffusion_pytorch_model.safetensors": WEIGHTS,
  }));
  const [unet, scheduler] = ["unet", "scheduler"].map((name) => model.component(name));
  assertEquals(await weightsOptions(model, unet!, "fp16"), { variant: "fp16" });
  assertEquals(await weightsOptions(model, scheduler!, "fp16"), {});
  assertEquals(await weightsOptions(model, unet!, undefined), {});
  // Then opening says that there is none.
  assertEquals(await weightsOptions(model, unet!, "ema"), { variant: "ema" });
});

Deno.test("a component's folder alone says which class it is", async () => {
  const open = (text: string) => openComponent(memoryFiles(new Map([["config.json", text]])));
  assertEquals((await open('{"_class_name":"VQModel"}')).className, "VQModel");
  assertEquals((await open('{"architectures":["CLIPTextModel"]}')).className, "CLIPTextModel");
  await assertRejects(() => open("{}"), ModelError, "_class_name");
});

Deno.test("a lack of permission is no missing file", async () => {
  const denied = () => Promise.reject(new FileError("Cannot read it", { kind: "denied" }));
  const files = { ...filesOf(), size: denied, read: denied };
  const error = await assertRejects(() => openModelFolder(files), FileError);
  assertEquals(error.kind, "denied");
});

Deno.test("model folders and parts of all kinds open", { ignore: !exists() }, async () => {
  const models = new URL("models/", GOLDENS);
  const pipelines = ["adm-like", "ddpm", "ldm-sr", "ldm-text", "ldm-uncond", "sd-inpaint"];
  let tensors = 0;
  for (const name of [...pipelines, "sd-x4", "sd1", "sd2v"]) {
    const model = await openModelFolder(folderFiles(new URL(name, models)));
    for (const component of model.components.values()) {
      if (component.kind === "network") tensors += (await component.openWeights()).tensors.size;
    }
  }
  assert(tensors > 2000, `${tensors} tensors`);
  const part = (path: string) => openComponent(folderFiles(new URL(path, models)));
  const sharded = await (await part("sharded/unet")).openWeights();
  const whole = await (await part("sd1/unet")).openWeights();
  assertEquals([...sharded.tensors.keys()].sort(), [...whole.tensors.keys()].sort());
  for (const name of whole.tensors.keys()) {
    assertEquals(await sharded.read(name), await whole.read(name));
  }
  const halves = await (await part("sharded/unet-fp16")).openWeights({ variant: "fp16" });
  assertEquals(halves.tensors.get("conv_in.weight")?.stored, "F16");
  const pickled = await (await part("sharded/unet-bin")).openWeights();
  assertEquals(pickled.tensors.size, whole.tensors.size);
  for (const name of whole.tensors.keys()) {
    assertEquals(await pickled.read(name), await whole.read(name));
  }
  await part("legacy-attn/text_encoder_noprefix");
});

Deno.test("hostile folders are refused with a reason", { ignore: !exists() }, async () => {
  const root = new URL("hostile/", GOLDENS);
  const index: {
    file: string;
    format: string;
    optional?: boolean;
    mention?: string[];
    expect: string;
  }[] = JSON.parse(await Deno.readTextFile(new URL("index.json", root)));
  const cases = index.filter(({ format }) => format === "diffusers-dir");
  assert(cases.length > 15);
  for (const { file, expect, mention, optional } of cases) {
    assertEquals(expect, "reject", file);
    let error: unknown;
    try {
      await openModelFolder(folderFiles(new URL(file, root)));
    } catch (thrown) {
      error = thrown;
    }
    if (error === undefined && optional) continue;
    assert(error instanceof ModelError, `${file}: ${error}`);
    const { message } = error;
    assert(!mention || mention.some((word) => message.includes(word)), `${file}: ${message}`);
  }
});

function exists(): boolean {
  try {
    return Deno.statSync(GOLDENS).isDirectory;
  } catch {
    return false;
  }
}
