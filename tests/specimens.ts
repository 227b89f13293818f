/**
 * Good files of every format, and how each is opened and damaged.
 *
 * @module
 */
import { openHostile } from "../conformance/hostile_formats.ts";
import { type FileSource, memoryFiles } from "../formats/file_source.ts";
import { pngChunks, writePngChunks } from "../formats/images/png_chunks.ts";
import { deflate, inflate } from "../formats/images/zlib.ts";
import { openComponent } from "../formats/model_folder.ts";
import { networkReaders } from "../pipelines/networks/mod.ts";
import { UnknownNetworkError } from "../pipelines/model.ts";
import type { TensorSpec } from "../graph/tensor_spec.ts";
import { readZoo } from "./images/zoo.ts";
import { below, mutate, pick, type Random } from "./mutations.ts";
import { NETWORK_CONFIGS } from "./network_configs.ts";
import { readStoredZip, writeStoredZip } from "./stored_zip.ts";

/** A file or folder that can be read. */
export interface Specimen {
  /** For messages. */
  readonly name: string;
  /** Its files by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Reads all of it. */
  open(files: FileSource): Promise<unknown>;
  /** Damages one of its files. */
  damage(bytes: Uint8Array, random: Random): Uint8Array | Promise<Uint8Array>;
}

const GOLDENS = new URL("goldens/", import.meta.url);
const LDM = "models/ldm-text";

/** A network's configuration, by its class or where it is. */
export async function readConfigs(): Promise<ReadonlyMap<string, Uint8Array>> {
  const configs = new Map<string, Uint8Array>();
  for (const name of ["unet", "vqvae", "bert"]) {
    const path = `${LDM}/${name}/config.json`;
    configs.set(path, await read(path));
  }
  for (const [name, config] of Object.entries(NETWORK_CONFIGS)) {
    configs.set(name, new TextEncoder().encode(JSON.stringify(config)));
  }
  return configs;
}

/** All of them, in groups that deserve as much attention each. */
export async function readSpecimens(): Promise<readonly (readonly Specimen[])[]> {
  const one = async (format: string, name: string) =>
    single({ name, format, bytes: await read(name), damage: mutateEither(name) });
  const whole = (format: string, folder: string, ...names: readonly string[]) =>
    readFolder({ format, folder, names });
  const pictures = await Promise.all(["png_zoo.json", "jpeg_zoo.json"].map(readPictures));
  const files = await Promise.all([
    one("safetensors", "safetensors/written_by_library.safetensors"),
    one("safetensors", "safetensors/safetensors/ok_all_dtypes.safetensors"),
    one("safetensors", "safetensors/safetensors/ok_unicode_names.safetensors"),
    whole(
      "sharded-safetensors",
      "safetensors/config/sharded/ok",
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
      "model.safetensors.index.json",
    ),
    one("scheduler-config", `${LDM}/scheduler/scheduler_config.json`),
    whole(
      "diffusers-dir",
      LDM,
      "model_index.json",
      "bert/config.json",
      "scheduler/scheduler_config.json",
      "tokenizer/tokenizer_config.json",
      "tokenizer/vocab.txt",
      "unet/config.json",
      "vqvae/config.json",
    ),
    whole(
      "clip-tokenizer",
      "tokenizers/hostile/tokenizer/ok_plain",
      "merges.txt",
      "tokenizer_config.json",
      "vocab.json",
    ),
    whole(
      "clip-tokenizer",
      "tokenizers/models/sd1/tokenizer",
      "merges.txt",
      "special_tokens_map.json",
      "tokenizer_config.json",
      "vocab.json",
    ),
    whole(
      "bert-tokenizer",
      `${LDM}/tokenizer`,
      "special_tokens_map.json",
      "tokenizer_config.json",
      "vocab.txt",
    ),
    readSerializedTokenizer(),
  ]);
  for (const [name, config] of await readConfigs()) files.push(network(name, config));
  const yaml = single({
    name: "original YAML",
    format: "original-yaml",
    bytes: new TextEncoder().encode(ORIGINAL_YAML),
    damage: mutate,
  });
  return [...[...files, yaml].map((specimen) => [specimen]), ...pictures, await readCheckpoints()];
}

/** What `v1-inference.yaml` of Stable Diffusion looks like, smaller. */
const ORIGINAL_YAML = `model:
  target: ldm.models.diffusion.ddpm.LatentDiffusion
  params:
    linear_start: 0.00085
    linear_end: 0.0120
    timesteps: 1000
    channels: 4
    conditioning_key: crossattn
    scale_factor: 0.18215
    use_ema: False # comment
    unet_config:
      target: ldm.modules.diffusionmodules.openaimodel.UNetModel
      params: {image_size: 32, in_channels: 4, out_channels: 4, model_channels: 32,
        attention_resolutions: [ 2, 1 ], num_res_blocks: 1, channel_mult: [ 1, 2 ], num_heads: 8,
        use_spatial_transformer: True, context_dim: 32, legacy: False}
    first_stage_config:
      target: ldm.models.autoencoder.AutoencoderKL
      params:
        embed_dim: 4
        ddconfig: {double_z: true, z_channels: 4, resolution: 256, in_channels: 3, out_ch: 3,
          ch: 32, ch_mult: [1, 2], num_res_blocks: 1, attn_resolutions: [], dropout: 0.0}
        lossconfig:
          target: torch.nn.Identity
    cond_stage_config:
      target: ldm.modules.encoders.modules.FrozenCLIPEmbedder
`;

async function read(path: string): Promise<Uint8Array> {
  return await Deno.readFile(new URL(path, GOLDENS));
}

type Damage = Specimen["damage"];

/** A specimen of one file. */
function single({ name, format, bytes, damage }: {
  readonly name: string;
  readonly format: string;
  readonly bytes: Uint8Array;
  readonly damage: Damage;
}): Specimen {
  return {
    name,
    files: new Map([["file", bytes]]),
    open: (files) => openHostile(files, { file: "file", format }),
    damage,
  };
}

async function readFolder({ format, folder, names }: {
  readonly format: string;
  readonly folder: string;
  readonly names: readonly string[];
}): Promise<Specimen> {
  const files = new Map<string, Uint8Array>();
  for (const name of names) files.set(`folder/${name}`, await read(`${folder}/${name}`));
  return {
    name: folder,
    files,
    open: (source) => openHostile(source, { file: "folder", format }),
    damage: mutate,
  };
}

/** A tokenizer in one file, made of one in three. */
async function readSerializedTokenizer(): Promise<Specimen> {
  const folder = "tokenizers/hostile/tokenizer/ok_plain";
  const text = async (name: string) => new TextDecoder().decode(await read(`${folder}/${name}`));
  const vocab: Readonly<Record<string, number>> = JSON.parse(await text("vocab.json"));
  const merges = (await text("merges.txt")).split("\n").filter((line) =>
    /^[^#\s]\S* \S+$/.test(line)
  );
  const special = ["<|startoftext|>", "<|endoftext|>"].map((content) => ({
    id: vocab[content],
    content,
    special: true,
    normalized: false,
  }));
  const json = {
    "added_tokens": special,
    normalizer: { type: "NFC" },
    model: { type: "BPE", "end_of_word_suffix": "</w>", vocab, merges },
  };
  return {
    name: "tokenizer.json",
    files: new Map([["folder/tokenizer.json", new TextEncoder().encode(JSON.stringify(json))]]),
    open: (files) => openHostile(files, { file: "folder", format: "clip-tokenizer" }),
    damage: mutate,
  };
}

function network(name: string, config: Uint8Array): Specimen {
  return { name, files: new Map([["config.json", config]]), open: traceNetwork, damage: mutate };
}

/**
 * Builds the graphs of a network of any class from its `config.json`: what a configuration admits has to have some.
 *
 * @returns How many nodes they have.
 */
export async function traceNetwork(files: FileSource): Promise<number> {
  const component = await openComponent(files);
  const reader = networkReaders.get(component.className);
  if (reader === undefined) throw new UnknownNetworkError(component.className);
  let nodes = 0;
  for (const method of reader(component.readConfig()).methods.values()) {
    const inputs = Object.entries(method.inputs)
      .filter(([name]) => !method.optional?.includes(name))
      .map(([name, text]) => [name, specOf(text)]);
    nodes += method.graph(Object.fromEntries(inputs)).nodes.length;
  }
  return nodes;
}

/** The sizes that a description leaves open. */
const SIZES: readonly (readonly [RegExp, number])[] = [
  [/^\d+$/, NaN],
  [/^1 or n$|^n$/, 1],
  [/^(height|width)$/, 64],
  [/^8 (height|width)$/, 512],
  [/^(height|width) \/ f$/, 8],
  [/^tokens$/, 80], // dual cross attention needs more than 77
  [/^tokens <=/, 1],
];

/** `[n, 4, height, width]` at some size. */
function specOf(text: string): TensorSpec {
  const list = /\[(.*?)\]/.exec(text)![1]!;
  const shape = list.split(",").map((part) => part.trim()).map((part) => {
    const size = SIZES.find(([pattern]) => pattern.test(part))?.[1] ?? 6;
    return Number.isNaN(size) ? Number(part) : size;
  });
  return { dtype: text.includes("whole numbers") ? "i32" : "f32", shape };
}

async function readPictures(zoo: string): Promise<readonly Specimen[]> {
  const pictures = await readZoo<{ readonly name?: string }>(zoo);
  return pictures.map(({ file, name }, index) =>
    single({
      name: `${zoo} ${name ?? index}`,
      format: "image",
      bytes: file,
      damage: zoo.startsWith("png") ? mutatePng : mutate,
    })
  );
}

/** torch's containers, of every age. */
async function readCheckpoints(): Promise<readonly Specimen[]> {
  const names = [
    "zip_lightning.ckpt",
    "zip_deflated.pt",
    "zip_nested.pt",
    "zip_protocol4.pt",
    "zip_views.pt",
    "legacy_nonzip_lightning.ckpt",
    "legacy_parameters.pt",
  ];
  return await Promise.all(names.map(async (name) =>
    single({
      name,
      format: "torch",
      bytes: await read(`torch/containers/${name}`),
      damage: /^zip_(?!deflated)/.test(name) ? mutateZip : mutate,
    })
  ));
}

/** Most damage to an archive is behind right checksums: to the pickle, an entry or the list of them. */
function mutateZip(bytes: Uint8Array, random: Random): Uint8Array {
  if (random() < 0.25) return mutate(bytes, random);
  const entries = [...readStoredZip(bytes)];
  const pickle = entries.findIndex(([name]) => name.endsWith("data.pkl"));
  const at = random() < 0.7 ? pickle : below(random, entries.length);
  const [name, data] = entries[at]!;
  if (random() < 0.9) entries[at] = [name, mutate(data, random)];
  else if (random() < 0.5) entries.splice(at, 1);
  else entries.push([name, data]);
  return writeStoredZip(entries);
}

/** Half of the damage to a safetensors file leaves the length of its header right. */
function mutateEither(path: string): Damage {
  if (!path.endsWith(".safetensors")) return mutate;
  return (bytes, random) => random() < 0.5 ? mutate(bytes, random) : mutateHeader(bytes, random);
}

function mutateHeader(bytes: Uint8Array, random: Random): Uint8Array {
  const end = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = mutate(bytes.subarray(8, end), random);
  const mutated = new Uint8Array(8 + header.length + bytes.length - end);
  new DataView(mutated.buffer).setBigUint64(0, BigInt(header.length), true);
  mutated.set(header, 8);
  mutated.set(bytes.subarray(end), 8 + header.length);
  return mutated;
}

/** Most damage to a PNG is behind right checksums, where it gets past the first look. */
async function mutatePng(bytes: Uint8Array, random: Random): Promise<Uint8Array> {
  if (random() < 0.25) return mutate(bytes, random);
  const chunks = [...pngChunks(bytes)];
  const at = below(random, chunks.length);
  const { type, data } = chunks[at]!;
  switch (pick(random, ["data", "data", "data", "pixels", "pixels", "drop", "twice"] as const)) {
    case "data":
      chunks[at] = { type, data: mutate(data, random) };
      break;
    case "pixels": {
      const only = chunks.findIndex((chunk) => chunk.type === "IDAT");
      const parts = chunks.filter((chunk) => chunk.type === "IDAT").map((chunk) => chunk.data);
      const pixels = mutate(await inflate(parts, { atMost: 1e6 }), random);
      const kept = chunks.filter((chunk) => chunk.type !== "IDAT");
      kept.splice(only, 0, { type: "IDAT", data: await deflate(pixels) });
      return writePngChunks(kept);
    }
    case "drop":
      chunks.splice(at, 1);
      break;
    case "twice":
      chunks.splice(below(random, chunks.length), 0, { type, data });
      break;
  }
  return writePngChunks(chunks);
}

/** A specimen with one of its files damaged, as a source. */
export async function damaged(specimen: Specimen, random: Random): Promise<FileSource> {
  const files = new Map(specimen.files);
  const path = pick(random, [...files.keys()]);
  files.set(path, await specimen.damage(files.get(path)!, random));
  return memoryFiles(files);
}
