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
    // Of a file neither inner numbers nor all outputs are to be had; its tiles blend all the same, encoded and decoded.
    const redrawn = [
      "img2img",
      "-i",
      "a.png",
      "a ring",
      "--steps",
      "4",
      "--strength",
      "0.3",
      "-s",
      "1",
    ];
    const tiled = async (model: string, method: string) => {
      const drawn = await runDenoise(
        [...redrawn, "-m", model, "-o", "b.png", "--vae-tile", "32", "--vae-tile-method", method],
        { cwd },
      );
      assertEquals(drawn.code, 0, drawn.err);
      const { data } = await decodePicture(await Deno.readFile(`${cwd}/b.png`));
      await Deno.remove(`${cwd}/b.png`);
      return { data, err: drawn.err };
    };
    const [file, model] = [await tiled("onnx", "blended"), await tiled("shapes", "blended")];
    const apart = Math.max(...file.data.map((x, at) => Math.abs(x - model.data[at]!)));
    assert(apart <= 1, `${apart} levels`);
    assertStringIncludes((await tiled("onnx", "seamless")).err, "cannot be taken apart");
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
