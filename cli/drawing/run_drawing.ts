/**
 * Runs a command that draws: a model to picture files.
 *
 * @module
 */
import { checked } from "../../backends/checked.ts";
import { checkWritable, writeFiles } from "../../formats/write_file.ts";
import {
  encodeJpeg,
  encodePng,
  type Picture,
  pictureGrid,
  pipeline,
  referenceBackend,
  type StepEvent,
  type Tasks,
  type TextToImageOptions,
  type TextToImageResult,
  type TilingCost,
} from "../../mod.ts";
import { formatOf } from "../../pipelines/generated_image.ts";
import { chooseSeed } from "../../pipelines/settings.ts";
import type { Arguments } from "../arguments.ts";
import { openBackend } from "../backend_argument.ts";
import { checkLine } from "../check_report.ts";
import { EXIT } from "../command.ts";
import { given } from "../given.ts";
import { backendFor, openModelArgument } from "../model_argument.ts";
import type { Console } from "../terminal/console.ts";
import { showProgress } from "../terminal/progress.ts";
import type { DrawingRequest } from "./drawing_request.ts";

/** Where a command runs. */
export interface DrawingContext {
  readonly console: Console;
  readonly signal: AbortSignal;
}

/** The tasks that give pictures. */
export type DrawingTask = Exclude<keyof Tasks, "zero-shot-image-classification">;

/** What every task tells of a step. */
type Step = Pick<StepEvent, "step" | "steps" | "preview">;

/** What the tasks take that draw from text; others take some of it. */
export type DrawingOptions = Omit<TextToImageOptions, "prompt" | "latents" | "onStep"> & {
  readonly prompt?: string;
  readonly onStep?: (step: Step) => Promise<void>;
};

/** How a command draws. */
export interface Drawing<T extends DrawingTask> {
  readonly task: T;
  readonly request: DrawingRequest;
  /** The model if none is named. Default `shapes`. */
  readonly model?: string;
  /** Calls the pipeline with what the commands have in common and what only this one has. */
  draw(generate: Tasks[T], options: DrawingOptions): Promise<DrawingResult>;
}

/** What comes out of it. */
type DrawingResult = Pick<TextToImageResult, "images" | "cost">;

/**
 * Does a command: opens the model, draws, writes files and says which.
 *
 * @returns The exit code.
 */
export async function runDrawing<T extends DrawingTask>(
  args: Arguments,
  drawing: Drawing<T> & DrawingContext,
): Promise<number> {
  const { console, signal, request, task } = drawing;
  const start = performance.now();
  // Before the work, not after it.
  const grids = request.grid === undefined ? [] : [request.grid];
  for (const file of [...request.files, ...request.previews, ...grids]) await checkWritable(file);
  const model = await openModelArgument(args, {
    console,
    signal,
    ...given({ fallback: drawing.model }),
  });
  const chosen = await openBackend(await backendFor(model.source, request.backend));
  const check = request.check
    ? checked(chosen.backend, referenceBackend({ decompose: true }))
    : undefined;
  await using backend = check ?? chosen.backend;
  if (console.isTerminal) console.note(`Drawing on ${chosen.description}.`);
  await using generate = await pipeline(task, model.source, {
    backend,
    ...model.options,
    ...given({ precision: request.precision }),
  });
  const seeds = chooseSeeds(request, console);
  const { images, cost = {} } = await draw(generate, { ...drawing, seeds });
  const encoded = await Promise.all(
    images.map((image, at) => image.encode(formatOf(request.files[at]!))),
  );
  signal.throwIfAborted();
  const written = new Map(encoded.map((bytes, at) => [request.files[at]!, bytes]));
  for (const file of grids) written.set(file, await encodeAs(file, pictureGrid(images)));
  await writeFiles(written);
  const seconds = (performance.now() - start) / 1000;
  const found = check?.report();
  if (found !== undefined) console.note(checkLine(found));
  const lines = tilingLines(cost);
  for (const line of lines) console.note(line);
  if (request.json) {
    const files = [...written.keys()];
    const { seed: _, ...settings } = images[0]!.settings;
    const { nodes, worst } = found ?? {};
    const checks = found === undefined ? {} : { check: { nodes, worst } };
    const tiled = lines.length === 0 ? {} : { cost };
    const where = { backend: chosen.description };
    console.print(
      JSON.stringify({ files, seeds, settings, ...where, seconds, ...tiled, ...checks }),
    );
  } else {
    for (const file of written.keys()) console.print(file);
  }
  return EXIT.done;
}

/** What was done in tiles, and what that cost. */
function tilingLines(cost: Partial<TilingCost>): readonly string[] {
  return (["denoiser", "encoder", "decoder"] as const).flatMap((name) => {
    const { tiles = 1, tile, overhead = 1 } = cost[name] ?? {};
    if (tiles === 1) return [];
    const sides = `${tile!.width} x ${tile!.height}`;
    return [
      `The ${name} ran in ${tiles} tiles of ${sides}: ${overhead.toFixed(1)} times the work.`,
    ];
  });
}

/** One seed a picture, each one more than the last, so that every picture can be drawn again by itself. */
function chooseSeeds({ seed, files }: DrawingRequest, console: Console): readonly number[] {
  const first = chooseSeed(seed);
  if (seed === undefined) console.note(`The seed is ${first}.`);
  return files.map((_, at) => first + at);
}

async function draw<T extends DrawingTask>(
  generate: Tasks[T],
  drawing: Drawing<T> & DrawingContext & { readonly seeds: readonly number[] },
): Promise<DrawingResult> {
  const { console, signal, request, seeds } = drawing;
  const progress = showProgress(console, { label: "drawing" });
  const onStep = async (event: Step): Promise<void> => {
    if (request.previews.length > 0) await writePreviews(event, request.previews);
    progress.update(event.step, event.steps);
  };
  const watched = console.isTerminal || request.previews.length > 0;
  try {
    return await drawing.draw(generate, {
      count: request.files.length,
      seed: seeds,
      signal,
      onWarning: (message) => console.note(`Warning: ${message}`),
      ...given({
        prompt: request.prompt,
        negativePrompt: request.negativePrompt,
        steps: request.steps,
        guidanceScale: request.guidanceScale,
        width: request.width,
        height: request.height,
        scheduler: request.sampler,
        eta: request.eta,
        timesteps: request.timesteps,
        sigmas: request.sigmas,
        guidanceInterval: request.guidanceInterval,
        guidanceRescale: request.guidanceRescale,
        clipSkip: request.clipSkip,
        onStep: watched ? onStep : undefined,
      }),
    });
  } finally {
    progress.end();
  }
}

async function writePreviews(event: Step, files: readonly string[]): Promise<void> {
  const pictures = await event.preview();
  const encoded = await Promise.all(pictures.map(async (picture, at): Promise<
    [string, Uint8Array]
  > => {
    const file = files[at]!;
    return [file, await encodeAs(file, picture)];
  }));
  await writeFiles(new Map(encoded));
}

/** A picture without settings, in the format that a file's name asks for. */
async function encodeAs(file: string, picture: Picture): Promise<Uint8Array> {
  return formatOf(file) === "png" ? await encodePng(picture) : await encodeJpeg(picture);
}
