/**
 * Stable Diffusion as ONNX files, in the layout of Hugging Face Optimum.
 *
 * @module
 */
import { config } from "../config_reader.ts";
import { type FileSource, subfolder } from "../file_source.ts";
import { display, isObject, type JsonObject } from "../json.ts";
import { ModelError } from "../model_error.ts";
import { type ModelComponent, type ModelFolder, openComponent } from "../model_folder.ts";
import { readJson } from "../read_json.ts";
import { type OnnxSignature, readOnnxSignature } from "./signature.ts";

/** A network's file for one of its methods. */
export interface OnnxPart {
  /** The folder of the file and of its weights. */
  readonly files: FileSource;
  /** The file in it. */
  readonly path: string;
  /** What it takes and gives. */
  readonly signature: OnnxSignature;
}

const FILE = "model.onnx";

/** The pipelines whose networks are exported, by diffusers' names. */
const CLASSES: readonly string[] = [
  "StableDiffusionPipeline",
  "StableDiffusionImg2ImgPipeline",
  "StableDiffusionInpaintPipeline",
];

/** Our networks: their classes, and the folder of each method's file. The first of these has the configuration. */
const NETWORKS = {
  text_encoder: { className: "CLIPTextModel", methods: { forward: "text_encoder" } },
  unet: { className: "UNet2DConditionModel", methods: { forward: "unet" } },
  vae: {
    className: "AutoencoderKL",
    methods: { decode: "vae_decoder", encode: "vae_encoder" },
  },
} as const;

/** Folders that a model can do without: text to image encodes no picture. */
const OPTIONAL: readonly string[] = ["vae_encoder"];

/** Whether a model's networks are ONNX files. */
export async function isOnnxFolder(files: FileSource): Promise<boolean> {
  for (const folder of ["unet", "vae_decoder", "text_encoder"]) {
    if (await files.exists(`${folder}/${FILE}`)) return true;
  }
  return false;
}

/**
 * Opens such a folder as the model of diffusers that it was exported from: `vae_encoder` and `vae_decoder` are its `vae`. Reads
 * `model_index.json`, configurations and the ONNX files, but no weights that stand outside of these.
 *
 * @throws {ModelError} If it is of a class that is not known, or something is missing.
 * @throws {OnnxError} If a file is damaged, or needs one that is not there.
 * @throws {FileError} If a file cannot be read.
 */
export async function openOnnxFolder(files: FileSource): Promise<ModelFolder> {
  const index = await readIndex(files);
  const components = new Map<string, ModelComponent>();
  for (const [name, network] of Object.entries(NETWORKS)) {
    components.set(name, await openNetwork(files, { name, ...network }));
  }
  for (const name of ["tokenizer", "scheduler"]) {
    const pair = index[name];
    const className = Array.isArray(pair) ? pair[1] : undefined;
    if (typeof className !== "string") {
      throw new ModelError(
        `Cannot use ${files.description}/model_index.json: ${name} is ${display(pair ?? null)}; ` +
          "it must be a library and a class",
      );
    }
    components.set(name, await openComponent(subfolder(files, name), { name, className }));
  }
  const settings = Object.entries(index).filter(([key, value]) =>
    !key.startsWith("_") && !Array.isArray(value)
  );
  const className = classOf(index, files);
  return {
    description: files.description,
    className,
    settings: new Map(settings),
    components,
    component(name) {
      const component = components.get(name);
      if (component !== undefined) return component;
      const names = [...components.keys()].join(", ");
      throw new ModelError(
        `Cannot open ${display(name)} of ${files.description}: ${className} has ${names}`,
      );
    },
  };
}

async function readIndex(files: FileSource): Promise<JsonObject> {
  const json = await readJson(files, "model_index.json");
  if (isObject(json)) return json;
  throw new ModelError(
    `Cannot use ${files.description}/model_index.json: it is ${
      display(json)
    }; it must be an object`,
  );
}

/** Optimum writes `ORTStableDiffusionPipeline`, diffusers' own script `OnnxStableDiffusionPipeline`. */
function classOf({ _class_name: named = null }: JsonObject, files: FileSource): string {
  const className = typeof named === "string" ? named.replace(/^(ORT|Onnx)/, "") : undefined;
  if (className !== undefined && CLASSES.includes(className)) return className;
  throw new ModelError(
    `Cannot use ${files.description}: its _class_name is ${
      display(named)
    }; of ONNX files these are known: ${CLASSES.join(", ")}`,
  );
}

async function openNetwork(
  files: FileSource,
  { name, className, methods }: {
    readonly name: string;
    readonly className: string;
    readonly methods: Readonly<Record<string, string>>;
  },
): Promise<ModelComponent> {
  const onnx = new Map<string, OnnxPart>();
  for (const [method, folder] of Object.entries(methods)) {
    const inner = subfolder(files, folder);
    if (OPTIONAL.includes(folder) && !await inner.exists(FILE)) continue;
    onnx.set(method, {
      files: inner,
      path: FILE,
      signature: await readOnnxSignature(inner, FILE),
    });
  }
  const inner = subfolder(files, Object.values(methods)[0]!);
  const json = await readJson(inner, "config.json");
  return {
    name,
    kind: "network",
    className,
    files: inner,
    readConfig: () => config(json, `${inner.description}/config.json`),
    openWeights: () =>
      Promise.reject(
        new ModelError(`Cannot open the weights of ${inner.description}: it is an ONNX file`),
      ),
    onnx,
  };
}
