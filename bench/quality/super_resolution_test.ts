import { assert, assertEquals, assertThrows } from "@std/assert";
import { measureFidelity } from "./fidelity.ts";
import { formatFidelity, madeSmaller } from "./super_resolution.ts";
import { readTaskOptions } from "./task_options.ts";
import { unseenScene } from "./unseen_scenes.ts";
import { psnr } from "./psnr.ts";
import { ssim } from "./ssim.ts";

/** A picture of one level, its first byte another. */
function spotted(level: number, spot: number) {
  const data = new Uint8Array(3 * 121).fill(level);
  data[0] = spot;
  return { height: 11, width: 11, data };
}

Deno.test("a set's means are those of its pictures, and the pooled ratio is less", () => {
  const originals = [spotted(100, 100), spotted(100, 200)];
  const pictures = [spotted(100, 110), spotted(100, 100)];
  const { psnr: ratios, ssim: similarities, ...whole } = measureFidelity(pictures, originals);
  assertEquals(ratios, pictures.map((picture, at) => psnr([[picture, originals[at]!]])));
  assertEquals(similarities, pictures.map((picture, at) => ssim(picture, originals[at]!)));
  assertEquals(whole.meanPsnr, (ratios[0]! + ratios[1]!) / 2);
  assertEquals(whole.meanSsim, (similarities[0]! + similarities[1]!) / 2);
  assert(whole.pooledPsnr < whole.meanPsnr);
  assertThrows(() => measureFidelity(pictures, []), RangeError, "2 pictures with 0 originals");
});

Deno.test("the table counts the pictures that are nearer than bicubic's", () => {
  const fidelity = (psnr: readonly number[], ssim: readonly number[]) => ({
    psnr,
    ssim,
    meanPsnr: 30,
    pooledPsnr: 29,
    meanSsim: 0.9,
  });
  const text = formatFidelity({
    bicubic: fidelity([30, 30, 30], [0.9, 0.9, 0.9]),
    model: fidelity([31, 29, 30], [0.95, 0.92, 0.8]),
    autoencoder: fidelity([40, 40, 40], [0.99, 0.99, 0.99]),
  });
  const rows = text.split("\n").map((line) => line.split(/ {2,}/));
  assertEquals(rows[0], ["", "bicubic", "model", "its autoencoder"]);
  assertEquals(rows[1], ["mean PSNR, dB", "30.00", "30.00", "30.00"]);
  assertEquals(rows[4], ["nearer than bicubic, PSNR", "-", "1/3", "3/3"]);
  assertEquals(rows[5], ["nearer than bicubic, SSIM", "-", "2/3", "3/3"]);
});

Deno.test("unseen scenes differ, and are the same each time", () => {
  const [one, other] = [unseenScene(0), unseenScene(1)];
  assertEquals(unseenScene(0), one);
  assert(one.caption !== other.caption);
  const { height, width, data } = madeSmaller(one.picture);
  assertEquals([height, width, data.length], [32, 32, 3072]);
  // A picture keeps its mean when it is made smaller, but for rounding and what overshoots.
  const mean = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum + byte, 0) / bytes.length;
  assert(Math.abs(mean(data) - mean(one.picture.data)) < 1);
});

Deno.test("settings are read, and what has no meaning is refused", () => {
  assertEquals(readTaskOptions([], "shapes-upscale"), {
    model: "shapes-upscale",
    scenes: 200,
    backend: "onnxruntime",
    json: undefined,
  });
  const given = [
    "--model",
    "/a/folder",
    "--scenes=7",
    "--backend",
    "reference",
    "--json",
    "x.json",
  ];
  assertEquals(readTaskOptions(given, "shapes-upscale"), {
    model: "/a/folder",
    scenes: 7,
    backend: "reference",
    json: "x.json",
  });
  for (
    const args of [["--scenes", "1"], ["--scenes", "x"], ["--backend", "gpu"], ["--seed", "3"], [
      "x",
    ]]
  ) {
    assertThrows(() => readTaskOptions(args, "shapes-upscale"), Error, "Cannot");
  }
});
