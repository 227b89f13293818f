import { assertEquals, assertThrows } from "@std/assert";
import { config } from "../../formats/config_reader.ts";
import type { JsonObject } from "../../formats/json.ts";
import { ModelError } from "../../formats/model_error.ts";
import type { AutoencoderKLConfig } from "../../models/autoencoder_kl.ts";
import { readAutoencoderKLConfig } from "./autoencoder_kl.ts";

const read = (json: JsonObject): AutoencoderKLConfig =>
  readAutoencoderKLConfig(config(json, "vae/config.json"));

const BASE = {
  block_out_channels: [8, 16],
  down_block_types: ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
  up_block_types: ["UpDecoderBlock2D", "AttnUpDecoderBlock2D"],
  norm_num_groups: 4,
};

Deno.test("levels go down in the encoder and up in the decoder", () => {
  assertEquals(read(BASE).blocks.levels, [
    { channels: 8, attention: { down: false, up: true } },
    { channels: 16, attention: { down: true, up: false } },
  ]);
});

Deno.test("absent keys take the class's defaults", () => {
  const { blocks, ...more } = read({});
  assertEquals(blocks.levels.map(({ channels }) => channels), [64]);
  assertEquals([blocks.layers, blocks.groups, blocks.activation], [1, 32, "silu"]);
  assertEquals(blocks.midAttention, true);
  assertEquals(more, {
    inChannels: 3,
    outChannels: 3,
    latentChannels: 4,
    quantConv: true,
    postQuantConv: true,
    scalingFactor: 0.18215,
    shiftFactor: 0,
    sampleSize: 32,
  });
});

Deno.test("what is not supported is refused by key and value", async (t) => {
  const refused: readonly (readonly [JsonObject, ...string[]])[] = [
    [{ down_block_types: ["DownBlock2D", "DownEncoderBlock2D"] }, "DownBlock2D", "AttnDownEncoder"],
    [{ up_block_types: ["UpDecoderBlock2D"] }, "up_block_types is [", "as many items"],
    [{ act_fn: "gelu_new" }, 'act_fn is "gelu_new"', '"mish"'],
    [{ norm_num_groups: 3 }, "norm_num_groups is 3", "8"],
    [{ latents_mean: [0, 0, 0, 0] }, "latents_mean is [0", "supported is null"],
    [{ scaling_factor: 0 }, "scaling_factor is 0", "positive"],
    [{ layers_per_block: 65 }, "layers_per_block is 65", "from 1 to 64"],
    [{ block_out_channels: [8, 2 ** 20] }, "block_out_channels is [8, 1048576]"],
    [{ use_quant_conv: null }, "use_quant_conv is null", "true or false"],
    [{ a_new_option: 1 }, "a_new_option = 1"],
  ];
  for (const [settings, ...words] of refused) {
    await t.step(words[0]!, () => {
      for (const word of words) {
        assertThrows(() => read({ ...BASE, ...settings }), ModelError, word);
      }
    });
  }
});

Deno.test("a picture that would have to be halved too often is refused", () => {
  const many = Array<number>(17).fill(8);
  const json = {
    block_out_channels: many,
    down_block_types: many.map(() => "DownEncoderBlock2D"),
    up_block_types: many.map(() => "UpDecoderBlock2D"),
    norm_num_groups: 4,
  };
  assertThrows(() => read(json), ModelError, "at most 16 items");
});

Deno.test("the trained size is a side, or the lesser of height and width", () => {
  assertEquals(read({ ...BASE, sample_size: 64 }).sampleSize, 64);
  assertEquals(read({ ...BASE, sample_size: [96, 64] }).sampleSize, 64);
});
