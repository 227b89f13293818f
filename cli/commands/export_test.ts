import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { decodePicture } from "../../mod.ts";
import { inFolder, namesIn, runDenoise } from "../testing/run_denoise.ts";

Deno.test("an exported model draws what the model draws", () =>
  inFolder(async (cwd) => {
    const { code, out, err } = await runDenoise(["export", "shapes", "onnx"], { cwd });
    assertEquals([code, out.trim()], [0, "onnx"], err);
    const again = await runDenoise(["export", "shapes", "onnx"], { cwd });
    assertEquals(again.code, 1);
    assertStringIncludes(again.err, "has something in it");
    const draw = async (model: string, backend: string) => {
      const size = ["--steps", "2", "-W", "48", "-H", "64", "--cfg-scale", "3", "-s", "1"];
      const drawn = await runDenoise(
        ["txt2img", "a red circle", "-m", model, "--backend", backend, "-o", "a.png", ...size],
        { cwd },
      );
      assertEquals(drawn.code, 0, drawn.err);
      return await decodePicture(await Deno.readFile(`${cwd}/a.png`));
    };
    const exported = await draw("onnx", "auto");
    const own = await draw("shapes", "reference");
    assertEquals([exported.width, exported.height], [48, 64]);
    const difference = Math.max(...exported.data.map((x, at) => Math.abs(x - own.data[at]!)));
    assert(difference <= 1, `${difference} levels`);
    const wrong = await runDenoise(
      ["txt2img", "a red circle", "-m", "onnx", "--backend", "reference", "-o", "b.png"],
      { cwd },
    );
    assertEquals(wrong.code, 1);
    assertStringIncludes(wrong.err, "ONNX files run on onnxruntime");
    assertEquals(namesIn(cwd), ["a.png", "onnx"]);
  }));

Deno.test("export says what it needs", () =>
  inFolder(async (cwd) => {
    for (
      const [args, says] of [
        [["export"], "a model and a folder"],
        [["export", "shapes"], "a model and a folder"],
        [["export", "shapes", "a", "b"], "there are two"],
      ] as const
    ) {
      const { code, err } = await runDenoise(args, { cwd });
      assertEquals(code, 2);
      assertStringIncludes(err, says);
    }
    assertEquals(namesIn(cwd), []);
  }));
