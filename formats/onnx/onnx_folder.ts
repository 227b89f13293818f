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

/** A network of ours: its class, and the folder of each method's file, of which the first has the configuration. */
interface NetworkFiles {
  readonly className: string;
  readonly methods: Readonly<Record<string, string>>;
}

const UNET = { className: "UNet2DConditionModel", methods: { forward: "unet" } };
const AUTOENCODER = {
  className: "AutoencoderKL",
  methods: { decode: "vae_decoder", encode: "vae_encoder" },
};
const STABLE_DIFFUSION: Readonly<Record<string, NetworkFiles>> = {
  text_encoder: { className: "CLIPTextModel", methods: { forward: "text_encoder" } },
  unet: UNET,
  vae: AUTOENCODER,
};

/** The pipelines whose networks are exported, by diffusers' names. That of latent diffusion is written by this project only. */
const CLASSES: ReadonlyMap<string, Readonly<Record<string, NetworkFiles>>> = new Map([
  ["StableDiffusionPipeline", STABLE_DIFFUSION],
  ["StableDiffusionImg2ImgPipeline", STABLE_DIFFUSION],
  ["StableDiffusionInpaintPipeline", STABLE_DIFFUSION],
  ["LDMTextToImagePipeline", {
    bert: { className: "LDMBertModel", methods: { forward: "text_encoder" } },
    unet: UNET,
    vqvae: AUTOENCODER,
  }],
]);

/** Folders that a model can do without: text to image encodes no picture. */
const OPTIONAL: readonly string[] = ["vae_encoder"];

/** Whether a model's networks are ONNX files. */
export async function isOnnxFolder(files: FileSource): Promise<boolean> {
  // Every model has this, so that what is said of a folder that may not be read is the same for all.
  if (!await files.exists("model_index.json")) return false;
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
  const className = classOf(index, files);
  for (const [name, network] of Object.entries(CLASSES.get(className)!)) {
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
  if (className !== undefined && CLASSES.has(className)) return className;
  throw new ModelError(
    `Cannot use ${files.description}: its _class_name is ${
      display(named)
    }; of ONNX files these are known: ${[...CLASSES.keys()].join(", ")}`,
  );
}

async function openNetwork(
  files: FileSource,
  { name, className, methods }: NetworkFiles & { readonly name: string },
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
