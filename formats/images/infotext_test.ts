import { assertEquals, assertThrows } from "@std/assert";
import { encodePng } from "./encode_png.ts";
import {
  formatInfotext,
  parseInfotext,
  readSettings,
  type Settings,
  settingsText,
} from "./infotext.ts";
import { readPngText } from "./png_text.ts";

const FULL: Settings = {
  prompt: "a red circle",
  negativePrompt: "blurry",
  steps: 20,
  sampler: "Euler a",
  guidance: 7.5,
  seed: 4294967295,
  width: 512,
  height: 640,
  model: "v1-5-pruned",
  "Denoising strength": 0.75,
  RNG: "CPU",
};

Deno.test("formatInfotext writes the web UI's form", () => {
  assertEquals(
    formatInfotext(FULL),
    "a red circle\nNegative prompt: blurry\n" +
      "Steps: 20, Sampler: Euler a, CFG scale: 7.5, Seed: 4294967295, Size: 512x640, " +
      "Model: v1-5-pruned, Denoising strength: 0.75, RNG: CPU",
  );
});

Deno.test("parseInfotext reads what formatInfotext wrote", () => {
  const awkward: readonly Settings[] = [
    FULL,
    { ...FULL, prompt: "a, (b:1.2), [c|d]\n<lora:x:0.5>\n\nlast: line, 1: 2" },
    { ...FULL, prompt: 'she said "no", \\"never\\"', negativePrompt: "two\nlines, of\nit" },
    { ...FULL, prompt: "🐈‍⬛ 日本語 café" },
    { ...FULL, prompt: "" },
    { ...FULL, model: "dir/a: b, c\nd", sampler: '"quoted"' },
    { ...FULL, model: " spaces ", sampler: "[7, 8]" },
    { ...FULL, "Lora hashes": "x: 0a1b, y: 2c3d", "Größe 2": "C:\\tmp", VAE: "" },
  ];
  for (const settings of awkward) assertEquals(parseInfotext(formatInfotext(settings)), settings);
});

Deno.test("parseInfotext reads AUTOMATIC1111's samples", () => {
  assertEquals(
    parseInfotext(
      "masterpiece, (a cat:1.2)\n" +
        "sitting BREAK on a mat\n" +
        "Negative prompt: EasyNegative, bad\n" +
        "  hands \n" +
        "Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 965400086, " +
        'Size: 512x512, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Clip skip: 2, TI hashes: "EasyNegative: ' +
        'c74b4e810b03, x: 1", Version: v1.10.1',
    ),
    {
      prompt: "masterpiece, (a cat:1.2)\nsitting BREAK on a mat",
      negativePrompt: "EasyNegative, bad\nhands",
      steps: 30,
      sampler: "DPM++ 2M",
      "Schedule type": "Karras",
      guidance: 7,
      seed: 965400086,
      width: 512,
      height: 512,
      "Model hash": "6ce0161689",
      model: "v1-5-pruned-emaonly",
      "Clip skip": 2,
      "TI hashes": "EasyNegative: c74b4e810b03, x: 1",
      Version: "v1.10.1",
    },
  );
});

Deno.test("parseInfotext reads stable-diffusion.cpp's samples", () => {
  assertEquals(
    parseInfotext(
      "a lovely cat\nNegative prompt: dog\n" +
        "Steps: 20, CFG scale: 7.000000, SLG scale: 7.000000, Skip layers: [7, 8, 9, ], Skip layer start: 0.010000, " +
        "Guidance: 3.500000, Eta: 0.000000, Seed: 42, Size: 512x768, Model: sd-v1-4.ckpt, RNG: cuda, " +
        "Sampler: euler_a karras, Version: stable-diffusion.cpp",
    ),
    {
      prompt: "a lovely cat",
      negativePrompt: "dog",
      steps: 20,
      guidance: 7,
      "SLG scale": "7.000000",
      "Skip layers": "[7, 8, 9, ]",
      "Skip layer start": "0.010000",
      Guidance: "3.500000",
      Eta: "0.000000",
      seed: 42,
      width: 512,
      height: 768,
      model: "sd-v1-4.ckpt",
      RNG: "cuda",
      sampler: "euler_a karras",
      Version: "stable-diffusion.cpp",
    },
  );
});

Deno.test("parseInfotext takes a last line of fewer than three pairs for prompt", () => {
  assertEquals(parseInfotext("a cat\nSteps: 20, Seed: 1"), { prompt: "a cat\nSteps: 20, Seed: 1" });
  assertEquals(parseInfotext(""), { prompt: "" });
  assertEquals(parseInfotext("Steps: 20, Seed: 1, Size: 8x8").prompt, "");
});

Deno.test("parseInfotext keeps what is not as it should be, and lets nothing replace our fields", () => {
  assertEquals(
    parseInfotext(
      "p\nSteps: many, Seed: 9223372036854775807, Size: large, prompt: q, CFG scale: , __proto__: 1",
    ),
    JSON.parse(
      '{"prompt": "p", "Steps": "many", "Seed": "9223372036854775807", "Size": "large", "CFG scale": "", "__proto__": 1}',
    ),
  );
});

Deno.test("formatInfotext refuses what cannot be written", () => {
  assertThrows(() => formatInfotext({ prompt: "", seed: NaN }), RangeError, "Seed: NaN");
  assertThrows(() => formatInfotext({ prompt: "", "a:b": 1 }), RangeError, '"a:b"');
  assertThrows(() => formatInfotext({ prompt: "", x: 1 }), RangeError, '"x"');
  assertThrows(
    () => formatInfotext({ prompt: "", steps: 1, Steps: 2 }),
    RangeError,
    "another field",
  );
});

Deno.test("settings survive a PNG exactly, also where infotext cannot say them", async () => {
  const data = Uint8Array.of(0);
  for (
    const settings of [
      FULL,
      { prompt: "a sign that says\nNegative prompt: none\nSteps: 1, Seed: 2, Size: 3x4" },
      { prompt: "  outer spaces \n", negativePrompt: "\r\n", seed: 1 },
      { prompt: "NUL \0, a lone \ud800, 🐈", steps: 3, sampler: "x", guidance: 0.1 + 0.2 },
      { prompt: "", width: 8, Hash: "0123" },
    ] satisfies Settings[]
  ) {
    const text = settingsText(settings);
    const png = await encodePng({ width: 1, height: 1, channels: 1, data }, { text });
    assertEquals(readSettings(await readPngText(png)), settings);
  }
});

Deno.test("readSettings falls back on infotext where the exact text is someone else's", () => {
  const parameters = "a cat\nSteps: 20, Seed: 7, CFG scale: 5";
  const parsed = { prompt: "a cat", steps: 20, seed: 7, guidance: 5 };
  for (
    const denoise of [
      "",
      "no JSON",
      "[]",
      "null",
      "{}",
      '{"prompt": 1}',
      '{"prompt": "", "seed": "1"}',
    ]
  ) {
    assertEquals(readSettings(new Map(Object.entries({ parameters, denoise }))), parsed);
  }
  assertEquals(readSettings(new Map([["Title", "x"]])), undefined);
});
