/**
 * Networks with their weights: text encoders, U-Nets, autoencoders, and what passes between their modules.
 *
 * @module
 */
import type { Backend } from "../backends/backend.ts";
import type { HostTensor } from "../graph/tensor_spec.ts";
import type { Component } from "../pipelines/component.ts";
import { blendedTiles } from "../pipelines/tiling/blended_tiles.ts";
import { boundOf, type Comparison, magnitude } from "./comparison.ts";
import { type GoldenCase, recordedErrors } from "./golden_case.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** Kinds of cases of networks. */
export const COMPONENT_KINDS: ReadonlySet<string> = new Set([
  "text_encoder",
  "unet",
  "vae_encode",
  "vae_decode",
  "vq_encode",
  "vq_quantize",
  "vq_decode",
  "trace",
]);

type Outputs = Readonly<Record<string, HostTensor>>;

/** Our names of what the files call otherwise: diffusers' methods take `x` and `z`. */
const INPUT_NAMES: Readonly<Record<string, string>> = { image: "x", latents: "z" };

/**
 * Runs a case of one network.
 *
 * @param options Opens the network that the case names; and whether the backend is held to the reference's bounds.
 * @throws {UnsupportedCaseError} If the case asks for something that is not built yet.
 */
export async function runComponentCase(
  golden: GoldenCase,
  options: {
    readonly component: Component;
    /** What the component is on; cases in tiles need it. */
    readonly backend?: Backend;
    readonly exact: boolean;
  },
): Promise<readonly Comparison[]> {
  const { component, backend, exact } = options;
  const { settings, tensors } = golden;
  const inputs: Record<string, HostTensor> = {};
  for (const [name, tensor] of tensors) {
    if (!name.startsWith("input.")) continue;
    const own = name.slice("input.".length);
    inputs[INPUT_NAMES[own] ?? own] = tensor;
  }
  if (settings.timestep_as === "float" && component.className === "UNet2DModel") {
    // This class makes a Python float a whole number before it embeds it; what samplers give it are tensors.
    const { shape, data } = inputs.timestep!;
    inputs.timestep = { dtype: "f32", shape, data: Float32Array.from(data, Math.trunc) };
  }
  const wanted = [...tensors.keys()].filter((name) => name.startsWith("output."))
    .map((name) => name.slice("output.".length));
  const actual = settings.tile_latent_size === undefined
    ? await compute(component, { settings, inputs, wanted })
    : { image: await decodeTiles(component, { settings, z: inputs.z!, backend }) };
  const errors = recordedErrors(golden);
  // In a trace the error of one module is recorded; its share of that module's magnitude serves for all.
  const [[error, largest]] = settings.kind === "trace"
    ? [...errors.values()] as [[number, number]]
    : [[0, 1]];
  return wanted.map((name) => {
    const expected = tensors.get(`output.${name}`)!;
    const found = actual[name];
    if (found === undefined) throw new UnsupportedCaseError(`output ${name}`);
    const m = magnitude(expected.data);
    const recorded = settings.kind === "trace"
      ? error! / largest! * m
      : errors.get(`output.${name}`)?.[0] ?? 0;
    return {
      name,
      actual: found.data,
      expected: expected.data,
      bound: boundOf("network", { error: recorded, magnitude: m, exact }),
    };
  });
}

async function compute(
  component: Component,
  options: {
    readonly settings: GoldenCase["settings"];
    readonly inputs: Outputs;
    readonly wanted: readonly string[];
  },
): Promise<Outputs> {
  const { settings, inputs, wanted } = options;
  const { x, z, noise } = inputs;
  switch (settings.kind) {
    case "text_encoder":
    case "unet":
      return await component.run(inputs);
    case "vae_encode": {
      const posterior = await component.run({ x: x!, noise: noise! }, { method: "encode" });
      return { ...posterior, mode: posterior.mean! };
    }
    case "vae_decode": {
      const { sample } = await component.run({ z: z! }, { method: "decode" });
      return { image: sample! };
    }
    case "vq_encode":
      return await component.run({ x: x! }, { method: "encode" });
    case "vq_quantize":
      return await component.run({ z: z! }, { method: "quantize" });
    case "vq_decode": {
      const method = settings.force_not_quantize ? "decode_unquantized" : "decode";
      const { sample } = await component.run({ z: z! }, { method });
      return { image: sample! };
    }
    case "trace":
      return settings.of === "vae" || settings.of === "vqvae"
        ? await traceAutoencoder(component, { x: x!, wanted })
        : await component.run(inputs, { outputs: wanted });
    default:
      throw new UnsupportedCaseError(`the kind ${settings.kind}`);
  }
}

/** Inner modules of both ways: an image is encoded, and what comes of it decoded. */
async function traceAutoencoder(
  component: Component,
  options: { readonly x: HostTensor; readonly wanted: readonly string[] },
): Promise<Outputs> {
  const { x, wanted } = options;
  // The mode of the posterior, or what has no distribution.
  const latents = component.className === "VQModel" ? "latents" : "mean";
  const encoding = wanted.filter((name) => /^(encoder|quant_conv)\b/.test(name));
  const encoded = await component.run({ x }, {
    method: "encode",
    outputs: [...encoding, latents],
  });
  const decoded = await component.run({ z: encoded[latents]! }, {
    method: "decode",
    outputs: wanted.filter((name) => !encoding.includes(name)),
  });
  return { ...encoded, ...decoded };
}

/** diffusers' `enable_tiling()`. */
async function decodeTiles(
  component: Component,
  { settings, z, backend }: {
    readonly settings: GoldenCase["settings"];
    readonly z: HostTensor;
    readonly backend: Backend | undefined;
  },
): Promise<HostTensor> {
  if (backend === undefined) throw new UnsupportedCaseError("tiled decoding");
  const tile = settings.tile_latent_size as number;
  const { nodes } = component.graph({ z: { ...z, shape: [1, z.shape[1]!, 1, 1] } }, "decode");
  // A single position of latents tells how large it becomes.
  const becomes = tile * nodes.at(-1)!.output.shape[2]!;
  using latents = backend.upload(z);
  using tiles = await blendedTiles(component, z, {
    backend,
    method: "decode",
    output: "sample",
    tile,
    stride: Math.trunc(0.75 * tile),
    becomes,
    extent: Math.trunc(0.25 * becomes),
  });
  using image = tiles.run(latents);
  return await image.read();
}
