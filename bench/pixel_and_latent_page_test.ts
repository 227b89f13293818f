import { assertEquals, assertStringIncludes } from "@std/assert";
import type { CountedModel, MeasuredComparison, StageRun } from "./pixel_and_latent_measured.ts";
import { pixelAndLatentPage } from "./pixel_and_latent_page.ts";

const DOCS = new URL("../docs/", import.meta.url);

/** A model whose costs do not depend on the size. */
function model(
  name: string,
  { call, decoding, bytes }: {
    readonly call: number;
    readonly decoding: number;
    readonly bytes: number;
  },
): CountedModel {
  const network = (flops: number, bytes: number) => ({
    flops,
    attention: flops / 4,
    slots: { bytes, largest: bytes },
  });
  return {
    name,
    parameters: 5e6,
    decoderParameters: decoding === 0 ? null : 1e6,
    sizes: [256, 512, 1024].map((pixels) => ({
      pixels,
      unet: network(call, bytes),
      decoder: decoding === 0 ? null : network(decoding, 2 * bytes),
    })),
  };
}

const RUN: StageRun = {
  stage: "vq-f4",
  method: "encode",
  attention: false,
  pixels: 512,
  channels: 16,
};

const MEASURED: MeasuredComparison = {
  steps: 50,
  same: [
    model("LDM-1", { call: 40e12, decoding: 0, bytes: 3e8 }),
    model("LDM-4", { call: 1e12, decoding: 50e12, bytes: 1e8 }),
    model("LDM-8", { call: 5e11, decoding: 15e12, bytes: 1e8 }),
  ],
  paper: [],
  stages: [],
  timesOn: { cores: 3, load: 0.25, threads: 1 },
  times: [
    {
      name: "LDM-1",
      pixels: 64,
      steps: 10,
      picture: 20,
      unet: { seconds: 2, flops: 4e9 },
      decoder: null,
    },
    {
      name: "LDM-4",
      pixels: 64,
      steps: 50,
      picture: 8,
      unet: { seconds: 0.1, flops: 1e8 },
      decoder: { seconds: 1, flops: 5e9 },
    },
  ],
  peaks: [
    { ...RUN, seconds: 1, peak: 5e8 },
    { ...RUN, attention: true, seconds: null, peak: 1e9, problem: "no memory" },
  ],
};

Deno.test("a picture is its steps and one decoding, beside LDM-1's; memory is the larger", () => {
  const page = pixelAndLatentPage(MEASURED);
  assertStringIncludes(page, "| 256 | LDM-1 | 40.0 | 25 % | – | 2,000 | 1.0 | 300 MB* |");
  assertStringIncludes(page, "| 256 | LDM-4 | 1.00 | 25 % | 50.0 | 100 | 20 | 200 MB |");
  assertStringIncludes(page, "| 256 | LDM-8 | 0.500 | 25 % | 15.0 | 40.0 | 50 | 200 MB |");
  assertStringIncludes(page, "50.0 calls of LDM-4's U-Net and 30.0 of LDM-8's");
});

Deno.test("a picture of fewer steps is scaled, and said to be", () => {
  const page = pixelAndLatentPage(MEASURED);
  assertStringIncludes(page, "| ≈ 100.0 s | 1.0 | 1.0 |");
  // 50 * 4 GFLOP beside 50 * 0.1 + 5.
  assertStringIncludes(page, "| 0.100 | 1.0 | 1,000 ms | 8.0 s | 13 | 20 |");
  assertStringIncludes(page.replaceAll("\n", " "), "10 steps, 20.0 s, and is scaled to 50");
});

Deno.test("a run that did not succeed fails in its cell", () => {
  const page = pixelAndLatentPage(MEASURED);
  assertStringIncludes(page, "| 512 | 16 | VQ-f4 encoder | 1,074 | 500 | fails |");
});

Deno.test("the page is that of the numbers beside it", async () => {
  const measured = JSON.parse(
    await Deno.readTextFile(new URL("pixel_and_latent/measured.json", DOCS)),
  ) as MeasuredComparison;
  assertEquals(
    await Deno.readTextFile(new URL("pixel_and_latent.md", DOCS)),
    pixelAndLatentPage(measured),
  );
});
