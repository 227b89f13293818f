import { assertEquals } from "@std/assert";
import { memoryFiles } from "../formats/files.ts";
import { saveModelFolder } from "../formats/save_model_folder.ts";
import { joinBytes } from "../formats/torch/testing/write_zip.ts";
import { type FileSource, type Model, pipeline, referenceBackend } from "../mod.ts";
import { inpaint, inpaintingParts } from "../pipelines/inpainting.ts";
import { smallLatentInpainter } from "./small_inpainters.ts";
import { smallPalette } from "./small_palette.ts";

/** An open model's folder, as `convert` would write it. */
async function savedFolder({ folder }: Model): Promise<FileSource> {
  const contents = new Map<string, Uint8Array>();
  const { files } = await saveModelFolder(folder, { dtype: "F32" });
  for await (const [path, content] of files) {
    const parts = content instanceof Uint8Array ? [content] : await Array.fromAsync(content);
    contents.set(path, joinBytes(parts));
  }
  return memoryFiles(contents, "saved");
}

const IMAGE = {
  width: 16,
  height: 16,
  channels: 3,
  data: Uint8Array.from({ length: 768 }, (_, k) => k * 37 % 256),
} as const;
const MASK = {
  width: 16,
  height: 16,
  channels: 1,
  data: Uint8Array.from({ length: 256 }, (_, k) => k % 16 < 6 ? 255 : 0),
} as const;
const REQUEST = { image: IMAGE, mask: MASK, steps: 2, seed: 5 };

Deno.test("a saved inpainter of latent diffusion's own kind paints as the checkpoint does", async () => {
  await using backend = referenceBackend();
  await using model = await smallLatentInpainter(backend);
  const parts = await inpaintingParts(model);
  using _arithmetic = parts.arithmetic;
  const { tensor } = await inpaint(parts, REQUEST);
  await using generate = await pipeline("inpainting", await savedFolder(model), { backend });
  const again = await generate(REQUEST);
  assertEquals(again.tensor.data, tensor.data);
});

Deno.test("a saved Palette inpaints, and what is kept is as it was", async () => {
  await using backend = referenceBackend();
  const model = smallPalette(backend);
  const parts = await inpaintingParts(model);
  using _arithmetic = parts.arithmetic;
  const { tensor, images, mask } = await inpaint(parts, REQUEST);
  assertEquals([mask.shape, ...mask.data.subarray(4, 8)], [[1, 1, 16, 16], 1, 1, 0, 0]);
  const changed = new Set<number>();
  images[0]!.data.forEach((value, at) => {
    if (value !== IMAGE.data[at]) changed.add(Math.floor(at / 3) % 16);
  });
  assertEquals([...changed].sort(), [0, 1, 2, 3, 4, 5]);
  await using generate = await pipeline("inpainting", await savedFolder(model), { backend });
  assertEquals((await generate(REQUEST)).tensor.data, tensor.data);
  const inverted = await generate({ ...REQUEST, invertMask: true, steps: 1 });
  assertEquals([...inverted.mask.data.subarray(4, 8)], [0, 0, 1, 1]);
});
