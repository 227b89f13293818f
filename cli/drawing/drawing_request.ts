/**
 * What a command that draws from text is asked for.
 *
 * @module
 */
import { resolve } from "node:path";
import { formatOf } from "../../pipelines/generated_image.ts";
import type { Precision } from "../../mod.ts";
import type { Arguments } from "../arguments.ts";
import { outputNames } from "../output_names.ts";
import { UsageError } from "../usage_error.ts";

/** The most pictures of one command. */
const MAX_BATCH = 1024;

/** What a command is asked for, as far as that can be told without a model. */
export interface DrawingRequest {
  /** Undefined where it may be left out and is. */
  readonly prompt: string | undefined;
  readonly negativePrompt: string | undefined;
  readonly steps: number | undefined;
  readonly guidanceScale: number | undefined;
  /** The first picture's seed; undefined if one is to be drawn. */
  readonly seed: number | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly eta: number | undefined;
  readonly timesteps: readonly number[] | undefined;
  readonly sigmas: readonly number[] | undefined;
  readonly guidanceInterval: readonly [number, number] | undefined;
  readonly guidanceRescale: number | undefined;
  /** Layers left out, as the library counts them: the command's number less one. */
  readonly clipSkip: number | undefined;
  readonly sampler: string | undefined;
  readonly backend: string;
  readonly precision: Precision | undefined;
  /** The files to be written, one a picture. */
  readonly files: readonly string[];
  /** The file of all pictures in one. */
  readonly grid: string | undefined;
  /** The files of the previews, one a picture, or none. */
  readonly previews: readonly string[];
  readonly check: boolean;
  readonly json: boolean;
}

/**
 * Reads the arguments that commands have in common.
 *
 * @param options Whether there has to be a prompt.
 * @throws {UsageError} If something is missing, too much or impossible.
 */
export function readDrawing(
  args: Arguments,
  { needsPrompt = true }: { readonly needsPrompt?: boolean } = {},
): DrawingRequest {
  const count = args.integer("batch-count", { min: 1, max: MAX_BATCH }) ?? 1;
  const seed = args.integer("seed", { min: -1 });
  if (seed !== undefined && seed > Number.MAX_SAFE_INTEGER - (count - 1)) {
    throw new UsageError(
      `Cannot use --seed ${seed} for ${count} pictures: the last seed must be at most ${Number.MAX_SAFE_INTEGER}`,
    );
  }
  const files = outputNames(pictureFile(args, "output") ?? "out.png", count);
  const preview = pictureFile(args, "preview");
  const previews = preview === undefined ? [] : outputNames(preview, count);
  const isAmong = (file: string, others: readonly string[]) =>
    others.some((other) => resolve(other) === resolve(file));
  const twice = previews.find((file) => isAmong(file, files));
  if (twice !== undefined) {
    throw new UsageError(`Cannot use --preview ${preview}: ${twice} is also written by --output`);
  }
  const grid = pictureFile(args, "grid");
  if (grid !== undefined && isAmong(grid, [...files, ...previews])) {
    throw new UsageError(`Cannot use --grid ${grid}: another option writes that file`);
  }
  const clipSkip = args.integer("clip-skip", { min: 1 });
  const side = { min: 1, max: 16384 };
  return {
    prompt: readPrompt(args, needsPrompt),
    negativePrompt: args.text("negative-prompt"),
    steps: args.integer("steps", { min: 1 }),
    guidanceScale: args.number("cfg-scale"),
    seed: seed === -1 ? undefined : seed,
    width: args.integer("width", side),
    height: args.integer("height", side),
    eta: args.number("eta"),
    timesteps: args.numbers("timesteps"),
    sigmas: args.numbers("sigmas"),
    guidanceInterval: interval(args, "guidance-interval"),
    guidanceRescale: args.number("guidance-rescale"),
    clipSkip: clipSkip === undefined ? undefined : clipSkip - 1,
    sampler: args.text("sampler"),
    backend: args.text("backend") ?? "auto",
    precision: args.choice("precision", ["f32", "f16"]),
    files,
    grid,
    previews,
    check: args.flag("check"),
    json: args.flag("json"),
  };
}

/** Two numbers. */
function interval(args: Arguments, name: string): readonly [number, number] | undefined {
  const numbers = args.numbers(name);
  if (numbers === undefined) return undefined;
  const [from, to] = numbers;
  if (from !== undefined && to !== undefined && numbers.length === 2) return [from, to];
  throw new UsageError(`Cannot use --${name} ${numbers.join()}: it must be two numbers`);
}

/** The operand or `--prompt`. An empty prompt is one. */
function readPrompt(args: Arguments, needed: boolean): string | undefined {
  const [operand, extra] = args.operands;
  if (extra !== undefined) {
    throw new UsageError(
      `Cannot use the argument ${
        JSON.stringify(extra)
      }: the prompt is one argument; put it in quotes`,
    );
  }
  const option = args.text("prompt");
  if (operand !== undefined && option !== undefined) {
    throw new UsageError("Cannot use two prompts: there is an argument and --prompt");
  }
  const prompt = operand ?? option;
  if (prompt === undefined && needed) throw new UsageError("Cannot draw: the prompt is missing");
  return prompt;
}

/** A file's name with an ending that says which format. */
function pictureFile(args: Arguments, name: string): string | undefined {
  const path = args.text(name);
  if (path === undefined) return undefined;
  try {
    formatOf(path);
  } catch {
    throw new UsageError(
      `Cannot use --${name} ${path || '""'}: its name must end in .png, .jpg or .jpeg`,
    );
  }
  return path;
}
