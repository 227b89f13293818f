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

Deno.test("what is there is replaced only if it is asked for; faults leave everything as it was", () =>
  inFolder(async (cwd) => {
    await Deno.mkdir(`${cwd}/full`);
    await Deno.writeTextFile(`${cwd}/full/letter.txt`, "dear");
    const run = (...args: string[]) => runDenoise(["convert", ...args], { cwd });
    assertEquals((await run("shapes", "model", "--dtype=f16")).code, 0);
    const cases: [args: string[], says: string][] = [
      [
        ["shapes", "full", "--force"],
        "no model_index.json or config.json: --force replaces a model only",
      ],
      [["shapes", "none/model"], "its folder does not exist"],
      [["model", "model", "--force"], "model, which is read, is in it"],
      [["shapes", "new", "--tokenizer", "none"], "none"],
    ];
    for (const [args, says] of cases) {
      const { code, out, err } = await run(...args);
      assertEquals([code, out], [1, ""], args.join(" "));
      assertStringIncludes(err, says, args.join(" "));
      assertEquals(namesIn(cwd), ["full", "model"], args.join(" "));
      assertEquals(namesIn(`${cwd}/full`), ["letter.txt"]);
    }
    const before = (await Deno.stat(`${cwd}/model/unet/config.json`)).ino;
    assertEquals((await run("shapes", "model", "--force")).code, 0);
    assert((await Deno.stat(`${cwd}/model/unet/config.json`)).ino !== before);
    assertEquals(namesIn(cwd), ["full", "model"]);
  }));

Deno.test(
  "Ctrl-C leaves nothing behind",
  { ignore: Deno.build.os === "windows" },
  () =>
    inFolder(async (cwd) => {
      const bytes = writeSafetensors({
        ...await tinyUNet(),
        ...await tinyStage(),
        ...await text(),
      });
      const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
      let child: Deno.ChildProcess | undefined;
      let seen: string[] = [];
      // The first tensor is answered after the signal has been sent.
      const server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen: () => {} },
        async (request) => {
          if (!new URL(request.url).pathname.endsWith("/tiny.safetensors")) {
            return new Response(null, { status: 404 });
          }
          const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "");
          if (range === null) return new Response(bytes);
          const [start, end] = [Number(range[1]), Number(range[2]) + 1];
          if (start >= header && child !== undefined) {
            seen = namesIn(cwd);
            child.kill("SIGINT");
            child = undefined;
            await new Promise((resolve) => setTimeout(resolve, 300));
          }
          return new Response(bytes.slice(start, end), {
            status: 206,
            headers: { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` },
          });
        },
      );
      const url = `http://127.0.0.1:${server.addr.port}/tiny.safetensors`;
      const { code, out, err } = await runDenoise(["convert", url, "out"], {
        cwd,
        permissions: ["--allow-read", `--allow-write=${cwd}`, "--allow-net=127.0.0.1"],
        onStart: (started) => void (child = started),
      });
      await server.shutdown();
      assertEquals([code, out], [130, ""], err);
      assertStringIncludes(err, "interrupted; nothing was written");
      assertEquals(seen.length, 1); // the folder under its temporary name
      assertEquals(namesIn(cwd), []);
    }),
);
