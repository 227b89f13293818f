import { assertEquals, assertRejects } from "@std/assert";
import { FileError } from "../mod.ts";
import { checkTarget } from "./output_folder.ts";
import { inFolder } from "./testing/run_denoise.ts";

Deno.test("a folder may be new, empty, or a model that is to be replaced", () =>
  inFolder(async (cwd) => {
    await Deno.mkdir(`${cwd}/empty`);
    for (const name of ["model", "part"]) await Deno.mkdir(`${cwd}/${name}`);
    await Deno.writeTextFile(`${cwd}/model/model_index.json`, "{}");
    await Deno.writeTextFile(`${cwd}/part/config.json`, "{}");
    await Deno.writeTextFile(`${cwd}/model.ckpt`, "");
    const sources = [`${cwd}/model.ckpt`, "shapes", "hf:owner/name", "https://example.com/a.ckpt"];
    await checkTarget(`${cwd}/new`, { force: false, sources });
    await checkTarget(`${cwd}/empty`, { force: false, sources });
    await checkTarget(`${cwd}/model`, { force: true, sources });
    await checkTarget(`${cwd}/part`, { force: true, sources });
    // A name that begins alike is another folder.
    await Deno.mkdir(`${cwd}/model-2`);
    await checkTarget(`${cwd}/model`, { force: true, sources: [`${cwd}/model-2`] });
  }));

Deno.test("a folder may not be replaced that is something else, is read, or is stood in", () =>
  inFolder(async (cwd) => {
    await Deno.mkdir(`${cwd}/model/unet`, { recursive: true });
    await Deno.writeTextFile(`${cwd}/model/model_index.json`, "{}");
    await Deno.mkdir(`${cwd}/letters`);
    await Deno.writeTextFile(`${cwd}/letters/letter.txt`, "");
    const cases: [path: string, sources: string[], says: string][] = [
      ["letters", [], "such as letter.txt, and no model_index.json or config.json"],
      ["letters/letter.txt", [], "it is a file or a device"],
      ["model", [`${cwd}/model`], "which is read, is in it"],
      ["model/", ["shapes", `${cwd}/model/unet`], "which is read, is in it"],
      ["model", [`file://${cwd}/model/unet`], "which is read, is in it"],
      ["", [`${cwd}/model/unet`], "which is read, is in it"],
    ];
    for (const [path, sources, says] of cases) {
      const check = () => checkTarget(`${cwd}/${path}`, { force: true, sources });
      assertEquals((await assertRejects(check, FileError, says)).kind, "not a file");
    }
    const unforced = () => checkTarget(`${cwd}/model`, { force: false, sources: [] });
    await assertRejects(unforced, FileError, "--force replaces a model");
    for (const path of [".", "..", Deno.cwd(), "/"]) {
      const check = () => checkTarget(path, { force: true, sources: [] });
      await assertRejects(check, FileError, "it is the current folder, or around it");
    }
  }));
