import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { encodeJpeg, encodePng, settingsText } from "../../mod.ts";
import { inFolder, runDenoise } from "../testing/run_denoise.ts";

const PICTURE = { width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) } as const;
const permissions = ["--allow-read"];

Deno.test("a picture's settings", () =>
  inFolder(async (cwd) => {
    const settings = { prompt: "a\nb \x1b[2J", negativePrompt: "", steps: 2, "Clip skip": 1 };
    const png = await encodePng(PICTURE, { text: settingsText(settings) });
    await Deno.writeFile(`${cwd}/a.png`, png);
    const text = await runDenoise(["info", "a.png"], { cwd, permissions });
    assertEquals([text.code, text.err], [0, ""]);
    assertEquals(text.out.split("\n"), [
      "prompt           a",
      "  b \\x1b[2J",
      "negative prompt",
      "steps            2",
      "Clip skip        1",
      "",
    ]);
    const json = await runDenoise(["info", "--json", "a.png"], { cwd, permissions });
    assertEquals(JSON.parse(json.out), { file: "a.png", settings });
  }));

Deno.test("what tells nothing is an error that says why", () =>
  inFolder(async (cwd) => {
    await Deno.writeFile(`${cwd}/plain.png`, await encodePng(PICTURE));
    await Deno.writeFile(`${cwd}/a.jpg`, await encodeJpeg(PICTURE));
    await Deno.writeTextFile(`${cwd}/text.png`, "no picture");
    await Deno.writeTextFile(`${cwd}/empty`, "");
    await Deno.mkdir(`${cwd}/folder`);
    const cases = [
      ["plain.png", "it has no settings in it"],
      ["a.jpg", "it is a JPEG"],
      ["text.png", "Cannot"],
      ["empty", "Cannot"],
      ["folder", "model_index.json"],
      ["shape", "embedded models are shapes; did you mean shapes?"],
    ];
    for (const [subject, says] of cases) {
      const { code, out, err } = await runDenoise(["info", subject!], { cwd, permissions });
      assertEquals([code, out], [1, ""], subject);
      assert(/^denoise: Cannot [^\n]+\n$/.test(err), err);
      assertStringIncludes(err, says!);
    }
  }));

Deno.test("an embedded model, and the same as a folder", () =>
  inFolder(async (cwd) => {
    const text = await runDenoise(["info", "shapes"], { cwd, permissions });
    assertEquals([text.code, text.err], [0, ""]);
    assert(/^unet +UNet2DConditionModel +4,177,892 +F16$/m.test(text.out), text.out);
    assertStringIncludes(text.out, "Defaults: 20 steps, guidance 3, 128x128, DDIMScheduler");
    const folder = decodeURIComponent(new URL("../../assets/shapes", import.meta.url).pathname);
    const json = await runDenoise(["info", folder, "--json"], { cwd, permissions });
    assertEquals(JSON.parse(json.out), {
      model: folder,
      class: "LDMTextToImagePipeline",
      components: [
        {
          name: "bert",
          class: "LDMBertModel",
          kind: "network",
          parameters: 291288,
          stored: "F16",
          bytes: 582576,
        },
        { name: "scheduler", class: "DDIMScheduler", kind: "scheduler" },
        { name: "tokenizer", class: "BertTokenizer", kind: "tokenizer" },
        {
          name: "unet",
          class: "UNet2DConditionModel",
          kind: "network",
          parameters: 4177892,
          stored: "F16",
          bytes: 8355784,
        },
        {
          name: "vqvae",
          class: "AutoencoderKL",
          kind: "network",
          parameters: 858583,
          stored: "F16",
          bytes: 1717166,
        },
      ],
      tasks: ["text-to-image", "image-to-image", "inpainting", "zero-shot-image-classification"],
      scheduler: { class: "DDIMScheduler", prediction: "v_prediction" },
      memory: {
        weights: { f32: 21311052, f16: 10655526 },
        stored: 10655526,
        working: JSON.parse(json.out).memory.working,
      },
      defaults: {
        steps: 20,
        guidanceScale: 3,
        width: 128,
        height: 128,
        sampler: "DDIMScheduler",
        prediction: "v_prediction",
      },
    });
  }));

Deno.test("configurations without weights, of a pipeline that nothing here draws with", () =>
  inFolder(async (cwd) => {
    const files = {
      "model_index.json": `{ "_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"],
           "scheduler": ["diffusers", "DDPMScheduler"] }`,
      "unet/config.json": `{ "_class_name": "UNet2DModel" }`,
      "scheduler/scheduler_config.json": "{}",
    };
    for (const part of ["unet", "scheduler"]) {
      await Deno.mkdir(`${cwd}/m/${part}`, { recursive: true });
    }
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${cwd}/m/${name}`, text);
    }
    const { code, out, err } = await runDenoise(["info", "m"], { cwd, permissions });
    assertEquals([code, err], [0, ""]);
    assert(/^unet +UNet2DModel +none$/m.test(out), out);
    assertStringIncludes(out, "Cannot open the weights of m/unet");
    assertStringIncludes(out, "Cannot draw from text with m: it is of the class DDPMPipeline");
  }));

Deno.test("without a subject, what is here and works", () =>
  inFolder(async (cwd) => {
    const text = await runDenoise(["info"], { cwd, permissions: [] });
    assertEquals([text.code, text.err], [0, ""]);
    assert(/^denoise \d+\.\d+\.\d+\n/.test(text.out), text.out);
    const { models, backends } = JSON.parse((await runDenoise(["info", "--json"], { cwd })).out);
    assert("shapes" in models);
    assertEquals(backends.find(({ name }: { name: string }) => name === "reference"), {
      name: "reference",
      works: true,
      description: "reference",
    });
  }));
