import { assert, assertEquals } from "@std/assert";
import { config } from "../formats/config_reader.ts";
import { memoryFiles } from "../formats/file_source.ts";
import type { JsonObject } from "../formats/json.ts";
import { openModelFolder } from "../formats/model_folder.ts";
import { peakBytes } from "../graph/passes/peak_bytes.ts";
import { f32, i32 } from "../graph/tensor_spec.ts";
import { modelOf, openModel } from "./model.ts";
import { networkReaders } from "./networks/mod.ts";
import { workingMemory } from "./working_memory.ts";

Deno.test("the larger of the denoiser's and the decoder's needs, at the model's own size", async () => {
  await using model = await openModel("shapes", { backend: "reference" });
  const unet = model.network("unet").methods.get("forward")!.graph({
    sample: f32(2, 4, 16, 16),
    timestep: f32(2),
    encoder_hidden_states: f32(2, 77, 96),
  });
  const decoder = model.network("vqvae").methods.get("decode")!.graph({ z: f32(1, 4, 16, 16) });
  const bytes = workingMemory(model);
  assertEquals(bytes, Math.max(peakBytes(unet), peakBytes(decoder)));
  assert(bytes !== null && bytes > 1e6);
});

/** A model of pixels whose U-Net has these settings. */
async function pixels(changes: JsonObject): Promise<number | null> {
  const unet = {
    _class_name: "UNet2DModel",
    block_out_channels: [32, 32],
    down_block_types: ["DownBlock2D", "DownBlock2D"],
    up_block_types: ["UpBlock2D", "UpBlock2D"],
    ...changes,
  };
  const files = memoryFiles(
    new Map([
      [
        "model_index.json",
        `{ "_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"],
           "scheduler": ["diffusers", "DDPMScheduler"] }`,
      ],
      ["unet/config.json", JSON.stringify(unet)],
      ["scheduler/scheduler_config.json", "{}"],
    ]),
  );
  await using model = await modelOf(await openModelFolder(files), { backend: "reference" });
  const bytes = workingMemory(model);
  const { sample_size: size } = changes;
  if (bytes === null || !Array.isArray(size)) return bytes;
  const [height, width] = size as [number, number];
  const graph = networkReaders.get("UNet2DModel")!(config(unet, "unet")).methods.get("forward")!
    .graph({
      sample: f32(1, 3, height, width),
      timestep: f32(1),
      ...("num_class_embeds" in changes ? { class_labels: i32(1) } : {}),
    });
  assertEquals(bytes, peakBytes(graph));
  return bytes;
}

Deno.test("sides that differ, classes, and a size that is not said", async () => {
  const small = await pixels({ sample_size: [8, 16] });
  assert(small !== null && small > 0);
  // A class is a number more.
  assertEquals(await pixels({ sample_size: [16, 8], num_class_embeds: 5 }), small + 4);
  const large = await pixels({ sample_size: 16 });
  assert(large !== null && large > small);
  assertEquals(await pixels({ sample_size: null }), null);
  assertEquals(await pixels({}), null);
});
