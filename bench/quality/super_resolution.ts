/**
 * Measures how near the super-resolution model comes to scenes of the Shapes world that were made four times smaller, beside
 * bicubic interpolation and what its autoencoder leaves of the originals.
 *
 *     deno run --allow-read bench/quality/super_resolution.ts [--model NAME|FOLDER] [--scenes 200]
 *       [--backend onnxruntime] [--json FILE]
 *
 * Pictures are made smaller and, for comparison, larger by Pillow's bicubic filter, which has a = -1/2 and is widened when it
 * makes smaller: training's `interpolate(mode="bicubic", antialias=True)` on bytes instead of floats.
 *
 * @module
 */
import { pipeline, resize, type SuperResolution } from "../../mod.ts";
import { type Fidelity, measureFidelity } from "./fidelity.ts";
import { formatTable } from "./format_table.ts";
import { reconstruct } from "./reconstruct.ts";
import type { RgbPicture } from "./segment_picture.ts";
import { readTaskOptions } from "./task_options.ts";
import { SIZE, type UnseenScene, unseenScene } from "./unseen_scenes.ts";

const FACTOR = 4;
const STEPS = 20;

/** What came of the small picture, and what could have. */
export interface EnlargedSets<T> {
  /** Bicubic interpolation of the small picture. */
  readonly bicubic: T;
  /** The model's. */
  readonly model: T;
  /** What the model's autoencoder leaves of the original: as good as its latents can be. */
  readonly autoencoder: T;
}

/** A scene's picture as the model is given it. */
export function madeSmaller({ width, height, data }: RgbPicture): RgbPicture {
  return resized({ width, height, data }, { width: width / FACTOR, height: height / FACTOR });
}

/** A picture of another size, by Pillow's bicubic filter. */
function resized(
  picture: RgbPicture,
  { width, height }: { readonly width: number; readonly height: number },
): RgbPicture {
  const { data } = resize({ ...picture, channels: 3 }, { width, height, filter: "bicubic" });
  return { width, height, data };
}

/** Enlarges a scene in every way; the model's noise is that of the scene's number. */
async function enlargeScene(
  { number, picture }: UnseenScene,
  enlarge: SuperResolution,
): Promise<EnlargedSets<RgbPicture>> {
  const small = madeSmaller(picture);
  const { images } = await enlarge({
    image: { ...small, channels: 3 },
    steps: STEPS,
    seed: number,
  });
  return {
    bicubic: resized(small, picture),
    model: images[0]!,
    autoencoder: await reconstruct(picture, enlarge.model),
  };
}

/** A table of how near each set comes to the originals. */
export function formatFidelity(sets: EnlargedSets<Fidelity>): string {
  const { bicubic, model, autoencoder } = sets;
  const columns = [bicubic, model, autoencoder];
  const row = (name: string, cell: (fidelity: Fidelity) => string) => [name, ...columns.map(cell)];
  const better = (by: "psnr" | "ssim") => (fidelity: Fidelity) =>
    fidelity === bicubic
      ? "-"
      : `${fidelity[by].filter((value, at) => value > bicubic[by][at]!).length}/${
        fidelity[by].length
      }`;
  return formatTable([
    ["", "bicubic", "model", "its autoencoder"],
    row("mean PSNR, dB", ({ meanPsnr }) => meanPsnr.toFixed(2)),
    row("PSNR of all errors, dB", ({ pooledPsnr }) => pooledPsnr.toFixed(2)),
    row("mean SSIM", ({ meanSsim }) => meanSsim.toFixed(4)),
    row("nearer than bicubic, PSNR", better("psnr")),
    row("nearer than bicubic, SSIM", better("ssim")),
  ]);
}

if (import.meta.main) {
  const { model, scenes: count, backend, json } = readTaskOptions(Deno.args, "shapes-upscale");
  await using enlarge = await pipeline("super-resolution", model, { backend });
  const scenes = Array.from({ length: count }, (_, number) => unseenScene(number));
  const made: EnlargedSets<RgbPicture>[] = [];
  for (const scene of scenes) {
    made.push(await enlargeScene(scene, enlarge));
    // deno-lint-ignore no-console -- tells how far it is
    if (made.length % 10 === 0) console.error(`${made.length} of ${count} scenes`);
  }
  const originals = scenes.map(({ picture }) => picture);
  const measure = (set: keyof EnlargedSets<unknown>) =>
    measureFidelity(made.map((each) => each[set]), originals);
  const sets: EnlargedSets<Fidelity> = {
    bicubic: measure("bicubic"),
    model: measure("model"),
    autoencoder: measure("autoencoder"),
  };
  // deno-lint-ignore no-console -- the result
  console.log(`${model}, ${count} scenes, ${STEPS} steps, ${backend}\n${formatFidelity(sets)}`);
  if (json !== undefined) {
    const captions = scenes.map(({ caption }) => caption);
    await Deno.writeTextFile(
      json,
      `${
        JSON.stringify({ model, backend, steps: STEPS, size: SIZE, factor: FACTOR, captions, sets })
      }\n`,
    );
  }
}
