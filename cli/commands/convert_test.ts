import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { clipTextTable } from "../../formats/originals/clip_text.ts";
import { place } from "../../formats/originals/key_map.ts";
import { writeSafetensors } from "../../formats/write_safetensors.ts";
import { i32 } from "../../graph/tensor_spec.ts";
import { pipeline } from "../../mod.ts";
import {
  randomOriginal,
  type Tensors,
  tinyStage,
  tinyUNet,
} from "../../tests/originals/tiny_checkpoint.ts";
import { inFolder, namesIn, runDenoise } from "../testing/run_denoise.ts";

const TOKENIZER = decodeURIComponent(
  new URL("../../tests/goldens/tokenizers/models/sd1/tokenizer", import.meta.url).pathname,
);

/** A text encoder for that tokenizer. */
function text(): Promise<Tensors> {
  const theirs = "cond_stage_model.transformer.text_model";
  return randomOriginal({
    className: "CLIPTextModel",
    json: {
      vocab_size: 1002,
      hidden_size: 64,
      intermediate_size: 64,
      num_hidden_layers: 1,
      num_attention_heads: 1,
      max_position_embeddings: 77,
    },
    methods: { forward: { input_ids: i32(1, 77) } },
    map: { pairs: place(clipTextTable(1), { ours: "text_model", theirs }) },
  });
}

/** Writes a small Stable Diffusion 1 checkpoint. */
async function writeCheckpoint(path: string, change: Tensors = {}): Promise<void> {
  const tensors = { ...await tinyUNet(), ...await tinyStage(), ...await text(), ...change };
  await Deno.writeFile(path, writeSafetensors(tensors));
}

/** What a model draws, before it is rounded. */
async function drawn(
  model: string,
  options: { readonly parts?: Readonly<Record<string, string>> } = {},
): Promise<Float32Array> {
  await using generate = await pipeline("text-to-image", model, {
    backend: "reference",
    ...options,
  });
  const request = { prompt: "a red circle", seed: 3, steps: 2, width: 16, height: 16 };
  const { tensor } = await generate(request);
  assert(tensor.data.every(Number.isFinite));
  assert(new Set(tensor.data).size > 10);
  return Float32Array.from(tensor.data);
}

Deno.test("the embedded model as a folder, in either type, draws the same", () =>
  inFolder(async (cwd) => {
    const before = await drawn("shapes");
    for (const [out, flags] of [["f32", []], ["f16", ["--dtype", "f16"]]] as const) {
      const ended = await runDenoise(["convert", "shapes", out, ...flags], { cwd });
      assertEquals(ended, { code: 0, out: `${out}\n`, err: "" });
      assertEquals(await drawn(`${cwd}/${out}`), before);
    }
    assertEquals(namesIn(cwd), ["f16", "f32"]);
    const size = async (out: string) =>
      (await Deno.stat(`${cwd}/${out}/unet/diffusion_pytorch_model.safetensors`)).size;
    assert(await size("f32") > 1.9 * await size("f16"));
  }));

Deno.test("a checkpoint as a folder draws the same, and says what it was taken for", () =>
  inFolder(async (cwd) => {
    await writeCheckpoint(`${cwd}/tiny.safetensors`);
    const parts = { tokenizer: TOKENIZER };
    const before = await drawn(`${cwd}/tiny.safetensors`, { parts });
    const args = ["convert", "tiny.safetensors", "out", "--tokenizer", TOKENIZER];
    const { code, out, err } = await runDenoise(args, { cwd });
    assertEquals([code, out], [0, "out\n"]);
    assertStringIncludes(err, "It is stable-diffusion: StableDiffusionPipeline.\n");
    assertStringIncludes(err, "Assumed: attention of the U-Net has 8 heads.\n");
    assertEquals(await drawn(`${cwd}/out`), before);
    assertEquals(namesIn(`${cwd}/out/tokenizer`), namesIn(TOKENIZER));
    // Its own parts again, by a folder and by a checkpoint.
    const vae = ["convert", "out", "again", "--vae", "tiny.safetensors", "--tokenizer", "out"];
    assertEquals(await runDenoise(vae, { cwd }), { code: 0, out: "again\n", err: "" });
    assertEquals(await drawn(`${cwd}/again`), before);
  }));

Deno.test("without a tokenizer it is written, with a warning; a tensor nobody uses is named", () =>
  inFolder(async (cwd) => {
    const other = {
      "safety.weight": { dtype: "f32", shape: [1], data: Float32Array.of(1) },
    } as const;
    await writeCheckpoint(`${cwd}/tiny.safetensors`, other);
    const { code, err } = await runDenoise(["convert", "tiny.safetensors", "out"], { cwd });
    assertEquals(code, 0);
    assertStringIncludes(err, "Warning: There is no tokenizer");
    assertStringIncludes(err, "1 tensors are not used: safety.weight\n");
    assert(!namesIn(`${cwd}/out`).includes("tokenizer"));
  }));

Deno.test("a number beyond half precision is an error, and nothing is written", () =>
  inFolder(async (cwd) => {
    const data = Float32Array.of(1, 1e5, 1, 1);
    const bias = {
      "model.diffusion_model.out.2.bias": { dtype: "f32", shape: [4], data },
    } as const;
    await writeCheckpoint(`${cwd}/tiny.safetensors`, bias);
    const args = ["convert", "tiny.safetensors", "out", "--dtype", "f16"];
    const { code, out, err } = await runDenoise(args, { cwd });
    assertEquals([code, out], [1, ""]);
    assertStringIncludes(err, 'Cannot convert "conv_out.bias" of ./tiny.safetensors to f16');
    assertEquals(namesIn(cwd), ["tiny.safetensors"]);
  }));

Deno.test("what is there is replaced only if it is a model, asked for, and not being read", () =>
  inFolder(async (cwd) => {
    await Deno.mkdir(`${cwd}/full`);
    await Deno.writeTextFile(`${cwd}/full/letter.txt`, "dear");
    await Deno.writeTextFile(`${cwd}/plain`, "");
    const run = (...args: string[]) => runDenoise(["convert", ...args], { cwd });
    assertEquals((await run("shapes", "model", "--dtype=f16")).code, 0);
    const cases: [args: string[], says: string][] = [
      [["shapes", "model"], "it has something in it already, such as"],
      [["shapes", "full"], "such as letter.txt; --force replaces a model"],
      [
        ["shapes", "full", "--force"],
        "no model_index.json or config.json: --force replaces models",
      ],
      [["shapes", ".", "--force"], "it is the current folder, or around it"],
      [["shapes", "..", "--force"], "it is the current folder, or around it"],
      [["shapes", "plain", "--force"], "it is a file or a device"],
      [["shapes", "none/model"], "its folder does not exist"],
      [["model", "model", "--force"], "model, which is read, is in it"],
      [
        ["shapes", "model", "--vae", "model/vqvae", "--force"],
        "model/vqvae, which is read, is in it",
      ],
      [["none", "new"], "model_index.json"],
      [["shapes", "new", "--tokenizer", "none"], "none"],
      [["shapes", "new", "--config", "plain"], "it is a folder, which has its own"],
    ];
    for (const [args, says] of cases) {
      const { code, out, err } = await run(...args);
      assertEquals([code, out], [1, ""], args.join(" "));
      assertStringIncludes(err, says, args.join(" "));
      assertEquals(namesIn(cwd), ["full", "model", "plain"], args.join(" "));
      assertEquals(namesIn(`${cwd}/full`), ["letter.txt"]);
    }
    const before = (await Deno.stat(`${cwd}/model/unet/config.json`)).ino;
    assertEquals((await run("shapes", "model", "--force")).code, 0);
    assert((await Deno.stat(`${cwd}/model/unet/config.json`)).ino !== before);
    assertEquals(namesIn(cwd), ["full", "model", "plain"]);
  }));
