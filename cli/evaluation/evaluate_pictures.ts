/**
 * Classifies pictures one after the other and puts each result on the disk.
 *
 * @module
 */
import { writeFile } from "../../formats/write_file.ts";
import {
  type ClassificationOptions,
  type ClassificationResult,
  type ClassificationState,
  FileError,
  ImageError,
  type Picture,
  PictureError,
  SettingsError,
} from "../../mod.ts";
import { readGivenPicture } from "../drawing/given_picture.ts";
import { given } from "../given.ts";
import type { Console } from "../terminal/console.ts";
import { type Progress, showProgress } from "../terminal/progress.ts";
import type { DatasetItem } from "./dataset.ts";
import type { OpenClassifier } from "./open_classifier.ts";
import type { ResultRecord, ResultsFile } from "./results_file.ts";

/** How many of the best labels a result keeps. */
const BEST = 5;

/** A picture and its place among all. */
export interface PlacedItem extends DatasetItem {
  readonly index: number;
}

/** Settings of {@linkcode evaluatePictures}. */
export interface EvaluateOptions {
  readonly classifier: OpenClassifier;
  /** All pictures of this shard. */
  readonly items: readonly PlacedItem[];
  /** Takes the results; pictures that it has are not classified again. */
  readonly results: ResultsFile;
  /** Where an unfinished picture is stored. */
  readonly unfinished: string;
  /** What is asked of every picture; one that has labels of its own is asked for those. */
  readonly settings: Omit<ClassificationOptions, "image" | "resume">;
  /** Whether every error is kept. */
  readonly raw: boolean;
  /** Milliseconds of work on a picture after which it is stored how far that is. Default half a minute. */
  readonly storeAfter?: number;
  readonly console: Console;
  readonly signal: AbortSignal;
}

/**
 * Classifies what is not yet in the results.
 *
 * @returns All results, the earlier ones included.
 * @throws The signal's reason, if it is aborted.
 */
export async function evaluatePictures(
  options: EvaluateOptions,
): Promise<readonly ResultRecord[]> {
  const { items, results, console, signal } = options;
  const records = [...results.records];
  const done = new Set(records.map(({ index }) => index));
  for (const item of items) {
    if (done.has(item.index)) continue;
    signal.throwIfAborted();
    const progress = showProgress(console, {
      label: `${records.length + 1} of ${items.length}${rightSoFar(records)}`,
    });
    try {
      const record = await evaluatePicture(item, { ...options, progress });
      await results.append(record);
      records.push(record);
      if (record.failure !== undefined) console.note(`Skipped: ${record.failure}`);
    } finally {
      progress.end();
    }
  }
  await Deno.remove(options.unfinished).catch(() => {});
  return records;
}

function rightSoFar(records: readonly ResultRecord[]): string {
  const answered = records.filter(({ answer }) => answer !== undefined);
  if (answered.length === 0) return "";
  const right = answered.filter(({ truth, answer }) => truth === answer).length;
  return `, ${(100 * right / answered.length).toFixed(1)} % right,`;
}

async function evaluatePicture(
  { index, image, path, truth, labels, prompts }: PlacedItem,
  options: EvaluateOptions & { readonly progress: Progress },
): Promise<ResultRecord> {
  const start = performance.now();
  const base = { index, image, truth };
  const own = labels === undefined ? {} : { labels, ...given({ prompts }) };
  let picture: Picture;
  try {
    picture = await readGivenPicture(path);
  } catch (error) {
    if (error instanceof ImageError || error instanceof FileError) {
      return { ...base, failure: error.message };
    }
    throw error;
  }
  try {
    const result = await classifyOrResume({ ...options.settings, ...own, image: picture }, {
      ...options,
      index,
    });
    return {
      ...base,
      answer: result.label,
      best: result.labels.slice(0, BEST).map(({ label, error }) => [label, error]),
      ...(options.raw ? { errors: result.prompts.map(({ errors }) => [...errors]) } : {}),
      evaluations: result.evaluations,
      seconds: Math.round(performance.now() - start) / 1000,
      backend: options.classifier.backend,
    };
  } catch (error) {
    if (!(error instanceof PictureError)) throw error;
    return { ...base, failure: `${path}: ${error.message}` };
  }
}

/** Classifies a picture, from where an earlier process left off if it is that one, and stores how far it is now and then. */
async function classifyOrResume(
  call: ClassificationOptions,
  options: EvaluateOptions & { readonly index: number; readonly progress: Progress },
): Promise<ClassificationResult> {
  const { classifier: { classify }, unfinished, index, progress, signal, console } = options;
  const { storeAfter = 30_000 } = options;
  let stored = performance.now();
  const listening: ClassificationOptions = {
    ...call,
    signal,
    onWarning: (message) => console.note(`Warning: ${message}`),
    onStep: async ({ step, steps, state }) => {
      progress.update(step, steps);
      if (step === steps || performance.now() - stored < storeAfter) return;
      await writeFile(
        unfinished,
        new TextEncoder().encode(JSON.stringify({ index, state: state() })),
      );
      stored = performance.now();
    },
  };
  const resume = await readUnfinished(unfinished, index);
  if (resume === undefined) return await classify(listening);
  try {
    return await classify({ ...listening, resume });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    // The picture's file was changed since: what is known of the old one is no use. Other settings fail again.
    return await classify(listening);
  }
}

async function readUnfinished(
  path: string,
  index: number,
): Promise<ClassificationState | undefined> {
  try {
    const stored: unknown = JSON.parse(await Deno.readTextFile(path));
    const { index: place, state } = stored as { index: unknown; state: ClassificationState };
    return place === index ? state : undefined;
  } catch {
    return undefined; // there is none, or none that helps
  }
}
