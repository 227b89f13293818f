/**
 * What `pixel_and_latent.ts` compares: denoisers of pixels and of latents, first stages, and models of them with made-up weights.
 *
 * @module
 */
import { config } from "../formats/config_reader.ts";
import { type FileSource, memoryFiles } from "../formats/files.ts";
import type { JsonObject } from "../formats/json.ts";
import { firstStageConfig } from "../formats/originals/first_stage.ts";
import { type NetworkConfig, unetConfig } from "../formats/originals/unet_config.ts";
import { writeSafetensors } from "../formats/write_safetensors.ts";
import { f32, type Graph, type HostTensorOf } from "../mod.ts";
import { networkReaders } from "../pipelines/networks/mod.ts";
import type { InputSpecs } from "../pipelines/networks/network.ts";
import { optionWeight } from "../tests/option_cases.ts";
import { STAGE_PRESETS } from "../tests/originals/presets.ts";

/** A first stage. */
export interface FirstStage {
  /** How many pixels a side of one latent pixel has. */
  readonly factor: number;
  /** Channels of the latents. */
  readonly channels: number;
  readonly network: NetworkConfig;
}

/** A denoiser and where it works. */
export interface ComparedModel {
  /** `LDM-4`: the number is the first stage's factor. */
  readonly name: string;
  readonly unet: NetworkConfig;
  /** Null: pixels. */
  readonly stage: FirstStage | null;
}

/** Channels and depth of a U-Net: those of the first level, and the levels' multiples of it. */
interface UNetSize {
  readonly channels: number;
  readonly multiples: readonly number[];
  /** Levels that attend, by heads of 32 channels. */
  readonly attends: readonly number[];
}

/** The published unconditional networks of Rombach et al. for faces and bedrooms, whose latents are of VQ-f4. */
const PUBLISHED: UNetSize = { channels: 224, multiples: [1, 2, 3, 4], attends: [1, 2, 3] };
/** About a seventh as wide. */
const SMALL: UNetSize = { ...PUBLISHED, channels: 32 };

function unetOf({ channels, multiples, attends }: UNetSize, samples: number): NetworkConfig {
  return unetConfig({
    inChannels: samples,
    outChannels: samples,
    modelChannels: channels,
    layers: 2,
    levels: multiples.map((multiple, at) => ({
      channels: multiple * channels,
      attends: attends.includes(at),
      depth: 0,
      crossOnly: false,
    })),
    resampling: "convolution",
    scaleShift: false,
    attention: { kind: "self" },
    middleDepth: 0,
    classes: null,
    timeLayers: "time_embed",
  }, { heads: { width: 32 }, sampleSize: 64 });
}

/**
 * A published first stage, whose first level has 128 channels.
 *
 * @param name `kl-f8`, `vq-f4`, …
 */
export function firstStage(
  name: string,
  { attention, channels = 128 }: {
    /** Whether its middle attends; as published unless said otherwise. */
    readonly attention?: boolean;
    /** Of the first level; the others in proportion. */
    readonly channels?: number;
  } = {},
): FirstStage {
  const preset = STAGE_PRESETS[name]!;
  const levels = preset.levels.map((level) => ({
    ...level,
    channels: level.channels * channels / 128,
  }));
  const { className, config } = firstStageConfig(
    { ...preset, levels, midAttention: attention ?? preset.midAttention },
    { scalingFactor: 1, sampleSize: 256 },
  );
  return {
    factor: 2 ** (levels.length - 1),
    channels: preset.embedWidth,
    network: { className, config: { ...config, norm_num_groups: Math.min(32, channels / 2) } },
  };
}

function compare(
  unet: UNetSize,
  options: { readonly stageChannels?: number } = {},
): readonly ComparedModel[] {
  const channels = options.stageChannels ?? 128;
  return [
    { name: "LDM-1", unet: unetOf(unet, 3), stage: null },
    { name: "LDM-4", unet: unetOf(unet, 3), stage: firstStage("vq-f4", { channels }) },
    { name: "LDM-8", unet: unetOf(unet, 4), stage: firstStage("kl-f8", { channels }) },
  ];
}

/** One U-Net on pixels, on latents of VQ-f4 and on those of KL-f8. */
export const SAME_NETWORK: readonly ComparedModel[] = compare(PUBLISHED);

/** The same about a seventh as wide, the first stages an eighth. */
export const SMALL_NETWORK: readonly ComparedModel[] = compare(SMALL, { stageChannels: 16 });

/**
 * The networks that the paper compares on faces (Rombach et al. 2022, appendix E: hyperparameters of section 4.1's unconditional
 * models): about as many weights each, and attention where 256 pixels have become 32 or fewer.
 */
export const PAPER_NETWORKS: readonly ComparedModel[] = [
  {
    name: "LDM-1",
    unet: unetOf({ channels: 192, multiples: [1, 1, 2, 2, 4, 4], attends: [3, 4, 5] }, 3),
    stage: null,
  },
  SAME_NETWORK[1]!,
  {
    name: "LDM-8",
    unet: unetOf({ channels: 256, multiples: [1, 2, 4], attends: [0, 1, 2] }, 4),
    stage: firstStage("vq-f8"),
  },
];

/** A call of the denoiser for a picture of so many pixels a side. */
export function unetGraph({ unet, stage }: ComparedModel, pixels: number): Graph {
  const [factor, channels] = stage === null ? [1, 3] : [stage.factor, stage.channels];
  const side = pixels / factor;
  return graphOf(unet, {
    method: "forward",
    specs: { sample: f32(1, channels, side, side), timestep: f32(1) },
  });
}

/** Ways through a first stage; without quantisation in those that have codes only. */
export type StageMethod = "encode" | "decode" | "decode_unquantized";

/** One way through a first stage. */
export function stageGraph(
  { network, factor, channels }: FirstStage,
  { method, pixels }: { readonly method: StageMethod; readonly pixels: number },
): Graph {
  const side = pixels / factor;
  const specs = method === "encode"
    ? { x: f32(1, 3, pixels, pixels) }
    : { z: f32(1, channels, side, side) };
  return graphOf(network, { method, specs });
}

function graphOf(
  { className, config: json }: NetworkConfig,
  { method, specs }: { readonly method: string; readonly specs: InputSpecs },
): Graph {
  return networkReaders.get(className)!(config(json, className)).methods.get(method)!.graph(specs);
}

/** Bounded samples, whatever the network says. */
const SCHEDULER: JsonObject = {
  _class_name: "DDIMScheduler",
  beta_start: 0.0015,
  beta_end: 0.0195,
  beta_schedule: "scaled_linear",
  clip_sample: true,
};

/** A model as a folder in memory, its weights computed from their names. */
export function modelFiles(model: ComparedModel): FileSource {
  const { unet, stage } = model;
  const files = new Map<string, string | Uint8Array>();
  const add = (name: string, network: NetworkConfig, graphs: readonly Graph[]) => {
    const json = { _class_name: network.className, ...network.config };
    files.set(`${name}/config.json`, JSON.stringify(json));
    files.set(`${name}/diffusion_pytorch_model.safetensors`, writeSafetensors(weightsOf(graphs)));
  };
  add("unet", unet, [unetGraph(model, 64)]);
  if (stage !== null) {
    const ways = (["encode", "decode"] as const).map((method) =>
      stageGraph(stage, { method, pixels: 64 })
    );
    add("vqvae", stage.network, ways);
  }
  files.set("scheduler/scheduler_config.json", JSON.stringify(SCHEDULER));
  files.set(
    "model_index.json",
    JSON.stringify({
      _class_name: stage === null ? "DDIMPipeline" : "LDMPipeline",
      scheduler: ["diffusers", SCHEDULER._class_name!],
      unet: ["diffusers", unet.className],
      ...(stage === null ? {} : { vqvae: ["diffusers", stage.network.className] }),
    }),
  );
  return memoryFiles(files, `${model.name} with made-up weights`);
}

function weightsOf(graphs: readonly Graph[]): Record<string, HostTensorOf<"f32">> {
  return Object.fromEntries(
    graphs.flatMap(({ parameters }) =>
      parameters.map(({ name, spec: { shape } }) => [
        name,
        { dtype: "f32", shape, data: optionWeight(name, shape) },
      ])
    ),
  );
}
