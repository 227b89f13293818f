/**
 * Scores pictures of the Shapes world by their prompts, one set beside another.
 *
 *     deno run --allow-read bench/quality/main.ts CASE [FOLDER] [--draw BACKEND] [--json]
 *
 * CASE is a golden file with `prompts` and `output.images`. FOLDER holds pictures of the same prompts, drawn by something
 * else: PNG or raw `.rgb` files whose names sort in the order of the prompts.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { type BackendChoice, pipeline } from "../../mod.ts";
import { type GoldenCase, parseGoldenCase } from "../../conformance/golden_case.ts";
import { formatTable } from "./format_table.ts";
import { ASPECTS } from "./judge.ts";
import { readPicture, readPictures } from "./read_pictures.ts";
import { type PictureScores, scorePictures, type Share } from "./score_pictures.ts";
import type { RgbPicture } from "./segment_picture.ts";

/** The scores of one set, by its name. */
export interface NamedScores {
  /** Of the set. */
  readonly name: string;
  /** Of its pictures. */
  readonly scores: PictureScores;
}

/** A table with a column for each set: how many pictures show each aspect of those whose prompt speaks of it. */
export function formatScores(sets: readonly NamedScores[]): string {
  const share = ({ held, asked }: Share) => `${held}/${asked}`;
  const others = ({ confusion }: PictureScores): Share => ({
    held: confusion.flatMap((row, i) => row.filter((shown, j) => shown && i !== j)).length,
    asked: confusion.length * (confusion.length - 1),
  });
  const rows = [
    ["", ...sets.map(({ name }) => name)],
    ...ASPECTS.map((
      aspect,
    ) => [aspect, ...sets.map(({ scores }) => share(scores.aspects[aspect]))]),
    ["all but shape", ...sets.map(({ scores }) => share(scores.composed))],
    ["shown", ...sets.map(({ scores }) => share(scores.shown))],
    ["another's prompt shown", ...sets.map(({ scores }) => share(others(scores)))],
    ["mean share of aspects", ...sets.map(({ scores }) => scores.score.toFixed(3))],
    ["mean overlap of shapes", ...sets.map(({ scores }) => scores.overlap.toFixed(3))],
  ];
  return formatTable(rows);
}

/** The pictures in a folder, in the order of their names. */
async function readFolder(folder: string): Promise<readonly RgbPicture[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (/\.(png|jpe?g|rgb)$/.test(name)) names.push(name);
  }
  const read = async (name: string) => readPicture(name, await Deno.readFile(`${folder}/${name}`));
  return await Promise.all(names.sort().map(read));
}

function lastPart(path: string): string {
  return path.split("/").filter((part) => part !== "").at(-1) ?? path;
}

/** The golden file's prompts, drawn by this library from the same seeds. */
async function draw(golden: GoldenCase, backend: BackendChoice): Promise<RgbPicture[]> {
  const { prompts, seeds, steps, guidance_scale: guidanceScale, model } = golden
    .settings as unknown as {
      readonly prompts: readonly string[];
      readonly seeds: readonly number[];
      readonly steps: number;
      readonly guidance_scale: number;
      readonly model: string;
    };
  await using generate = await pipeline("text-to-image", model, { backend });
  const pictures: RgbPicture[] = [];
  for (const [at, prompt] of prompts.entries()) {
    const { images } = await generate({ prompt, seed: seeds[at]!, steps, guidanceScale });
    pictures.push(images[0]!);
  }
  return pictures;
}

/** The largest difference of a byte between two sets of pictures. */
function levels(one: readonly RgbPicture[], other: readonly RgbPicture[]): number {
  return Math.max(
    ...one.map(({ data }, k) =>
      data.reduce((most, byte, at) => Math.max(most, Math.abs(byte - other[k]!.data[at]!)), 0)
    ),
  );
}

if (import.meta.main) {
  const { _: paths, json, draw: backend } = parseArgs(Deno.args, {
    boolean: ["json"],
    string: ["draw"],
  });
  const [file, folder] = paths.map(String);
  if (file === undefined) {
    throw new Error("Cannot score pictures: wanted CASE [FOLDER] [--draw BACKEND] [--json]");
  }
  const golden = parseGoldenCase(await Deno.readFile(file));
  const prompts = golden.settings.prompts as readonly string[];
  const theirs = readPictures(golden);
  const sets = [{ name: lastPart(file), scores: scorePictures(theirs, prompts) }];
  if (folder !== undefined) {
    sets.push({ name: lastPart(folder), scores: scorePictures(await readFolder(folder), prompts) });
  }
  if (typeof backend === "string") {
    const ours = await draw(golden, backend as BackendChoice);
    sets.push({ name: `drawn here (${backend})`, scores: scorePictures(ours, prompts) });
    // deno-lint-ignore no-console
    console.error(`largest difference of a byte: ${levels(theirs, ours)}`);
  }
  // deno-lint-ignore no-console
  console.log(json ? JSON.stringify({ prompts, sets }) : formatScores(sets));
}
