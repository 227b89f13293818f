import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { referenceBackend } from "../../backends/reference/backend.ts";
import { config } from "../../formats/config_reader.ts";
import { memoryFiles } from "../../formats/file_source.ts";
import type { JsonObject } from "../../formats/json.ts";
import { ModelError } from "../../formats/model_error.ts";
import { averagedName } from "../../formats/originals/averaged_weights.ts";
import { openOriginal } from "../../formats/originals/open_original.ts";
import { isCheckpointPath, openOriginalFile } from "../../formats/originals/open_original_file.ts";
import { originalFolder } from "../../formats/originals/original_folder.ts";
import type { OriginalModel } from "../../formats/originals/original_model.ts";
import type { WeightSource } from "../../formats/weight_source.ts";
import { writeSafetensors } from "../../formats/write_safetensors.ts";
import { hostTensor } from "../../graph/tensor_spec.ts";
import { Component } from "../../pipelines/component.ts";
import { networkReaders } from "../../pipelines/networks/mod.ts";
import { tensorSource, TINY_UNET, tinyCheckpoint, tinyStage, tinyUNet } from "./tiny_checkpoint.ts";

const UNET = { in_channels: 4, out_channels: 4, model_channels: 32, num_res_blocks: 1 };

/** A configuration of the tiny checkpoint in CompVis' words. */
function ldmConfig(
  params: JsonObject = {},
  unet: JsonObject = {},
): { readonly model: { readonly target: string; readonly params: JsonObject } } {
  return {
    model: {
      target: "ldm.models.diffusion.ddpm.LatentDiffusion",
      params: {
        linear_start: 0.00085,
        linear_end: 0.012,
        image_size: 8,
        scale_factor: 0.5,
        use_ema: false,
        unet_config: {
          target: "ldm.modules.diffusionmodules.openaimodel.UNetModel",
          params: { ...UNET, channel_mult: [1, 2], num_heads: 8, context_dim: 64, ...unet },
        },
        ...params,
      },
    },
  };
}

async function firstOf(model: OriginalModel, name: string): Promise<number> {
  return (await model.components.get("unet")!.weights.read(name))[0]!;
}

Deno.test("a Stable Diffusion 1 checkpoint without a configuration: what is assumed is said", async () => {
  const model = await openOriginal(tensorSource(await tinyCheckpoint("clip")));
  assertEquals(model.kind, "stable-diffusion");
  assertEquals(model.className, "StableDiffusionPipeline");
  assertEquals([...model.components.keys()], ["unet", "vae", "text_encoder"]);
  assertEquals(model.components.get("unet")!.config.attention_head_dim, [8, 8]);
  assertEquals(model.components.get("vae")!.config.scaling_factor, 0.18215);
  assertEquals(model.components.get("text_encoder")!.config.hidden_act, "quick_gelu");
  assertEquals(model.tokenizer, "CLIPTokenizer");
  assertEquals(model.unused, []);
  assertEquals(model.assumed, [
    "attention of the U-Net has 8 heads",
    "latents are scaled by 0.18215",
    "heads of the text encoder have 64 channels, its activation is quick_gelu",
    "the noise schedule is the published model's",
    "it predicts as the published model does",
  ]);
});

Deno.test("a configuration wins, and nothing is assumed of what it says", async () => {
  const source = tensorSource(await tinyCheckpoint("clip"));
  const { model } = ldmConfig({ parameterization: "v" }, { num_heads: 4 });
  const opened = await openOriginal(source, { config: { model } });
  assertEquals(opened.components.get("unet")!.config.attention_head_dim, [4, 4]);
  assertEquals(opened.components.get("vae")!.config.scaling_factor, 0.5);
  const scheduler = opened.schedulers.get("scheduler")!;
  assertEquals(scheduler.prediction_type, "v_prediction");
  assertEquals(scheduler.beta_schedule, "scaled_linear");
  assertEquals(opened.assumed, [
    "heads of the text encoder have 64 channels, its activation is quick_gelu",
  ]);
});

Deno.test("a configuration of another model, or one that is not understood, is refused", async () => {
  const source = tensorSource(await tinyCheckpoint("clip"));
  const refused = async (config: JsonObject, message: string) => {
    const options = { config, configPath: "v1.yaml" };
    await assertRejects(() => openOriginal(source, options), ModelError, message);
  };
  await refused(ldmConfig({}, { context_dim: 32 }), "channels of the text are 32, but");
  await refused(
    ldmConfig({}, { channel_mult: [1, 4] }),
    "are 1,4, but in the weights they are 1,2",
  );
  await refused(ldmConfig({}, { conv_resample: false }), "conv_resample is false");
  await refused(ldmConfig({}, { num_experts: 2 }), "num_experts = 2");
  await refused(ldmConfig({ parameterization: "u" }), "parameterization");
  await refused({ model: { params: {} } }, "no configuration of latent diffusion");
});

Deno.test("version 2 needs to be told what it predicts, and leaves out the last layer", async () => {
  const tensors = await tinyCheckpoint("open-clip");
  const unet = await tinyUNet({
    ...TINY_UNET,
    levels: [
      { channels: 64, attends: true, depth: 1, crossOnly: false },
      { channels: 64, attends: false, depth: 0, crossOnly: false },
    ],
    modelChannels: 64,
    attention: { kind: "transformer", contextWidth: 64, linear: true },
  });
  const source = tensorSource({ ...tensors, ...unet });
  await assertRejects(() => openOriginal(source), ModelError, "noise or velocity");
  const model = await openOriginal(source, { prediction: "v_prediction" });
  assertEquals(model.schedulers.get("scheduler")!.prediction_type, "v_prediction");
  assertEquals(model.components.get("unet")!.config.attention_head_dim, [1, 1]);
  assertEquals(model.components.get("unet")!.config.use_linear_projection, true);
  assertEquals(model.components.get("text_encoder")!.config.num_hidden_layers, 1);
  assertEquals(model.components.get("text_encoder")!.config.hidden_act, "gelu");
  assertEquals(model.unused, []);
  // A file may say it beside its tensors.
  for (
    const [more, prediction] of [
      [{ metadata: new Map([["modelspec.prediction_type", "v"]]) }, "v_prediction"],
      [{ extra: new Map([["global_step", 875000]]) }, "epsilon"],
    ] as const
  ) {
    const told = await openOriginal({ ...source, ...more });
    assertEquals(told.schedulers.get("scheduler")!.prediction_type, prediction);
  }
});

Deno.test("averaged weights are used unless the configuration says use_ema: false", async () => {
  const tensors = await tinyCheckpoint("clip");
  for (const [name, tensor] of Object.entries(await tinyUNet(TINY_UNET, 2))) {
    tensors[averagedName(name)] = tensor;
  }
  tensors["model_ema.decay"] = hostTensor([], [0.9999]);
  assertEquals(
    averagedName("model.diffusion_model.input_blocks.0.0.weight"),
    "model_ema.diffusion_modelinput_blocks00weight",
  );
  const source = tensorSource(tensors);
  const own = tensors["model.diffusion_model.out.2.weight"]!.data[0]!;
  const averaged = tensors["model_ema.diffusion_modelout2weight"]!.data[0]!;
  const open = async (config?: JsonObject) =>
    await firstOf(await openOriginal(source, { config }), "conv_out.weight");
  assertEquals(await open(ldmConfig()), own);
  assertEquals(await open(ldmConfig({ use_ema: true })), averaged);
  // CompVis' own default; Stable Diffusion's configurations all switch it off.
  const { model: { target, params: { use_ema: _, ...params } } } = ldmConfig();
  assertEquals(await open({ model: { target, params } }), averaged);
  assertEquals(await open(), own);
  assertEquals((await openOriginal(source)).unused, []);
  // None is mixed with one that is not averaged.
  delete tensors["model_ema.diffusion_modelout2weight"];
  const model = await openOriginal(tensorSource(tensors), { config: ldmConfig({ use_ema: true }) });
  assertEquals(model.components.get("unet")!.weights.tensors.has("conv_out.weight"), false);
});

Deno.test("the noise schedule and the scale are read from tables where they are exact", async () => {
  const betas = Float32Array.from(
    { length: 1000 },
    (_, at) => (Math.sqrt(0.0015) + (Math.sqrt(0.0205) - Math.sqrt(0.0015)) * at / 999) ** 2,
  );
  const tensors = {
    ...await tinyCheckpoint("clip"),
    betas: hostTensor([1000], betas),
    scale_factor: hostTensor([], [0.25]),
  };
  const model = await openOriginal(tensorSource(tensors));
  const { beta_start, beta_end, beta_schedule } = model.schedulers.get("scheduler")!;
  assertEquals([beta_start, beta_end, beta_schedule], [0.0015, 0.0205, "scaled_linear"]);
  assertEquals(model.components.get("vae")!.config.scaling_factor, 0.25);
  // A table without a name, here the cosine schedule, is kept.
  const share = (t: number) => Math.cos((t / 1000 + 0.008) / 1.008 * Math.PI / 2) ** 2;
  const cosine = Float32Array.from(
    { length: 1000 },
    (_, at) => Math.min(0.999, 1 - share(at + 1) / share(at)),
  );
  const own = await openOriginal(
    tensorSource({ ...tensors, betas: hostTensor([1000], cosine) }),
  );
  assertEquals(own.schedulers.get("scheduler")!.trained_betas, Array.from(cosine));
  assert(!own.assumed.some((each) => each.includes("schedule")));
  const broken = tensorSource({ ...tensors, betas: hostTensor([1000], cosine.map((x) => -x)) });
  await assertRejects(() => openOriginal(broken), ModelError, "beta 0 is -");
  const bad = tensorSource({ ...tensors, scale_factor: hostTensor([], [NaN]) });
  await assertRejects(() => openOriginal(bad), ModelError, "scale_factor");
});

Deno.test("weights that the U-Net has no place for are an error, others are listed", async () => {
  const tensors = await tinyCheckpoint("clip");
  const harmless = {
    "alphas_cumprod": hostTensor([2], [1, 2]),
    "first_stage_model.loss.logvar": hostTensor([1], [0]),
    "cond_stage_model.transformer.text_model.embeddings.position_ids": hostTensor([1, 1], [0]),
  };
  const other = { "safety.weight": hostTensor([1], [0]) };
  const model = await openOriginal(tensorSource({ ...tensors, ...harmless, ...other }));
  assertEquals(model.unused, ["safety.weight"]);
  const adapter = { "model.diffusion_model.input_blocks.1.2.weight": hostTensor([1], [0]) };
  await assertRejects(
    () => openOriginal(tensorSource({ ...tensors, ...adapter })),
    ModelError,
    "input_blocks.1.2.weight",
  );
});

Deno.test("a first stage alone is a model of one network", async () => {
  const stage = await tinyStage();
  const bare = Object.fromEntries(
    Object.entries(stage).map(([name, tensor]) => [name.replace("first_stage_model.", ""), tensor]),
  );
  for (const tensors of [stage, bare]) {
    const model = await openOriginal(tensorSource(tensors));
    assertEquals([model.kind, model.className], ["autoencoder", "AutoencoderKL"]);
    assertEquals([...model.components.keys()], ["vae"]);
    assertEquals(model.schedulers.size, 0);
  }
  const wanted = { kind: "stable-diffusion" } as const;
  await assertRejects(
    () => openOriginal(tensorSource(bare), wanted),
    ModelError,
    "as stable-diffusion: it is autoencoder",
  );
});

Deno.test("an opened U-Net computes with the original's weights", async () => {
  const tensors = await tinyCheckpoint("clip");
  const model = await openOriginal(tensorSource(tensors));
  const { className, config: json, weights } = model.components.get("unet")!;
  await using backend = referenceBackend();
  const load = async (weights: WeightSource): Promise<Component> => {
    const parameters = await backend.load(weights);
    return new Component("unet", {
      network: networkReaders.get(className)!(config(json, "unet")),
      parameters,
      compile: (graph, { constant }) => backend.compile(graph, parameters, { constant }),
    });
  };
  using unet = await load(weights);
  const inputs = {
    sample: hostTensor([1, 4, 8, 8], Float32Array.from({ length: 256 }, (_, at) => Math.sin(at))),
    timestep: hostTensor([1], [500]),
    encoder_hidden_states: hostTensor([1, 4, 64], new Float32Array(256).fill(0.5)),
  };
  const { sample } = await unet.run(inputs);
  assert(sample!.data.every(Number.isFinite));
  // Its last bias is the original's: the picture moves with it.
  const bias = "model.diffusion_model.out.2.bias";
  const moved = { ...tensors, [bias]: hostTensor([4], [...tensors[bias]!.data].map((x) => x + 1)) };
  const other = await openOriginal(tensorSource(moved));
  using second = await load(other.components.get("unet")!.weights);
  const changed = await second.run(inputs);
  sample!.data.forEach((value, at) =>
    assertAlmostEquals(changed.sample!.data[at]!, value + 1, 1e-5)
  );
});

Deno.test("a file is opened with the configuration beside it, as a model folder", async () => {
  const bytes = writeSafetensors(await tinyCheckpoint("clip"));
  const files = memoryFiles(
    new Map<string, Uint8Array | string>([
      ["models/tiny.safetensors", bytes],
      ["models/tiny.yaml", JSON.stringify(ldmConfig({ scale_factor: 0.75 }))],
      ["models/config.yaml", "not: for us"],
      ["other/tiny.safetensors", bytes],
      ["other/config.json", '{ "architectures": ["SomethingElse"] }'],
    ]),
  );
  const model = await openOriginalFile(files, "models/tiny.safetensors");
  assertEquals(model.components.get("vae")!.config.scaling_factor, 0.75);
  const other = await openOriginalFile(files, "other/tiny.safetensors");
  assertEquals(other.components.get("vae")!.config.scaling_factor, 0.18215);

  const folder = originalFolder(model);
  assertEquals([...folder.components.keys()], ["unet", "vae", "text_encoder", "scheduler"]);
  assertEquals(folder.component("unet").readConfig().integer("in_channels"), 4);
  const scheduler = await folder.component("scheduler").files.read("scheduler_config.json");
  assertEquals(JSON.parse(new TextDecoder().decode(scheduler))._class_name, "DDIMScheduler");
  const weights = await folder.component("vae").openWeights();
  assertEquals(weights.tensors.get("quant_conv.weight")?.shape, [8, 8, 1, 1]);
  assertThrows(
    () => folder.component("tokenizer"),
    ModelError,
    "give the folder of a CLIPTokenizer",
  );
  assertThrows(() => folder.component("bert"), ModelError, "StableDiffusionPipeline has unet, vae");
  await assertRejects(
    () => folder.component("vae").openWeights({ variant: "fp16" }),
    ModelError,
    "no variants",
  );
  const tokenizer = memoryFiles(new Map([["vocab.json", "{}"]]), "words");
  assertEquals(originalFolder(model, { tokenizer }).component("tokenizer").files, tokenizer);
});

Deno.test("paths of checkpoints are told from folders", () => {
  const places = ["https://a.b/c.safetensors?download=true", "https://a.b/c?d=e.ckpt", "a?b.ckpt"];
  assertEquals(places.map(isCheckpointPath), [true, false, true]);
  const paths = ["a.ckpt", "a.safetensors", "b/c.PT", "d.pth", "e", "f.yaml", "g.ckpt/unet"];
  assertEquals(paths.map(isCheckpointPath), [true, true, true, true, false, false, false]);
});
