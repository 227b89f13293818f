/**
 * What a model is made of.
 *
 * @module
 */
import { isObject } from "../../formats/json.ts";
import { originalOf } from "../../formats/originals/original_folder.ts";
import { readJson } from "../../formats/read_json.ts";
import {
  type Model,
  ModelError,
  type ModelFolder,
  scheduler as openScheduler,
  SchedulerError,
  SettingsError,
} from "../../mod.ts";
import { modelOf } from "../../pipelines/model.ts";
import { openModelSource } from "../../pipelines/model_source.ts";
import { textToImageFamily } from "../../pipelines/text_to_image_family.ts";
import { formatTable } from "../terminal/table.ts";
import { type ComponentReport, describeComponent, onnxLines } from "./component.ts";
import { describeMemory, memoryLines } from "./memory.ts";
import type { OpenedCheckpoint } from "./open_checkpoint.ts";
import type { Report } from "./report.ts";
import { tasksOf } from "./tasks.ts";

/**
 * Reads a model's configurations and the headers of its weights, and no tensor.
 *
 * @param checkpoint The same, if it is one file that is open already.
 * @throws {ModelError} If the model is not complete or not understood.
 * @throws {SafetensorsError} If a header is damaged.
 * @throws {FileError} If a file cannot be read.
 */
export async function describeModel(
  where: string,
  checkpoint?: OpenedCheckpoint,
): Promise<Report> {
  const folder = checkpoint?.folder ?? await openModelSource(where);
  await using model = await modelOf(folder, { backend: "reference" });
  const components: ComponentReport[] = [];
  for (const component of folder.components.values()) {
    components.push(await describeComponent(component));
  }
  const original = describeOriginal(folder, checkpoint);
  const tasks = tasksOf(model.className);
  const scheduler = await describeScheduler(folder);
  const memory = describeMemory(model, components);
  const defaults = await readDefaults(model);
  return {
    json: {
      model: where,
      class: model.className,
      ...(original === undefined ? {} : { original }),
      components,
      tasks,
      scheduler,
      memory,
      defaults,
    },
    lines: [
      `${where}: ${model.className}`,
      ...originalLines(original),
      "",
      ...componentTable(components),
      ...components.flatMap(({ problem }) => problem === undefined ? [] : [problem]),
      ...components.flatMap(({ name, onnx = [] }) =>
        onnx.flatMap((part) => onnxLines(`${name}, ${part.method}`, part))
      ),
      "",
      `Tasks: ${tasks.length === 0 ? "none by itself" : tasks.join(", ")}`,
      ...(scheduler === null ? [] : [`Scheduler: ${schedulerText(scheduler)}`]),
      ...memoryLines(memory),
      "problem" in defaults ? defaults.problem : defaultsLine(defaults),
    ],
  };
}

function componentTable(components: readonly ComponentReport[]): string[] {
  return formatTable([
    ["component", "class", "parameters", "stored as"],
    ...components.map((one) => [
      one.name,
      one.class,
      one.parameters?.toLocaleString("en") ?? (one.problem === undefined ? "" : "none"),
      one.stored ?? (one.onnx === undefined ? "" : "ONNX"),
    ]),
  ]);
}

/** What a checkpoint in one file was taken for. */
interface OriginalReport {
  readonly kind: string;
  readonly assumed: readonly string[];
  readonly unused: readonly string[];
  /** Configurations beside it that there was no permission to look for. */
  readonly unseen: readonly string[];
}

function describeOriginal(
  folder: ModelFolder,
  checkpoint: OpenedCheckpoint | undefined,
): OriginalReport | undefined {
  const original = originalOf(folder);
  if (original === undefined) return undefined;
  const { kind, assumed, unused } = original;
  return { kind, assumed, unused, unseen: checkpoint?.unseen ?? [] };
}

/** The most tensors that are named. */
const MOST_NAMES = 10;

function originalLines(original: OriginalReport | undefined): string[] {
  if (original === undefined) return [];
  const { kind, assumed, unused, unseen } = original;
  const more = unused.length > MOST_NAMES ? ` and ${unused.length - MOST_NAMES} more` : "";
  return [
    "",
    `Recognised as ${kind}.`,
    ...assumed.map((each) => `Assumed: ${each}`),
    ...(unseen.length === 0
      ? []
      : [`No permission to look for a configuration beside it: ${unseen.join(", ")}`]),
    ...(unused.length === 0 ? [] : [`Not used: ${unused.slice(0, MOST_NAMES).join(", ")}${more}`]),
  ];
}

/** A model's sampler, or why it cannot be used. */
type SchedulerReport =
  | { readonly class: string; readonly prediction: string }
  | { readonly class: string; readonly problem: string };

async function describeScheduler({ components }: ModelFolder): Promise<SchedulerReport | null> {
  const component = components.get("scheduler");
  if (component === undefined) return null;
  const { className, files } = component;
  const json = await readJson(files, "scheduler_config.json");
  try {
    // The index names the class; the configuration may leave it out.
    const { config } = openScheduler({ ...isObject(json) ? json : {}, _class_name: className });
    return { class: className, prediction: String(config.prediction_type ?? "epsilon") };
  } catch (error) {
    if (error instanceof SchedulerError) return { class: className, problem: error.message };
    throw error;
  }
}

function schedulerText(scheduler: SchedulerReport): string {
  return "problem" in scheduler
    ? scheduler.problem
    : `${scheduler.class}, predicts ${scheduler.prediction}`;
}

/** What a picture is drawn with if nothing is said. */
interface Defaults {
  readonly steps: number;
  readonly guidanceScale: number;
  readonly width: number;
  readonly height: number;
  readonly sampler: string;
  readonly prediction: string;
}

/** The defaults, or why nothing here draws from text with the model. */
async function readDefaults(model: Model): Promise<Defaults | { problem: string }> {
  try {
    const { defaults, scheduler } = await textToImageFamily(model);
    const { name, config } = openScheduler(scheduler);
    return {
      steps: defaults.steps,
      guidanceScale: defaults.guidanceScale,
      width: defaults.width,
      height: defaults.height,
      sampler: name,
      prediction: String(config.prediction_type ?? "epsilon"),
    };
  } catch (error) {
    const isKnown = error instanceof SettingsError || error instanceof ModelError ||
      error instanceof SchedulerError;
    if (isKnown) return { problem: error.message };
    throw error;
  }
}

function defaultsLine({ steps, guidanceScale, width, height, ...rest }: Defaults): string {
  const { sampler, prediction } = rest;
  return `Defaults: ${steps} steps, guidance ${guidanceScale}, ${width}x${height}, ${sampler}, ${prediction}`;
}
