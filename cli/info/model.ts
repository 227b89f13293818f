/**
 * What a model is made of.
 *
 * @module
 */
import {
  type Model,
  type ModelComponent,
  ModelError,
  openModel,
  scheduler as openScheduler,
  SchedulerError,
  SettingsError,
} from "../../mod.ts";
import { textToImageFamily } from "../../pipelines/text_to_image_family.ts";
import { formatTable } from "../terminal/table.ts";
import type { Report } from "./report.ts";

/** A network's weights, as far as the files' headers tell. */
interface Stored {
  /** Numbers in all tensors. */
  readonly parameters: number;
  /** How they are stored: `F16`, or `F32, I64`. */
  readonly stored: string;
}

/** A component, with its weights or why there are none. */
interface ComponentReport extends Partial<Stored> {
  readonly name: string;
  readonly class: string;
  readonly kind: ModelComponent["kind"];
  readonly problem?: string;
}

/**
 * Reads a model's configurations and the headers of its weights, and no tensor.
 *
 * @throws {ModelError} If the model is not complete or not understood.
 * @throws {SafetensorsError} If a header is damaged.
 * @throws {FileError} If a file cannot be read.
 */
export async function describeModel(where: string): Promise<Report> {
  await using model = await openModel(where, { backend: "reference" });
  const components: ComponentReport[] = [];
  for (const component of model.folder.components.values()) {
    const { name, kind, className } = component;
    const weights = kind === "network" ? await readStored(component) : {};
    components.push({ name, class: className, kind, ...weights });
  }
  const defaults = await readDefaults(model);
  return {
    json: { model: where, class: model.className, components, defaults },
    lines: [
      `${where}: ${model.className}`,
      "",
      ...formatTable([
        ["component", "class", "parameters", "stored as"],
        ...components.map((one) => [
          one.name,
          one.class,
          one.parameters?.toLocaleString("en") ?? (one.problem === undefined ? "" : "none"),
          one.stored ?? "",
        ]),
      ]),
      ...components.flatMap(({ problem }) => problem === undefined ? [] : [problem]),
      "",
      "problem" in defaults ? defaults.problem : defaultsLine(defaults),
    ],
  };
}

/** A folder of configurations alone is of use too, so that weights are missing is told and no failure. */
async function readStored(component: ModelComponent): Promise<Stored | { problem: string }> {
  try {
    const { tensors } = await component.openWeights();
    const all = [...tensors.values()];
    return {
      parameters: all.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
      stored: [...new Set(all.map(({ stored }) => stored))].join(", "),
    };
  } catch (error) {
    if (error instanceof ModelError) return { problem: error.message };
    throw error;
  }
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

/** The defaults, or why nothing here draws with the model. */
async function readDefaults(model: Model): Promise<Defaults | { problem: string }> {
  try {
    const { defaults, scheduler } = await textToImageFamily(model);
    const { name, config } = openScheduler(scheduler);
    return {
      steps: defaults.steps,
      guidanceScale: defaults.guidanceScale,
      width: defaults.size,
      height: defaults.size,
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
