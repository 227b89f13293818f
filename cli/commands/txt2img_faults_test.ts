import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { decodePicture } from "../../mod.ts";
import { backendModule } from "../testing/backend_module.ts";
import { inFolder, namesIn, runDenoise, type RunOptions } from "../testing/run_denoise.ts";

const SMALL = ["--steps", "2", "-W", "32", "-H", "32"];

/** Runs `txt2img` in a folder of its own, which must be empty afterwards. */
function fails(
  args: readonly string[],
  expected: { readonly code: number; readonly says: string },
  options: (cwd: string) => Omit<RunOptions, "cwd"> = () => ({}),
): Promise<void> {
  return inFolder(async (cwd) => {
    const { code, out, err } = await runDenoise(["txt2img", ...args], { cwd, ...options(cwd) });
    assertEquals([code, out], [expected.code, ""], `${args.join(" ")}: ${err}`);
    assertStringIncludes(err, expected.says);
    assert(err.startsWith("denoise: "), err);
    assertEquals(err.includes("\n    at "), false, err);
    assertEquals(namesIn(cwd), []);
  });
}

Deno.test("values that cannot be are refused before anything is loaded", async () => {
  const wanted = "it must be a whole number from -1 to 9007199254740991";
  const cases: [args: string[], says: string][] = [
    [["a", "-s", "1.5"], `Cannot use --seed 1.5: ${wanted}`],
    [["a", "-s", "12abc"], `Cannot use --seed 12abc: ${wanted}`],
    [["a", "-s", "9007199254740992"], `Cannot use --seed 9007199254740992: ${wanted}`],
    [["a", "-s", "-2"], `Cannot use --seed -2: ${wanted}`],
    [["a", "-s", "9007199254740991", "-b", "2"], "the last seed must be at most 9007199254740991"],
    [["a", "--steps", "0"], "Cannot use --steps 0"],
    [["a", "--cfg-scale", "high"], "Cannot use --cfg-scale high: it must be a number"],
    [
      ["a", "-o", "out.gif"],
      "Cannot use --output out.gif: its name must end in .png, .jpg or .jpeg",
    ],
    [["a", "--preview", "out.png"], "out.png is also written by --output"],
    [["a", "--precision", "f8"], "Cannot use --precision f8: it must be f32 or f16"],
    [["a", "--vae-tile", "half"], "Cannot use --vae-tile half"],
    [["a", "--vae-tile", "64", "--vae-tile-method", "blend"], "did you mean blended?"],
    [["a", "--vae-tile-overlap", "8"], "Cannot use --vae-tile-overlap without a size"],
    [["a", "--vae-tile", "off", "--vae-tile-method", "blended"], "without a size"],
  ];
  for (const [args, says] of cases) await fails(args, { code: 2, says });
});

Deno.test("settings that the model cannot do are refused with what it can", async () => {
  const cases: [args: string[], says: string][] = [
    [["-W", "100"], "Cannot use width 100: it must be a multiple of 8; 96 and 104 are"],
    [["-H", "36"], "Cannot use height 36"],
    [["--eta", "2"], "Cannot use eta 2: it must be from 0 to 1"],
    [["--vae-tile", "100"], "Cannot use autoencoder tiles of 100 pixels"],
    [["--steps", "1001"], "1001"],
    [["--sampler", "eular"], "eular"],
    [["-m", "/no/such/folder"], "/no/such/folder"],
    [["-o", "none/out.png"], "Cannot write none/out.png: its folder does not exist"],
    [["--backend", "./none.ts"], "Cannot use the backend ./none.ts: "],
  ];
  for (const [args, says] of cases) await fails(["a", "-s", "1", ...args], { code: 1, says });
});

Deno.test("without permission to write nothing is drawn", () =>
  fails(["a", ...SMALL], { code: 1, says: "Cannot write out.png: Requires write access" }, () => ({
    permissions: ["--allow-read"],
  })));

Deno.test("without permission to read the model nothing is written", () =>
  fails(["a", "-s", "1", ...SMALL], { code: 1, says: "Cannot read model_index.json" }, (cwd) => ({
    permissions: [`--allow-read=${cwd}`, `--allow-write=${cwd}`],
  })));

Deno.test("a folder in the place of the file is refused", () =>
  inFolder(async (cwd) => {
    await Deno.mkdir(`${cwd}/out.png`);
    const { code, err } = await runDenoise(["txt2img", "a", ...SMALL], { cwd });
    assertEquals([code, err], [1, "denoise: Cannot write out.png: it is a folder\n"]);
    assertEquals(namesIn(`${cwd}/out.png`), []);
  }));

/** A copy of the embedded model with something wrong. */
async function damaged(
  folder: string,
  damage: (model: string) => Promise<void>,
): Promise<string> {
  const model = `${folder}/model`;
  const source = new URL("../../assets/shapes/", import.meta.url);
  for (const part of ["", "bert/", "scheduler/", "tokenizer/", "unet/", "vqvae/"]) {
    await Deno.mkdir(`${model}/${part}`);
    for await (const { name, isFile } of Deno.readDir(new URL(part, source))) {
      if (isFile) await Deno.copyFile(new URL(part + name, source), `${model}/${part}${name}`);
    }
  }
  await damage(model);
  return model;
}

Deno.test("a damaged model is refused, naming what is wrong with it", async () => {
  const weights = "unet/diffusion_pytorch_model.safetensors";
  const damages: [says: string, damage: (model: string) => Promise<void>][] = [
    ["unet", (model) => Deno.remove(`${model}/unet`, { recursive: true })],
    [weights, (model) => Deno.truncate(`${model}/${weights}`, 100_000)],
    [weights, (model) => Deno.writeTextFile(`${model}/${weights}`, "<html>404</html>")],
    ["model_index.json", (model) => Deno.writeTextFile(`${model}/model_index.json`, "{")],
    ["of another shape: model.layers.0", async (model) => {
      const path = `${model}/bert/config.json`;
      const config = JSON.parse(await Deno.readTextFile(path));
      await Deno.writeTextFile(path, JSON.stringify({ ...config, encoder_ffn_dim: 7 }));
    }],
  ];
  for (const [says, damage] of damages) {
    await inFolder(async (cwd) => {
      const model = await damaged(cwd, damage);
      const { code, out, err } = await runDenoise(
        ["txt2img", "a", "-s", "1", "-m", model, ...SMALL],
        { cwd },
      );
      assertEquals([code, out], [1, ""], err);
      assertStringIncludes(err, says);
      assert(/^denoise: Cannot [^\n]+\n$/.test(err), err);
      assertEquals(namesIn(cwd), ["model"]);
    });
  }
});

Deno.test("--check names the operator that a backend computes wrongly, and nothing is written", () =>
  inFolder(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/bad.js`, backendModule({ faulty: true }));
    const args = ["txt2img", "a", "-s", "1", "--check", "--backend", "./bad.js", ...SMALL];
    const { code, out, err } = await runDenoise(args, { cwd });
    assertEquals([code, out], [1, ""], err);
    assertStringIncludes(err, "denoise: Cannot trust mine: groupNorm at ");
    assertEquals(namesIn(cwd), ["bad.js"]);
  }));

Deno.test("Ctrl-C ends the work with exit code 130 and leaves no partial file", {
  ignore: Deno.build.os === "windows", // there a signal cannot be sent to one process
}, () =>
  inFolder(async (cwd) => {
    const args = ["a", "-s", "1", "--steps", "500", "--preview", "p.png", "-W", "32", "-H", "32"];
    const { code, out, err } = await runDenoise(["txt2img", ...args], {
      cwd,
      onStart: async (child) => {
        const deadline = Date.now() + 60_000;
        while (!namesIn(cwd).includes("p.png") && Date.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        child.kill("SIGINT");
      },
    });
    assertEquals([code, out, err], [130, "", "denoise: interrupted; nothing was written\n"]);
    assertEquals(namesIn(cwd), ["p.png"]);
    await decodePicture(await Deno.readFile(`${cwd}/p.png`)); // whole
  }));

Deno.test("files that would be one are refused however they are spelt", () =>
  inFolder(async (cwd) => {
    for (
      const [option, value, says] of [
        ["--grid", "./a-1.png", "Cannot use --grid"],
        ["--grid", `${cwd}/x/../a-1.png`, "Cannot use --grid"],
        ["--preview", "./a.png", "Cannot use --preview"],
      ] as const
    ) {
      const args = ["txt2img", "a", "-b", "2", "-o", "a.png", option, value, ...SMALL];
      const { code, err } = await runDenoise(args, { cwd });
      assertEquals(code, 2);
      assertStringIncludes(err, says);
    }
  }));

Deno.test("a model that is not there is named, with those that are", () =>
  fails(["a", "-m", "nosuch", ...SMALL], {
    code: 1,
    says:
      "Cannot open the model nosuch: there is no model_index.json in a folder of that name, and embedded models are shapes",
  }));
