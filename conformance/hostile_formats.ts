/**
 * Opens a file of any format with the function that a user's file would go through.
 *
 * @module
 */
import { type FileSource, memoryFiles, subfolder } from "../formats/file_source.ts";
import { decodePicture } from "../formats/images/decode_picture.ts";
import { convertPicture } from "../formats/images/vae_image_processor.ts";
import { isObject, type JsonValue } from "../formats/json.ts";
import { ModelError } from "../formats/model_error.ts";
import { openComponent, openModelFolder } from "../formats/model_folder.ts";
import { openWeights } from "../formats/open_weights.ts";
import { readOriginalSettings } from "../formats/originals/read_original_settings.ts";
import { readYaml } from "../formats/originals/read_yaml.ts";
import { readJson } from "../formats/read_json.ts";
import { openSafetensors, type SafetensorsFile } from "../formats/safetensors.ts";
import { isReadable } from "../formats/safetensors_dtype.ts";
import { openTokenizer } from "../formats/tokenizers/open_tokenizer.ts";
import { unet2dConditionInputs } from "../models/unet_2d_condition_inputs.ts";
import { openTorchCheckpoint } from "../formats/torch/torch_checkpoint.ts";
import {
  readUNet2DConditionConfig,
  unet2dConditionNetwork,
} from "../pipelines/networks/unet_2d_condition.ts";
import { scheduler } from "../schedulers/scheduler.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** What a file holds. */
export interface OpenedFile {
  /** Tensors by name; of formats without any, none. */
  readonly tensors: ReadonlyMap<string, OpenedTensor>;
}

/** A tensor, to the last bit. */
export interface OpenedTensor {
  /** As safetensors spells it. */
  readonly dtype: string;
  /** Outermost first. */
  readonly shape: readonly number[];
  /** Its elements' bytes; none of a type that has no numbers here. */
  readonly bytes: Uint8Array;
}

type Open = (files: FileSource, path: string) => Promise<OpenedFile>;

const NO_TENSORS: OpenedFile = { tensors: new Map() };

const FORMATS: ReadonlyMap<string, Open> = new Map<string, Open>([
  ["safetensors", async (files, path) => ({ tensors: await readTensors(files, path) })],
  ["sharded-safetensors", async (files, path) => ({
    tensors: await readAll(await openWeights(subfolder(files, path))),
  })],
  ["torch", async (files, path) => ({
    tensors: await readAll(await openTorchCheckpoint(files, path)),
  })],
  ["image", openImage],
  ["diffusers-dir", async (files, path) => {
    await openModelFolder(subfolder(files, path));
    return NO_TENSORS;
  }],
  ["unet-config", openUNetConfig],
  ["scheduler-config", openSchedulerConfig],
  ["original-yaml", openOriginalYaml],
  ["clip-tokenizer", openAnyTokenizer],
  ["bert-tokenizer", openAnyTokenizer],
]);

/**
 * Opens a file and reads all of it.
 *
 * @throws {UnsupportedCaseError} If nothing here reads the format.
 */
export async function openHostile(
  files: FileSource,
  { file, format }: { readonly file: string; readonly format: string },
): Promise<OpenedFile> {
  const open = FORMATS.get(format);
  if (open === undefined) throw new UnsupportedCaseError(`the format ${format}`);
  return await open(files, file);
}

/** Opens a safetensors file and reads every tensor. */
export async function readTensors(
  files: FileSource,
  path: string,
): Promise<ReadonlyMap<string, OpenedTensor>> {
  return await readAll(await openSafetensors(files, path));
}

async function readAll(file: SafetensorsFile): Promise<ReadonlyMap<string, OpenedTensor>> {
  const tensors = new Map<string, OpenedTensor>();
  for (const [name, { dtype, shape }] of file.tensors) {
    const bytes = isReadable(dtype) ? viewBytes((await file.readStored(name)).data) : NO_BYTES;
    tensors.set(name, { dtype, shape, bytes });
  }
  return tensors;
}

const NO_BYTES = new Uint8Array(0);

/** Bits rather than numbers: a NaN is compared as well as any. */
function viewBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Truths are pixels as stored, whichever way the camera was held. */
async function openImage(files: FileSource, path: string): Promise<OpenedFile> {
  const picture = await decodePicture(await files.read(path), { keepOrientation: true });
  const { width, height } = picture;
  const [rgb, grey] = [convertPicture(picture, "rgb"), convertPicture(picture, "grey")];
  return {
    tensors: new Map([
      ["rgb", { dtype: "U8", shape: [height, width, 3], bytes: rgb.data }],
      ["l", { dtype: "U8", shape: [height, width], bytes: grey.data }],
    ]),
  };
}

/** A configuration that is read also has to be one that a network can be made of. */
async function openUNetConfig(files: FileSource, path: string): Promise<OpenedFile> {
  const content = new Map([["config.json", await files.read(path)]]);
  const component = await openComponent(memoryFiles(content, path), {
    className: "UNet2DConditionModel",
  });
  const config = readUNet2DConditionConfig(component.readConfig());
  checkOwnChannels(await readJson(files, path), config.inChannels);
  const network = unet2dConditionNetwork(component.readConfig());
  const sizes = { batch: 1, height: 64, width: 64, tokens: 3 };
  network.methods.get("forward")!.graph(unet2dConditionInputs(config, sizes));
  return NO_TENSORS;
}

/** What an object inherits from its key `__proto__` is not what its file says. */
function checkOwnChannels(json: JsonValue, channels: number): void {
  const own = isObject(json) && Object.hasOwn(json, "in_channels") ? json["in_channels"] : 4;
  if (own !== channels) throw new Error(`in_channels ${own} is read as ${channels}`);
}

async function openSchedulerConfig(files: FileSource, path: string): Promise<OpenedFile> {
  const json = await readJson(files, path);
  if (!isObject(json)) throw new ModelError(`Cannot use ${path}: it is no object`);
  scheduler(json).plan(10);
  return NO_TENSORS;
}

/** Settings of an original model. What is not UTF-8 is decoded as what it is not, and so refused. */
async function openOriginalYaml(files: FileSource, path: string): Promise<OpenedFile> {
  const text = new TextDecoder().decode(await files.read(path));
  readOriginalSettings(readYaml(text, path), path);
  return NO_TENSORS;
}

async function openAnyTokenizer(files: FileSource, path: string): Promise<OpenedFile> {
  const tokenizer = await openTokenizer(subfolder(files, path));
  tokenizer.encodePadded("The cat, thé __proto__ 🐈", Math.min(16, tokenizer.maxLength));
  return NO_TENSORS;
}
