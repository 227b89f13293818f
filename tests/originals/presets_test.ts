import { assertEquals } from "@std/assert";
import { config } from "../../formats/config_reader.ts";
import { firstStageConfig, readOriginalFirstStage } from "../../formats/originals/first_stage.ts";
import { firstStageMap } from "../../formats/originals/first_stage_map.ts";
import { type KeyMap, place } from "../../formats/originals/key_map.ts";
import { clipTextTable, readClipText } from "../../formats/originals/clip_text.ts";
import { openClipTextTable } from "../../formats/originals/open_clip_text.ts";
import { ldmBertTable, readLdmBert } from "../../formats/originals/ldm_bert.ts";
import { mappedWeights } from "../../formats/originals/mapped_weights.ts";
import { originalWeights } from "../../formats/originals/original_weights.ts";
import { readOriginalSr3, sr3Config, sr3Map } from "../../formats/originals/sr3.ts";
import { readOriginalUNet } from "../../formats/originals/unet.ts";
import { type NetworkConfig, unetConfig } from "../../formats/originals/unet_config.ts";
import { unetMap } from "../../formats/originals/unet_map.ts";
import type { WeightSource } from "../../formats/weight_source.ts";
import { f32, i32, sizeOf } from "../../graph/tensor_spec.ts";
import { networkReaders } from "../../pipelines/networks/mod.ts";
import type { InputSpecs } from "../../pipelines/networks/network.ts";
import { SR3_PRESETS, STAGE_PRESETS, UNET_PRESETS } from "./presets.ts";

type Shapes = ReadonlyMap<string, readonly number[]>;

/** What the original code says of a network. */
interface Digest {
  readonly tensors: number;
  readonly parameters: number;
  readonly sha256: string;
}

const GOLDEN = new URL("../goldens/originals/presets.json", import.meta.url);
const { networks }: { readonly networks: Readonly<Record<string, Digest>> } = JSON.parse(
  await Deno.readTextFile(GOLDEN),
);

function source(shapes: Shapes): WeightSource {
  return {
    description: "shapes",
    tensors: new Map([...shapes].map(([name, shape]) => [name, { shape, stored: "F32" }])),
    read: () => Promise.reject(new Error("shapes have no data")),
  };
}

function shapesOf({ tensors }: WeightSource): Shapes {
  return new Map([...tensors].map(([name, { shape }]) => [name, shape]));
}

const sorted = (shapes: Shapes) =>
  [...shapes].map(([name, shape]) => `${name} [${shape.join(", ")}]\n`).sort();

async function digest(shapes: Shapes): Promise<Digest> {
  const bytes = new TextEncoder().encode(sorted(shapes).join(""));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return {
    tensors: shapes.size,
    parameters: [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0),
    sha256: [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  };
}

/** Weights that a network asks for, over all of its methods. */
function parametersOf(
  { className, config: json }: NetworkConfig,
  methods: Readonly<Record<string, InputSpecs>>,
): Shapes {
  const network = networkReaders.get(className)!(config(json, "preset"));
  const shapes = new Map<string, readonly number[]>();
  for (const [method, specs] of Object.entries(methods)) {
    const { parameters } = network.methods.get(method)!.graph(specs);
    for (const { name, spec } of parameters) shapes.set(name, spec.shape);
  }
  return shapes;
}

/** Ours to theirs, which must be what the original code has, and back, which must be ours. */
async function assertRoundTrip(name: string, ours: Shapes, map: KeyMap): Promise<Shapes> {
  const theirs = shapesOf(originalWeights(source(ours), map));
  assertEquals(await digest(theirs), networks[name]);
  const back = shapesOf(mappedWeights(source(theirs), map));
  assertEquals(sorted(back), sorted(ours));
  return theirs;
}

/** diffusers' own class has neither of these settings; without them names and shapes are the same. */
function plain({ className, config: json }: NetworkConfig): NetworkConfig {
  const { num_attention_heads: _heads, resnet_skip_time_act: _skip, ...rest } = json;
  return { className, config: className === "UNet2DModel" ? rest : json };
}

for (const [name, { unet, heads, order }] of Object.entries(UNET_PRESETS)) {
  Deno.test(`${name}: the U-Net's names go there and back`, async () => {
    const network = unetConfig(unet, { heads, sampleSize: 64 });
    const ours = parametersOf(plain(network), {
      forward: {
        sample: f32(1, unet.inChannels, 64, 64),
        timestep: f32(1),
        ...(unet.classes === null ? {} : { class_labels: i32(1) }),
        ...(unet.attention.kind === "transformer"
          ? { encoder_hidden_states: f32(1, 8, unet.attention.contextWidth) }
          : {}),
      },
    });
    const theirs = await assertRoundTrip(name, ours, unetMap(unet, { heads, order }));
    assertEquals(readOriginalUNet(source(theirs), ""), unet);
  });
}

for (const [name, unet] of Object.entries(SR3_PRESETS)) {
  Deno.test(`${name}: the U-Net's names go there and back`, async () => {
    const network = sr3Config(unet, { groups: 32, sampleSize: 128 });
    const ours = parametersOf(plain(network), {
      forward: { sample: f32(1, unet.inChannels, 64, 64), timestep: f32(1) },
    });
    const theirs = await assertRoundTrip(name, ours, sr3Map(unet));
    assertEquals(readOriginalSr3(source(theirs), ""), unet);
  });
}

for (const [name, stage] of Object.entries(STAGE_PRESETS)) {
  Deno.test(`${name}: the first stage's names go there and back`, async () => {
    const network = firstStageConfig(stage, { scalingFactor: 1, sampleSize: 256 });
    const ours = parametersOf(network, {
      encode: { x: f32(1, 3, 64, 64) },
      decode: { z: f32(1, stage.embedWidth, 8, 8) },
    });
    const theirs = await assertRoundTrip(name, ours, firstStageMap(stage));
    assertEquals(readOriginalFirstStage(source(theirs), ""), stage);
  });
}

for (const [name, layers, width] of [["bert-1p4B", 32, 1280], ["bert-256", 32, 640]] as const) {
  Deno.test(`${name}: the text encoder's names go there and back`, async () => {
    const json = {
      encoder_layers: layers,
      d_model: width,
      encoder_ffn_dim: 4 * width,
      vocab_size: 30522,
    };
    const network = { className: "LDMBertModel", config: json };
    const asked = parametersOf(network, { forward: { input_ids: i32(1, 77) } });
    // The layer that predicts words is in the file and not asked for.
    const ours = new Map([
      ...asked,
      ["to_logits.weight", [30522, width]] as const,
      ["to_logits.bias", [30522]] as const,
    ]);
    const theirs = await assertRoundTrip(name, ours, { pairs: ldmBertTable(layers) });
    const read = readLdmBert(source(theirs), { prefix: "" });
    assertEquals(parametersOf(read, { forward: { input_ids: i32(1, 77) } }), asked);
  });
}

Deno.test("CLIP ViT-L/14: names are the same, old and new", () => {
  const json = {
    hidden_size: 768,
    intermediate_size: 3072,
    num_attention_heads: 12,
    projection_dim: 768,
  };
  const network = { className: "CLIPTextModel", config: json };
  const ours = parametersOf(network, { forward: { input_ids: i32(1, 77) } });
  const pairs = clipTextTable(12);
  for (const theirs of ["text_model", ""]) {
    const map = { pairs: place(pairs, { ours: "text_model", theirs }) };
    const stored = shapesOf(originalWeights(source(ours), map));
    assertEquals(stored.has(`${theirs && "text_model."}final_layer_norm.bias`), true);
    assertEquals(shapesOf(mappedWeights(source(stored), map)), ours);
    const read = readClipText(source(stored), { prefix: "" });
    assertEquals(parametersOf(read, { forward: { input_ids: i32(1, 77) } }), ours);
  }
  const sizes = [...ours.values()].map(sizeOf);
  assertEquals(sizes.reduce((a, b) => a + b), 123_060_480); // specification of the model
});

Deno.test("OpenCLIP ViT-H/14: names go there and back, without the last layer", () => {
  const json = {
    hidden_size: 1024,
    intermediate_size: 4096,
    num_attention_heads: 16,
    num_hidden_layers: 23,
    hidden_act: "gelu",
  };
  const network = { className: "CLIPTextModel", config: json };
  const ours = parametersOf(network, { forward: { input_ids: i32(1, 77) } });
  const map = { pairs: openClipTextTable(23) };
  const stored = shapesOf(originalWeights(source(ours), map));
  // 12 tensors a layer, two tables and the last normalisation; a fused projection is one of them.
  assertEquals(stored.size, 23 * 12 + 4);
  assertEquals(stored.get("transformer.resblocks.22.attn.in_proj_weight"), [3072, 1024]);
  assertEquals(stored.get("positional_embedding"), [77, 1024]);
  assertEquals(sorted(shapesOf(mappedWeights(source(stored), map))), sorted(ours));
  const sizes = [...stored.values()].map(sizeOf);
  assertEquals(sizes.reduce((a, b) => a + b), 340_387_840); // specification of the model
});
