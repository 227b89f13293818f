/**
 * Measures what the inpainting model fills holes with: in scenes of the Shapes world that it has not seen, a square around the
 * thing that is named first is to be filled by the scene's own caption.
 *
 *     deno run --allow-read bench/quality/inpainting.ts [--model NAME|FOLDER] [--scenes 200]
 *       [--backend onnxruntime] [--json FILE]
 *
 * What was made is put into the given picture; that no pixel around the hole changes is counted, and the exit code is 1 if one
 * did.
 *
 * @module
 */
import { type Inpainting, pipeline } from "../../mod.ts";
import { formatTable } from "./format_table.ts";
import { countChangedOutside, fillFrom, type Hole, holeAround, holeMask } from "./hole.ts";
import { reconstruct } from "./reconstruct.ts";
import { type HoleScores, scoreHoles } from "./score_holes.ts";
import type { Share } from "./score_pictures.ts";
import type { RgbPicture } from "./segment_picture.ts";
import { smoothFill } from "./smooth_fill.ts";
import { readTaskOptions } from "./task_options.ts";
import { SIZE, type UnseenScene, unseenScene } from "./unseen_scenes.ts";

const STEPS = 20;
const GUIDANCE = 3;

/** One of each way to fill holes. */
export interface FilledSets<T> {
  /** With what was there. */
  readonly original: T;
  /** With what the model's autoencoder leaves of it: as good as the model's latents can be. */
  readonly autoencoder: T;
  /** By the model. */
  readonly model: T;
  /** By interpolation of what is around it. */
  readonly smooth: T;
}

/** A scene with its hole filled in every way; the model's noise is that of the scene's number. */
async function fillScene(
  { number, caption, picture }: UnseenScene,
  { hole, inpaint }: { readonly hole: Hole; readonly inpaint: Inpainting },
): Promise<FilledSets<RgbPicture>> {
  const { images } = await inpaint({
    prompt: caption,
    image: { ...picture, channels: 3 },
    mask: holeMask(hole, SIZE),
    steps: STEPS,
    guidanceScale: GUIDANCE,
    seed: number,
    composite: true,
  });
  const filling = await reconstruct(picture, inpaint.model);
  return {
    original: picture,
    autoencoder: fillFrom(picture, { filling, hole }),
    model: images[0]!,
    smooth: smoothFill(picture, hole),
  };
}

/** A table of what each set shows in its holes, with what the model's fillings are right about by chance. */
export function formatHoleScores(sets: FilledSets<HoleScores>): string {
  const columns = [sets.original, sets.autoencoder, sets.model, sets.smooth];
  const chances: Readonly<Partial<Record<keyof HoleScores, Share>>> = sets.model.chance;
  const percent = ({ held, asked }: Share) => `${(100 * held / asked).toFixed(1)} %`;
  const row = (
    name: string,
    key: Exclude<keyof HoleScores, "overlap" | "chance" | "judgements">,
  ) => [
    name,
    ...columns.map((scores) => `${scores[key].held}/${scores[key].asked}`),
    chances[key] === undefined ? "-" : percent(chances[key]),
  ];
  return formatTable([
    ["", "original", "its autoencoder", "model", "smooth fill", "chance"],
    row("one thing in the hole", "one"),
    row("its colour", "colour"),
    row("its size", "size"),
    row("its shape fits best", "nearestShape"),
    row("its shape", "shape"),
    row("colour and shape", "both"),
    ["mean overlap of shapes", ...columns.map(({ overlap }) => overlap.toFixed(3)), "-"],
    row("whole prompt but shapes", "composed"),
    row("whole prompt", "shown"),
  ]);
}

if (import.meta.main) {
  const { model, scenes: count, backend, json } = readTaskOptions(Deno.args, "shapes-inpaint");
  await using inpaint = await pipeline("inpainting", model, { backend });
  const scenes = Array.from({ length: count }, (_, number) => unseenScene(number));
  const holes = scenes.map(({ scene }) => holeAround(scene.things[0]!, SIZE));
  const made: FilledSets<RgbPicture>[] = [];
  let changed = 0;
  for (const [at, scene] of scenes.entries()) {
    const filled = await fillScene(scene, { hole: holes[at]!, inpaint });
    changed += countChangedOutside([filled.model, scene.picture], holes[at]!);
    made.push(filled);
    // deno-lint-ignore no-console -- tells how far it is
    if (made.length % 10 === 0) console.error(`${made.length} of ${count} scenes`);
  }
  const score = (set: keyof FilledSets<unknown>) =>
    scoreHoles(made.map((each, at) => ({
      picture: each[set],
      hole: holes[at]!,
      words: scenes[at]!.scene.things[0]!,
      prompt: scenes[at]!.caption,
    })));
  const sets: FilledSets<HoleScores> = {
    original: score("original"),
    autoencoder: score("autoencoder"),
    model: score("model"),
    smooth: score("smooth"),
  };
  // deno-lint-ignore no-console -- the result
  console.log(
    `${model}, ${count} scenes, ${STEPS} steps, guidance ${GUIDANCE}, ${backend}\n` +
      `${formatHoleScores(sets)}\npixels around the holes that changed: ${changed}`,
  );
  if (changed > 0) Deno.exitCode = 1;
  if (json !== undefined) {
    const settings = { model, backend, steps: STEPS, guidanceScale: GUIDANCE, size: SIZE };
    const prompts = scenes.map(({ caption }) => caption);
    const text = JSON.stringify({ ...settings, prompts, holes, changed, sets });
    await Deno.writeTextFile(json, `${text}\n`);
  }
}
