import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { onnxBytes } from "../../formats/onnx/write_onnx.ts";
import {
  encodeJpeg,
  encodePng,
  f32,
  mul,
  settingsText,
  trace,
  writeSafetensors,
} from "../../mod.ts";
import { tinyCheckpoint, tinyStage } from "../../tests/originals/tiny_checkpoint.ts";
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
      ["shape", "embedded models are shapes, shapes-inpaint, shapes-upscale; did you mean shapes?"],
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
    const report = JSON.parse(json.out);
    const { memory: { working } } = report;
    assert(working > 1e6 && working < 1e8, String(working));
    assertEquals(report, {
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
        working,
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

Deno.test("a checkpoint: what it was recognised as, what was assumed, what is not used", () =>
  inFolder(async (cwd) => {
    const other = {
      "safety.weight": { dtype: "f32", shape: [2], data: new Float32Array(2) },
    } as const;
    const bytes = writeSafetensors({ ...await tinyCheckpoint("clip"), ...other });
    await Deno.writeFile(`${cwd}/tiny.safetensors`, bytes);
    const text = await runDenoise(["info", "tiny.safetensors"], { cwd, permissions });
    assertEquals([text.code, text.err], [0, ""]);
    for (
      const line of [
        "tiny.safetensors: StableDiffusionPipeline",
        "Recognised as stable-diffusion.",
        "Assumed: attention of the U-Net has 8 heads",
        "Not used: safety.weight",
        "Scheduler: DDIMScheduler, predicts epsilon",
      ]
    ) assert(text.out.split("\n").includes(line), text.out);
    const json = await runDenoise(["info", "tiny.safetensors", "--json"], { cwd, permissions });
    const { original, components, memory } = JSON.parse(json.out);
    assertEquals(original.kind, "stable-diffusion");
    assertEquals(original.assumed.length, 5);
    assertEquals([original.unused, original.unseen], [["safety.weight"], []]);
    const sum = (key: string) =>
      components.reduce((total: number, one: Record<string, number>) => total + (one[key] ?? 0), 0);
    assertEquals(memory.weights, { f32: 4 * sum("parameters"), f16: 2 * sum("parameters") });
    assertEquals(memory.stored, 4 * sum("parameters"));
    // What is stored beside is what the header takes, and two numbers that nothing uses.
    assert(bytes.length - memory.stored < 100_000);
    // A configuration beside it is read.
    const unet = { in_channels: 4, out_channels: 4, model_channels: 32, num_res_blocks: 1 };
    const params = { ...unet, channel_mult: [1, 2], num_heads: 4, context_dim: 64 };
    const target = "ldm.models.diffusion.ddpm.LatentDiffusion";
    const network = { target: "ldm.modules.diffusionmodules.openaimodel.UNetModel", params };
    const config = { parameterization: "v", use_ema: false, unet_config: network };
    const schedule = { linear_start: 0.001, linear_end: 0.02, scale_factor: 0.5 };
    await Deno.writeTextFile(
      `${cwd}/tiny.yaml`,
      JSON.stringify({ model: { target, params: { ...schedule, ...config } } }),
    );
    const told = await runDenoise(["info", "tiny.safetensors"], { cwd, permissions });
    assertStringIncludes(told.out, "DDIMScheduler, predicts v_prediction");
  }));

Deno.test("a file of weights that is no whole model", () =>
  inFolder(async (cwd) => {
    const half = { dtype: "F16", shape: [3, 2], data: new Float16Array(6) } as const;
    const ids = { dtype: "I64", shape: [4], data: new BigInt64Array(4) } as const;
    const bytes = writeSafetensors({ "a.weight": half, ids }, { format: "pt", "\x1b[2J": "x" });
    await Deno.writeFile(`${cwd}/a.safetensors`, bytes);
    const text = await runDenoise(["info", "a.safetensors"], { cwd, permissions });
    assertEquals([text.code, text.err], [0, ""]);
    assertStringIncludes(text.out, "2 tensors, 10 parameters, stored as I64, F16, 44 bytes\n");
    assertStringIncludes(text.out, "Beside them: \\x1b[2J, format\n");
    assertStringIncludes(text.out, "nothing known has its 2 tensors");
    const json = await runDenoise(["info", "a.safetensors", "--json"], { cwd, permissions });
    const { problem, metadata, ...rest } = JSON.parse(json.out);
    assertStringIncludes(problem, "nothing known");
    assertEquals(metadata.format, "pt");
    assertEquals(rest, {
      file: "a.safetensors",
      tensors: 2,
      parameters: 10,
      stored: "I64, F16",
      bytes: 44,
      values: [],
    });
    await Deno.writeFile(`${cwd}/b.safetensors`, bytes.subarray(0, -1));
    await Deno.writeTextFile(`${cwd}/c.ckpt`, "no pickle");
    for (
      const [name, says] of [["b.safetensors", "truncated"], ["c.ckpt", "Cannot read"]] as const
    ) {
      const { code, out, err } = await runDenoise(["info", name], { cwd, permissions });
      assertEquals([code, out], [1, ""]);
      assertStringIncludes(err, says);
    }
    // A first stage alone is a model of one network.
    await Deno.writeFile(`${cwd}/vae.safetensors`, writeSafetensors(await tinyStage()));
    const vae = await runDenoise(["info", "vae.safetensors"], { cwd, permissions });
    assertStringIncludes(vae.out, "vae.safetensors: AutoencoderKL\n\nRecognised as autoencoder.");
    assertStringIncludes(vae.out, "Tasks: none by itself");
  }));

Deno.test("an ONNX file: what it takes and gives", () =>
  inFolder(async (cwd) => {
    const graph = trace(({ x }) => ({ twice: mul(x, 2) }), { x: f32(3, 4) });
    const bytes = await onnxBytes(graph, {});
    await Deno.writeFile(`${cwd}/twice.onnx`, bytes);
    const { code, out, err } = await runDenoise(["info", "twice.onnx"], { cwd, permissions });
    assertEquals([code, err], [0, ""]);
    assert(
      /^twice.onnx: opset \d+, \d+ bytes\n {2}takes x float32 \[3, 4\]\n {2}gives /.test(out),
      out,
    );
  }));

const SHARED = new URL("../../../shared/goldens/onnx/models/sd1-f16", import.meta.url);

function isShared(): boolean {
  try {
    return Deno.statSync(SHARED).isDirectory;
  } catch {
    return false;
  }
}

Deno.test("a folder of ONNX files", { ignore: !isShared() }, () =>
  inFolder(async (cwd) => {
    const folder = decodeURIComponent(SHARED.pathname);
    const { code, out, err } = await runDenoise(["info", folder, "--json"], { cwd, permissions });
    assertEquals([code, err], [0, ""]);
    const { components, memory } = JSON.parse(out);
    const { onnx, bytes } = components.find(({ name }: { name: string }) => name === "vae");
    assertEquals(onnx.map(({ method }: { method: string }) => method), ["decode", "encode"]);
    assertEquals([onnx[0].opset, onnx[0].inputs], [18, [{
      name: "latent_sample",
      type: "float16",
      dims: ["batch_size", 4, "latent_height", "latent_width"],
    }]]);
    assertEquals(bytes, onnx[0].bytes + onnx[1].bytes);
    assertEquals([memory.weights, memory.working], [null, null]);
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
