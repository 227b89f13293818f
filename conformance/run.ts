/**
 * Runs a folder of golden files on a backend, and reports.
 *
 * @module
 */
import { EMBEDDED_MODELS } from "../assets/open.ts";
import type { Backend } from "../backends/backend.ts";
import { referenceBackend } from "../backends/reference/backend.ts";
import { type FileSource, openFiles, subfolder } from "../formats/files.ts";
import { openComponent } from "../formats/model_folder.ts";
import type { Component } from "../pipelines/component.ts";
import { loadComponent, UnknownNetworkError } from "../pipelines/model.ts";
import type { ModelSource } from "../pipelines/model_source.ts";
import { pipeline, type Task, type Tasks } from "../pipelines/pipeline.ts";
import { type Comparison, judge } from "./comparison.ts";
import {
  runClassifierCase,
  runClassifierRuleCase,
  runShapesClassifyCase,
} from "./classification_cases.ts";
import { COMPONENT_KINDS, runComponentCase } from "./component_cases.ts";
import { type GoldenCase, goldenSettings, parseGoldenCase } from "./golden_case.ts";
import { IMAGE_TO_IMAGE_PIPELINES, runImageToImageCase } from "./image_to_image_cases.ts";
import { INPAINTING_PIPELINES, runInpaintingCase } from "./inpainting_cases.ts";
import { runsOnnxFiles } from "../pipelines/onnx/load_onnx_component.ts";
import { onnxFolderCases, runOnnxComponentCase } from "./onnx_cases.ts";
import { OP_KINDS, opDefinitions, runOpCase, runTableCase } from "./op_cases.ts";
import { runPicturesCase, runTextToImageCase, TEXT_TO_IMAGE_PIPELINES } from "./pipeline_cases.ts";
import { isRepaintCase, runRepaintCase } from "./repaint_cases.ts";
import { runResizeCase } from "./resize_cases.ts";
import { runRngCase } from "./rng_cases.ts";
import { listContainerCases, runContainerCase } from "./container_cases.ts";
import { hostileCases } from "./hostile_cases.ts";
import { OriginalGoldens } from "./original_goldens.ts";
import { isSchedulerCase, runSchedulerCase } from "./scheduler_cases.ts";
import { runShapesInpaintCase } from "./shapes_inpaint_cases.ts";
import { runSuperResolutionCase, SUPER_RESOLUTION_PIPELINES } from "./super_resolution_cases.ts";
import { openCaseTokenizer, runTokenizerCase } from "./tokenizer_cases.ts";
import { isUnconditionalCase, runUnconditionalCase } from "./unconditional_cases.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** What is run, and on what. */
export interface ConformOptions {
  /** What runs the graphs. */
  readonly backend: Backend;
  /** Holds the backend to the reference's bounds. */
  readonly exact: boolean;
  /** Only these groups: `ops`, `rng`, … */
  readonly groups?: readonly string[] | undefined;
  /** Only these kinds: `conv2d`, `unet`, … */
  readonly kinds?: readonly string[] | undefined;
  /** Holds a folder for each embedded model, by its name: these are run instead. */
  readonly assets?: string | URL | undefined;
  /** Also cases that take long. */
  readonly heavy?: boolean;
  /** Told of each case when it is done. */
  readonly onCase?: (result: CaseResult) => void;
  /** Ends the run between two cases. */
  readonly signal?: AbortSignal | undefined;
}

/** How one case went. */
export interface CaseResult {
  /** The folder of the golden files. */
  readonly group: string;
  /** The file in it, or the name of an op's case. */
  readonly file: string;
  /** What is computed. */
  readonly kind: string;
  /** Unsupported: nothing here can run it; that is no failure. */
  readonly status: "passed" | "failed" | "unsupported";
  /** Difference of the worst element; null if nothing was compared. */
  readonly worst: number | null;
  /** What it may be. */
  readonly bound: number | null;
  /** Where it is, or why nothing was compared. */
  readonly detail: string;
}

/** How all cases went. */
export interface ConformReport {
  /** The backend's name. */
  readonly backend: string;
  /** How many cases were within their bounds. */
  readonly passed: number;
  /** How many were not. */
  readonly failed: number;
  /** How many could not be run. */
  readonly unsupported: number;
  /** Every case, in the order of running. */
  readonly cases: readonly CaseResult[];
}

/** A case that is found but not yet run. */
interface Found {
  readonly group: string;
  readonly file: string;
  readonly kind: string;
  readonly heavy: boolean;
  run(): Promise<readonly Comparison[]>;
}

/**
 * Runs the golden files below a folder, or without one the op cases against the reference.
 *
 * @param root The folder's path or URL; null for the op cases.
 * @throws {FileError} If the folder cannot be read.
 */
export async function conform(
  root: string | URL | null,
  options: ConformOptions,
): Promise<ConformReport> {
  const { groups, kinds, heavy = false } = options;
  await using models = new Models(options);
  const cases: CaseResult[] = [];
  const found = root === null
    ? tableCases(options.backend)
    : goldenCases(openFiles(root), { ...options, models });
  for await (const each of found) {
    options.signal?.throwIfAborted();
    if (kinds !== undefined && !kinds.includes(each.kind)) continue;
    if (groups !== undefined && !groups.includes(each.group)) continue;
    if (each.heavy && !heavy) continue;
    const result = await runCase(each);
    cases.push(result);
    options.onCase?.(result);
  }
  const count = (status: CaseResult["status"]) =>
    cases.filter((each) => each.status === status).length;
  return {
    backend: options.backend.name,
    passed: count("passed"),
    failed: count("failed"),
    unsupported: count("unsupported"),
    cases,
  };
}

async function runCase({ group, file, kind, run }: Found): Promise<CaseResult> {
  const base = { group, file, kind };
  try {
    const { passed, worst } = judge(await run());
    return {
      ...base,
      status: passed ? "passed" : "failed",
      worst: worst?.difference ?? null,
      bound: worst?.bound ?? null,
      detail: worst === undefined
        ? "nothing was compared"
        : `${worst.name} at ${worst.index}: ${worst.actual}, not ${worst.expected}`,
    };
  } catch (error) {
    const unsupported = error instanceof UnsupportedCaseError ||
      error instanceof UnknownNetworkError;
    return {
      ...base,
      status: unsupported ? "unsupported" : "failed",
      worst: null,
      bound: null,
      detail: error instanceof Error ? error.message : String(error),
    };
  }
}

/** Models of golden folders, each opened once. */
class Models implements AsyncDisposable {
  readonly #backend: Backend;
  readonly #assets: FileSource | undefined;
  readonly #components = new Map<string, Promise<Component>>();
  readonly #pipelines = new Map<string, Promise<AsyncDisposable>>();

  constructor({ backend, assets }: ConformOptions) {
    this.#backend = backend;
    this.#assets = assets === undefined ? undefined : openFiles(assets);
  }

  component(files: FileSource, path: string): Promise<Component> {
    const known = this.#components.get(path);
    if (known !== undefined) return known;
    const opening = openComponent(subfolder(files, path), { name: path })
      .then((component) =>
        // The folder's name says which files are meant.
        loadComponent(component, {
          backend: this.#backend,
          ...(path.endsWith("-fp16") ? { variant: "fp16" } : {}),
        })
      );
    this.#components.set(path, opening);
    return opening;
  }

  /**
   * A model of the golden folder, or an embedded one, for a task: names of the latter have no slash.
   *
   * @throws {UnsupportedCaseError} If no model of such a name is embedded.
   */
  pipeline<T extends Task>(task: T, files: FileSource, model: string): Promise<Tasks[T]> {
    const key = `${task} ${model}`;
    const known = this.#pipelines.get(key) as Promise<Tasks[T]> | undefined;
    if (known !== undefined) return known;
    const source = model.includes("/") ? subfolder(files, model) : this.#embedded(model);
    const opening = pipeline(task, source, { backend: this.#backend });
    this.#pipelines.set(key, opening);
    return opening;
  }

  #embedded(name: string): ModelSource {
    if (this.#assets !== undefined) return subfolder(this.#assets, name);
    if (Object.hasOwn(EMBEDDED_MODELS, name)) return name;
    throw new UnsupportedCaseError(`the model ${name}, which does not come with the library,`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const component of this.#components.values()) {
      await component.then((open) => open[Symbol.dispose](), () => {});
    }
    for (const pipeline of this.#pipelines.values()) {
      await pipeline.then((open) => open[Symbol.asyncDispose](), () => {});
    }
  }
}

async function* tableCases(backend: Backend): AsyncGenerator<Found> {
  await using reference = referenceBackend();
  for (const definition of opDefinitions()) {
    for (const opCase of definition.cases) {
      const run = () => runTableCase(definition, { opCase, backend, reference });
      yield { group: "ops", file: opCase.name, kind: definition.name, heavy: false, run };
    }
  }
}

type GoldenContext = ConformOptions & { readonly models: Models };

async function* goldenCases(root: FileSource, context: GoldenContext): AsyncGenerator<Found> {
  const list = root.list ?? (() => Promise.reject(new Error(`Cannot list ${root.description}`)));
  const groups = (await list("")).toSorted();
  for (const group of groups) {
    if (group.includes(".") || context.groups?.includes(group) === false) continue;
    const files = subfolder(root, group);
    if (group === "hostile") {
      for await (const { file, kind, run } of hostileCases(files)) {
        yield { group, file, kind, heavy: false, run };
      }
      continue;
    }
    for (const file of (await files.list!("")).toSorted()) {
      if (/\.json$/.test(file)) {
        if (group === "tokenizers") yield tokenizerCase(root, { group, file });
      } else if (/\.safetensors$/.test(file)) {
        const bytes = await files.read(file);
        const settings = goldenSettings(bytes);
        if (settings === undefined) continue;
        yield {
          group,
          file,
          kind: settings.kind,
          heavy: settings.heavy === true,
          // Parsed when it is run: what cannot be read is that case's failure, and no other's.
          run: async () => await runGolden(parseGoldenCase(bytes), { ...context, root, group }),
        };
      } else if (group === "onnx" && file === "bad") {
        for (
          const each of await onnxFolderCases(files, { backend: context.backend, folder: file })
        ) {
          yield { group, kind: "onnx-dir", heavy: false, ...each };
        }
      } else if (group === "originals" && !file.includes(".")) {
        yield* originalCases(subfolder(files, file), { ...context, group, folder: file });
      } else if (!file.includes(".") && !["models", "onnx", "hostile"].includes(group)) {
        yield* nestedCases(files, { group, folder: file });
      }
    }
  }
}

/** A checkpoint of an original, with all that its authors' code computed; or a folder of torch's containers. */
async function* originalCases(
  files: FileSource,
  { group, folder, backend }: GoldenContext & { readonly group: string; readonly folder: string },
): AsyncGenerator<Found> {
  const base = { group, heavy: false };
  if (folder === "containers") {
    for (const each of await listContainerCases(files)) {
      const run = () => runContainerCase(files, each);
      yield { ...base, file: `${folder}/${each.file}`, kind: "container", run };
    }
    return;
  }
  await using goldens = await OriginalGoldens.open(files, backend);
  for (const name of goldens.names) {
    const run = () => goldens.run(name);
    yield { ...base, file: `${folder}/${name}`, kind: folder, run };
  }
}

/** Folders of checkpoints and of damaged files: nothing here runs them yet; each file is counted. */
async function* nestedCases(
  files: FileSource,
  { group, folder }: { readonly group: string; readonly folder: string },
): AsyncGenerator<Found> {
  const run = () => Promise.reject(new UnsupportedCaseError(`the group ${group}`));
  for (const file of (await files.list!(folder)).toSorted()) {
    if (file === "README.md") continue;
    yield { group, file: `${folder}/${file}`, kind: folder, heavy: false, run };
  }
}

function tokenizerCase(
  root: FileSource,
  { group, file }: { readonly group: string; readonly file: string },
): Found {
  const run = async () => {
    const json: unknown = JSON.parse(new TextDecoder().decode(await root.read(`${group}/${file}`)));
    const hub = await findVocabularies(root);
    return await runTokenizerCase(
      json,
      (settings) => openCaseTokenizer(settings, { goldens: root, hub }),
    );
  };
  return { group, file, kind: "tokenizer", heavy: false, run };
}

/** A file that a folder of public vocabularies has. */
const VOCABULARY = "bert-base-uncased/vocab.txt";

/** The full vocabularies are too large for golden files: they lie beside those, or in a folder of shared data. */
async function findVocabularies(root: FileSource): Promise<FileSource> {
  const base = root.description.replace(/\/+$/, "");
  const places = [`${base}/../data/hub`, `${base}/data/hub`, "../shared/data/hub"];
  for (const place of places) {
    const files = openFiles(place);
    // Where nothing may be read, nothing is found: that is said below.
    if (await files.exists(VOCABULARY).catch(() => false)) return files;
  }
  return openFiles(places[0]!);
}

async function runGolden(
  golden: GoldenCase,
  context: GoldenContext & { readonly root: FileSource; readonly group: string },
): Promise<readonly Comparison[]> {
  const { backend, exact, models, root, group } = context;
  const { settings } = golden;
  const { kind } = settings;
  switch (group) {
    case "ops":
      if (OP_KINDS.has(kind)) return await runOpCase(golden, { backend, exact });
      break;
    case "rng":
      return runRngCase(golden);
    case "resize":
      return runResizeCase(golden);
    case "classifier":
      return runClassifierRuleCase(golden);
    case "schedulers":
      if (isSchedulerCase(golden)) return await runSchedulerCase(golden, { backend, exact });
      break;
    case "components":
      if (COMPONENT_KINDS.has(kind)) {
        const path = `${settings.model}/${settings.component}`;
        return await runComponentCase(golden, {
          component: await models.component(root, path),
          backend,
          exact,
        });
      }
      break;
    case "onnx":
      if (kind === "onnx_component") {
        return await runOnnxComponentCase(golden, { files: root, backend, exact });
      }
      if (kind === "pipeline" && !runsOnnxFiles(backend)) {
        throw new UnsupportedCaseError(`an ONNX file on ${backend.name}`);
      }
      // falls through
    case "pipelines":
    case "shapes":
      if (kind === "pipeline" && TEXT_TO_IMAGE_PIPELINES.has(settings.pipeline)) {
        const generate = await models.pipeline("text-to-image", root, settings.model as string);
        return await runTextToImageCase(golden, { generate, exact });
      }
      if (kind === "pipeline" && IMAGE_TO_IMAGE_PIPELINES.has(settings.pipeline)) {
        const generate = await models.pipeline("image-to-image", root, settings.model as string);
        return await runImageToImageCase(golden, { generate, exact });
      }
      if (kind === "pipeline" && SUPER_RESOLUTION_PIPELINES.has(settings.pipeline)) {
        const enlarge = await models.pipeline("super-resolution", root, settings.model as string);
        return await runSuperResolutionCase(golden, { enlarge, exact });
      }
      if (isUnconditionalCase(golden) || isRepaintCase(golden)) {
        const generate = await models.pipeline(
          "unconditional-image-generation",
          root,
          settings.model as string,
        );
        return isRepaintCase(golden)
          ? await runRepaintCase(golden, { model: generate.model, exact })
          : await runUnconditionalCase(golden, { generate, exact });
      }
      if (kind === "classifier" || kind === "shapes_classify") {
        const run = kind === "classifier" ? runClassifierCase : runShapesClassifyCase;
        const model = settings.model as string;
        return await run(golden, {
          classify: await models.pipeline("zero-shot-image-classification", root, model),
          exact,
        });
      }
      if (kind === "pipeline" && INPAINTING_PIPELINES.has(settings.pipeline)) {
        const generate = await models.pipeline("inpainting", root, settings.model as string);
        return await runInpaintingCase(golden, { generate, exact });
      }
      if (kind === "shapes_inpaint") {
        const generate = await models.pipeline("inpainting", root, settings.model as string);
        return await runShapesInpaintCase(golden, { generate, exact });
      }
      if (kind === "pictures" && settings.model === "shapes") {
        return await runPicturesCase(golden, {
          generate: await models.pipeline("text-to-image", root, "shapes"),
        });
      }
      break;
  }
  throw new UnsupportedCaseError(`the kind ${kind}`);
}
