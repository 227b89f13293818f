import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { referenceBackend } from "../../backends/reference/backend.ts";
import { config } from "../../formats/config_reader.ts";
import type { JsonObject } from "../../formats/json.ts";
import { ModelError } from "../../formats/model_error.ts";
import { ShapeError } from "../../graph/op.ts";
import { f32, type HostTensor, hostTensor, sizeOf } from "../../graph/tensor_spec.ts";
import type { VQModelConfig } from "../../models/vq_model.ts";
import { optionWeights } from "../../tests/option_cases.ts";
import { readVQModelConfig, vqModelNetwork } from "./vq_model.ts";

const BASE = {
  block_out_channels: [8, 16],
  down_block_types: ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
  up_block_types: ["UpDecoderBlock2D", "AttnUpDecoderBlock2D"],
  norm_num_groups: 4,
  num_vq_embeddings: 6,
  latent_channels: 2,
};

const read = (json: JsonObject): VQModelConfig =>
  readVQModelConfig(config(json, "vqvae/config.json"));

const network = (json: JsonObject) => vqModelNetwork(config(json, "vqvae/config.json"));

/** Runs a method of the network with weights computed from their names. */
async function run(
  method: string,
  inputs: Readonly<Record<string, HostTensor>>,
): Promise<Record<string, HostTensor>> {
  await using backend = referenceBackend();
  const graph = network(BASE).methods.get(method)!.graph(inputs);
  const parameters = await backend.load(optionWeights([graph]));
  using program = await backend.compile(graph, parameters);
  const read: Record<string, HostTensor> = {};
  for (const [name, value] of Object.entries(program.run(inputs))) read[name] = await value.read();
  return read;
}

const LATENTS = hostTensor([2, 2, 2, 3], Float32Array.from({ length: 24 }, (_, at) => at % 7 / 3));

Deno.test("levels go down in the encoder and up in the decoder", () => {
  assertEquals(read(BASE).blocks.levels, [
    { channels: 8, attention: { down: false, up: true } },
    { channels: 16, attention: { down: true, up: false } },
  ]);
});

Deno.test("absent keys take the class's defaults", () => {
  const { blocks, ...more } = read({});
  assertEquals(blocks, {
    levels: [{ channels: 64, attention: { down: false, up: false } }],
    layers: 1,
    groups: 32,
    activation: "silu",
    midAttention: true,
  });
  assertEquals(more, {
    inChannels: 3,
    outChannels: 3,
    latentChannels: 3,
    codeWidth: 3,
    codeCount: 256,
    spatialNorm: false,
    scalingFactor: 0.18215,
    sampleSize: 32,
  });
  assertEquals(read({ vq_embed_dim: 5 }).codeWidth, 5);
});

Deno.test("a network of published size has the parameters that diffusers counts", () => {
  // CompVis/ldm-celebahq-256, ldm-super-resolution-4x-openimages: VQ-f4.
  const built = network({
    block_out_channels: [128, 256, 512],
    down_block_types: Array(3).fill("DownEncoderBlock2D"),
    up_block_types: Array(3).fill("UpDecoderBlock2D"),
    layers_per_block: 2,
    num_vq_embeddings: 8192,
    vq_embed_dim: null,
  });
  const graphs = [
    built.methods.get("encode")!.graph({ x: f32(1, 3, 512, 512) }),
    built.methods.get("decode")!.graph({ z: f32(1, 3, 128, 128) }),
  ];
  const all = new Map(
    graphs.flatMap(({ parameters }) =>
      parameters.map(({ name, spec }) => [name, sizeOf(spec.shape)] as const)
    ),
  );
  assertEquals([...all.values()].reduce((sum, size) => sum + size, 0), 55_322_782);
});

Deno.test("what is not supported is refused by key and value", async (t) => {
  const spatial = {
    ...BASE,
    norm_type: "spatial",
    block_out_channels: [32, 64],
    vq_embed_dim: 2,
  };
  const refused: readonly (readonly [JsonObject, ...string[]])[] = [
    [{ down_block_types: ["DownBlock2D", "DownEncoderBlock2D"] }, "DownBlock2D", "AttnDownEncoder"],
    [{ up_block_types: ["UpDecoderBlock2D"] }, "up_block_types is [", "as many items"],
    [{ act_fn: "gelu_new" }, 'act_fn is "gelu_new"', '"mish"'],
    [{ norm_num_groups: 3 }, "norm_num_groups is 3", "8"],
    [{ norm_type: "layer" }, 'norm_type is "layer"', '"spatial"'],
    [{ norm_type: "spatial" }, 'norm_type is "spatial"', "32 groups", "(8)"],
    [{ ...spatial, vq_embed_dim: 4 }, 'norm_type is "spatial"', "vq_embed_dim (4)", "(2)"],
    [{ scaling_factor: 0 }, "scaling_factor is 0", "positive"],
    [{ num_vq_embeddings: 0 }, "num_vq_embeddings is 0"],
    [{ layers_per_block: 65 }, "layers_per_block is 65", "from 1 to 64"],
    [{ block_out_channels: [8, 2 ** 20] }, "block_out_channels is [8, 1048576]"],
    [{ a_new_option: 1 }, "a_new_option = 1"],
  ];
  for (const [settings, ...words] of refused) {
    await t.step(words.join(" "), () => {
      for (const word of words) {
        assertThrows(() => read({ ...BASE, ...settings }), ModelError, word);
      }
    });
  }
  assertEquals(read(spatial).spatialNorm, true);
});

Deno.test("decoding quantises, or takes latents as they are, or numbers of codes", async () => {
  const { quantized, indices } = await run("quantize", { z: LATENTS });
  assertEquals(indices!.shape, [2, 2, 3]);
  const decoded = await run("decode", { z: LATENTS });
  assertEquals(decoded.sample!.shape, [2, 3, 4, 6]);
  assertEquals(await run("decode_unquantized", { z: quantized! }), decoded);
  assertEquals(await run("decode_codes", { indices: indices! }), decoded);
  assertNotEquals(await run("decode_unquantized", { z: LATENTS }), decoded);
});

Deno.test("images and latents of other channels are refused", () => {
  const graph = (method: string, specs: Readonly<Record<string, HostTensor>>) => () =>
    network(BASE).methods.get(method)!.graph(specs);
  const image = hostTensor([1, 3, 4, 4], new Float32Array(48));
  const wanted = "must be [n, 2, height, width]";
  assertThrows(graph("encode", { x: LATENTS }), ShapeError, "must be [n, 3, height, width]");
  for (const method of ["quantize", "decode", "decode_unquantized"]) {
    assertThrows(graph(method, { z: image }), ShapeError, wanted);
  }
});
