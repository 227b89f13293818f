/**
 * Measures how far an autoencoder in tiles is from the whole one: unseen scenes side by side, encoded and decoded.
 *
 *     deno run --allow-read bench/quality/tiles.ts
 *
 * @module
 */
import { type AutoencoderTiles, pipeline } from "../../mod.ts";
import { formatTable } from "./format_table.ts";
import { SIZE, unseenScene } from "./unseen_scenes.ts";

const [ACROSS, DOWN] = [4, 3];
const TILE = 256;
const SHEETS = 6;

/** Scenes side by side, other ones for each sheet. */
function scenes(
  sheet: number,
): { width: number; height: number; channels: 3; data: Uint8Array<ArrayBuffer> } {
  const [width, height] = [ACROSS * SIZE, DOWN * SIZE];
  const data = new Uint8Array(3 * width * height);
  for (let number = 0; number < ACROSS * DOWN; number++) {
    const { picture } = unseenScene(ACROSS * DOWN * sheet + number);
    const [top, left] = [Math.floor(number / ACROSS) * SIZE, number % ACROSS * SIZE];
    for (let y = 0; y < SIZE; y++) {
      const row = picture.data.subarray(3 * SIZE * y, 3 * SIZE * (y + 1));
      data.set(row, 3 * ((top + y) * width + left));
    }
  }
  return { width, height, channels: 3, data };
}

if (import.meta.main) {
  await using draw = await pipeline("image-to-image", "shapes", { backend: "onnxruntime" });
  // A thousandth of the noise: what comes out is what the autoencoder makes of the picture.
  const given = { prompt: "", seed: 1, steps: 1000, strength: 0.001, guidanceScale: 1 };
  const found = {
    seamless: { means: [] as number[], worst: [] as number[], tiles: 0, work: 0 },
    blended: { means: [] as number[], worst: [] as number[], tiles: 0, work: 0 },
  };
  for (let sheet = 0; sheet < SHEETS; sheet++) {
    const image = scenes(sheet);
    const whole = await draw({ ...given, image, autoencoderTiles: "off" });
    for (const method of ["seamless", "blended"] as const) {
      const autoencoderTiles: AutoencoderTiles = { size: TILE, method };
      const { tensor, cost } = await draw({ ...given, image, autoencoderTiles });
      const levels = tensor.data.map((x, at) => 255 * Math.abs(x - whole.tensor.data[at]!)).sort();
      const { means, worst } = found[method];
      means.push(levels.reduce((sum, x) => sum + x, 0) / levels.length);
      worst.push(levels[Math.floor(0.99 * levels.length)]!);
      const { tiles, overhead: work } = cost!.decoder!;
      Object.assign(found[method], { tiles, work });
    }
  }
  const range = (values: readonly number[]) =>
    `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
  const mean = (values: readonly number[]) =>
    (values.reduce((sum, x) => sum + x, 0) / values.length).toFixed(1);
  // deno-lint-ignore no-console -- the result
  console.log(formatTable([
    ["levels of 255", "mean", "of each sheet", "worst hundredth of each", "tiles", "work"],
    ...Object.entries(found).map(([method, { means, worst, tiles, work }]) => [
      method,
      mean(means),
      range(means),
      range(worst),
      `${tiles}`,
      work.toFixed(1),
    ]),
  ]));
}
