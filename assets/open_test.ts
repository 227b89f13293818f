import { assert, assertEquals } from "@std/assert";
import { EMBEDDED_MODELS, openModel } from "../mod.ts";
import { openEmbeddedModel } from "./open.ts";

async function json(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await Deno.readTextFile(new URL(path, import.meta.url)));
}

Deno.test("every model that comes with the library opens, and has a card", async () => {
  const opened: string[] = [];
  for (const name of Object.keys(EMBEDDED_MODELS)) {
    const files = await openEmbeddedModel(name);
    assert(files !== undefined);
    const card = new TextDecoder().decode(await files.read("README.md"));
    assert(card.startsWith(`# ${name}: `), card.slice(0, 40));
    await using model = await openModel(name, { backend: "reference" });
    opened.push(`${name} ${model.className}`);
  }
  assertEquals(opened, [
    "shapes LDMTextToImagePipeline",
    "shapes-inpaint LDMTextToImagePipeline",
    "shapes-upscale LDMSuperResolutionPipeline",
  ]);
  assertEquals(await openEmbeddedModel("toString"), undefined);
});

Deno.test("packages of models are published as the library is, and none of them with it", async () => {
  const library = await json("../deno.json");
  const { include } = library.publish as { readonly include: readonly string[] };
  assert(!include.includes("assets"));
  for (const folder of library.workspace as readonly string[]) {
    const { name, version } = await json(`.${folder}/deno.json`);
    assertEquals([name, version], [`@denoise/${folder.split("/").at(-1)}`, library.version]);
    assert(!include.includes(folder.replace("./", "")), folder);
  }
});
