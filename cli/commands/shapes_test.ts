import { assertEquals, assertStringIncludes } from "@std/assert";
import { drawScene, sampleScene } from "../../assets/shapes_world.ts";
import { decodePicture, TorchGenerator } from "../../mod.ts";
import { parseCsv } from "../evaluation/csv.ts";
import { openDataset } from "../evaluation/dataset.ts";
import { inFolder, namesIn, runDenoise } from "../testing/run_denoise.ts";

Deno.test("a seed's scenes are drawn with their captions", () =>
  inFolder(async (cwd) => {
    const args = ["shapes", "s", "-b", "3", "-s", "5", "--size", "24"];
    assertEquals(await runDenoise(args, { cwd }), { code: 0, out: "s\n", err: "" });
    assertEquals(namesIn(`${cwd}/s`), ["0.png", "1.png", "2.png", "scenes.csv"]);
    const { columns, rows } = parseCsv(
      await Deno.readTextFile(`${cwd}/s/scenes.csv`),
      "scenes.csv",
    );
    assertEquals(columns, ["image", "caption"]);
    const generator = new TorchGenerator(5);
    for (const { image, caption } of rows) {
      const expected = sampleScene(generator);
      assertEquals(caption, expected.caption);
      const { data } = await decodePicture(await Deno.readFile(`${cwd}/s/${image}`));
      assertEquals(data, drawScene(expected.scene, 24));
    }
    const again = await runDenoise(args, { cwd });
    assertEquals(again.code, 1);
    assertStringIncludes(again.err, "s");
  }));

Deno.test("questions make a data set for evaluation", () =>
  inFolder(async (cwd) => {
    const args = ["shapes", "s", "-b", "12", "-s", "5", "--size", "8", "--question", "shape"];
    await runDenoise(args, { cwd });
    const { items } = await openDataset(`${cwd}/s/scenes.csv`);
    assertEquals(items.length, 12);
    for (const { truth, labels, prompts } of items) {
      assertEquals(labels!.length, 8);
      assertStringIncludes(prompts![labels!.indexOf(truth)]!, truth);
    }
  }));

Deno.test("--force replaces scenes only", () =>
  inFolder(async (cwd) => {
    await Deno.mkdir(`${cwd}/home`);
    await Deno.writeTextFile(`${cwd}/home/thesis.txt`, "years of work");
    const args = ["-b", "1", "-s", "5", "--size", "8", "--force"];
    for (const folder of ["home", ".", cwd]) {
      const { code, err } = await runDenoise(["shapes", folder, ...args], { cwd });
      assertEquals(code, 1);
      assertStringIncludes(err, `Cannot write the folder ${folder}`);
    }
    assertEquals(namesIn(`${cwd}/home`), ["thesis.txt"]);
    assertEquals((await runDenoise(["shapes", "s", ...args], { cwd })).code, 0);
    assertEquals((await runDenoise(["shapes", "s", ...args], { cwd })).code, 0);
    assertEquals(namesIn(`${cwd}/s`), ["0.png", "scenes.csv"]);
  }));

Deno.test("at Ctrl-C no scenes are left", () =>
  inFolder(async (cwd) => {
    const { code, err } = await runDenoise(["shapes", "s", "-b", "1000000", "-s", "5"], {
      cwd,
      onStart: async (child) => {
        while (namesIn(cwd).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
        child.kill("SIGINT");
      },
    });
    assertEquals(code, 130);
    assertStringIncludes(err, "interrupted; nothing was written");
    assertEquals(namesIn(cwd), []);
  }));
