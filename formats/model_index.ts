/**
 * `model_index.json`: which pipeline of diffusers a folder is, and its components' classes.
 *
 * @module
 */
import type { FileSource } from "./file_source.ts";
import { display, isObject, type JsonValue } from "./json.ts";
import { ModelError } from "./model_error.ts";
import {
  admits,
  type ComponentClasses,
  LIBRARIES,
  PIPELINE_CLASSES,
  type PipelineClass,
} from "./pipeline_classes.ts";
import { readJson } from "./read_json.ts";

/** A component as the index lists it. */
export interface IndexedComponent {
  /** `diffusers`, `transformers`, … */
  readonly library: string;
  /** The class in that library. */
  readonly className: string;
}

/** What `model_index.json` says. */
export interface ModelIndex {
  /** The pipeline's class in diffusers. */
  readonly className: string;
  /** The components that the pipeline needs, by name; null if the index says so. */
  readonly components: ReadonlyMap<string, IndexedComponent | null>;
  /** Settings of the pipeline: `requires_safety_checker`, `max_noise_level`, … */
  readonly settings: ReadonlyMap<string, JsonValue>;
}

/** How an index is read. */
export interface ModelIndexOptions {
  /** The pipelines that are known. Default: {@linkcode PIPELINE_CLASSES}. */
  readonly pipelines?: ReadonlyMap<string, PipelineClass>;
}

/**
 * Reads and checks `model_index.json`; no component's folder is touched.
 *
 * @throws {ModelError} If it is missing or not JSON, if the pipeline, a component or its class is
 * not known, or if a component is missing.
 * @throws {FileError} If the file cannot be read.
 */
export async function readModelIndex(
  files: FileSource,
  options: ModelIndexOptions = {},
): Promise<ModelIndex> {
  const { pipelines = PIPELINE_CLASSES } = options;
  const path = `${files.description}/model_index.json`;
  const fail = (problem: string) => new ModelError(`Cannot use ${path}: ${problem}`);
  const json = await readJson(files, "model_index.json");
  if (!isObject(json)) throw fail(`it is ${display(json)}; it must be an object`);
  const entries = new Map(Object.entries(json));

  const className = entries.get("_class_name");
  const known = typeof className === "string" ? pipelines.get(className) : undefined;
  if (typeof className !== "string" || known === undefined) {
    const names = [...pipelines.keys()].join(", ");
    throw fail(`_class_name is ${display(className)}; known pipelines are ${names}`);
  }

  const components = new Map<string, IndexedComponent | null>();
  const settings = new Map<string, JsonValue>();
  for (const [name, value] of entries) {
    const classes = Object.hasOwn(known.components, name) ? known.components[name] : undefined;
    const isIgnored = known.ignored.includes(name);
    if (classes === undefined && !isIgnored && !Array.isArray(value)) {
      if (!name.startsWith("_")) settings.set(name, value);
    } else if (!/^[a-z]\w*$/i.test(name)) {
      throw fail(`a component is called ${display(name)}, which is no name of a folder`);
    } else if (isIgnored) {
      readPair(value, { name, fail });
    } else {
      const component = readPair(value, { name, fail });
      if (classes !== undefined) checkClass(component, { name, classes, fail });
      else if (component !== null) {
        const names = Object.keys(known.components).join(", ");
        throw fail(
          `${name} is ${display(value)}, but ${className} has no such component; it has ${names}`,
        );
      }
      components.set(name, component);
    }
  }
  for (const name of Object.keys(known.components)) {
    if (!components.get(name)) throw fail(`it has no ${name}, which ${className} needs`);
  }
  return { className, components, settings };
}

type Fail = (problem: string) => ModelError;

/** `["diffusers", "UNet2DConditionModel"]`, or `[null, null]` for none. */
function readPair(
  value: JsonValue,
  { name, fail }: { readonly name: string; readonly fail: Fail },
): IndexedComponent | null {
  if (value === null) return null;
  if (Array.isArray(value) && value.length === 2) {
    const [library, className] = value;
    if (library === null && className === null) return null;
    if (typeof library === "string" && typeof className === "string") return { library, className };
  }
  throw fail(`${name} is ${display(value)}; it must be a library and a class, or two nulls`);
}

function checkClass(
  component: IndexedComponent | null,
  { name, classes, fail }: {
    readonly name: string;
    readonly classes: ComponentClasses;
    readonly fail: Fail;
  },
): void {
  if (component === null) return;
  const { library, className } = component;
  if (LIBRARIES.includes(library) && admits(classes, className)) return;
  const wanted = classes === "any scheduler" ? "a scheduler" : classes.join(" or ");
  throw fail(
    `${name} is ${className} of ${library}; known is ${wanted} of ${LIBRARIES.join(" or ")}`,
  );
}
