/**
 * The networks that an Optimum folder has, each with its methods as files.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { OnnxError } from "../../formats/onnx/onnx_error.ts";
import type { OnnxPart } from "../../formats/onnx/onnx_folder.ts";
import type { SignatureValue } from "../../formats/onnx/signature.ts";
import { f32, type TensorSpec } from "../../graph/tensor_spec.ts";
import { autoencoderFactor } from "../../models/autoencoder_kl.ts";
import { readAutoencoderKLConfig } from "../networks/autoencoder_kl.ts";
import { readCLIPTextConfig } from "../networks/clip_text.ts";
import { readLDMBertConfig } from "../networks/ldm_bert.ts";
import type { InputSpecs } from "../networks/network.ts";
import type { Numbers } from "./bind_input.ts";

/** A method as a file: our names of what it takes and gives, and the file's. */
export interface OnnxMethod {
  /** What it takes: our description, for messages; the file's name; which numbers. */
  readonly inputs: Readonly<
    Record<string, { readonly text: string; readonly file: string; readonly numbers: Numbers }>
  >;
  /** What it gives, by the file's names, given the sizes of what it takes. */
  outputs(specs: InputSpecs): Readonly<Record<string, TensorSpec>>;
  /** The file's names of outputs, where ours differ. */
  readonly names?: Readonly<Record<string, string>>;
}

/** The methods of a class. */
export function onnxMethods(
  className: string,
  { config, parts }: {
    readonly config: ConfigReader;
    readonly parts: ReadonlyMap<string, OnnxPart>;
  },
): ReadonlyMap<string, OnnxMethod> {
  const methods = describe(className, { config, parts });
  for (const [name, method] of methods) {
    const part = parts.get(name);
    if (part !== undefined) checkSignature(part, method);
  }
  return methods;
}

function describe(
  className: string,
  { config, parts }: {
    readonly config: ConfigReader;
    readonly parts: ReadonlyMap<string, OnnxPart>;
  },
): ReadonlyMap<string, OnnxMethod> {
  switch (className) {
    case "CLIPTextModel":
      return textEncoder(readCLIPTextConfig(config), parts);
    case "LDMBertModel":
      return textEncoder(readLDMBertConfig(config), parts);
    case "UNet2DConditionModel": {
      const out = config.integer("out_channels", 4);
      return new Map([["forward", {
        inputs: {
          sample: { text: "[n, c, h, w]", file: "sample", numbers: "float" },
          timestep: { text: "[1]", file: "timestep", numbers: "any" },
          encoder_hidden_states: {
            text: "[n, tokens, d]",
            file: "encoder_hidden_states",
            numbers: "float",
          },
        },
        outputs: ({ sample }) => {
          const [n, , height, width] = sample!.shape as [number, number, number, number];
          return { out_sample: f32(n, out, height, width) };
        },
        names: { sample: "out_sample" },
      }]]);
    }
    case "AutoencoderKL": {
      const { latentChannels: c, inChannels, outChannels, blocks } = readAutoencoderKLConfig(
        config,
      );
      const factor = autoencoderFactor(blocks);
      return new Map<string, OnnxMethod>([
        ["decode", {
          inputs: {
            z: { text: `[n, ${c}, h, w]`, file: "latent_sample", numbers: "float" },
          },
          outputs: ({ z }) => {
            const [n, , height, width] = z!.shape as [number, number, number, number];
            return { sample: f32(n, outChannels, height * factor, width * factor) };
          },
        }],
        ["encode", {
          inputs: {
            x: { text: `[n, ${inChannels}, height, width]`, file: "sample", numbers: "float" },
          },
          outputs: ({ x }) => {
            const [n, , height, width] = x!.shape as [number, number, number, number];
            const side = (pixels: number) => Math.floor(pixels / factor);
            return { latent_parameters: f32(n, 2 * c, side(height), side(width)) };
          },
        }],
      ]);
    }
    default:
      throw new OnnxError(`Cannot run an ONNX file of the class ${className}`);
  }
}

function textEncoder(
  { width, positions }: { readonly width: number; readonly positions: number },
  parts: ReadonlyMap<string, OnnxPart>,
): ReadonlyMap<string, OnnxMethod> {
  return new Map([["forward", {
    inputs: {
      input_ids: {
        text: `[n, tokens <= ${positions}] of whole numbers`,
        file: "input_ids",
        numbers: "whole",
      },
    },
    outputs: ({ input_ids }) => {
      const [n, tokens] = input_ids!.shape as [number, number];
      const pooled = has(parts.get("forward"), "pooler_output");
      return {
        last_hidden_state: f32(n, tokens, width),
        ...(pooled ? { pooler_output: f32(n, width) } : {}),
      };
    },
  }]]);
}

/**
 * Compares what a file takes and gives with what a method needs.
 *
 * @throws {OnnxError} If something is missing, or there is more than can be given.
 */
function checkSignature({ signature }: OnnxPart, method: OnnxMethod): void {
  const { description, inputs, outputs } = signature;
  const wanted = Object.values(method.inputs).map(({ file }) => file);
  const found = inputs.map(({ name }) => name);
  const missing = wanted.filter((name) => !found.includes(name));
  const more = found.filter((name) => !wanted.includes(name));
  if (missing.length + more.length > 0) {
    throw new OnnxError(
      `Cannot use ${description}: it takes ${found.join(", ") || "nothing"}; ` +
        (missing.length > 0 ? `${missing.join(", ")} must be among it` : "") +
        (missing.length > 0 && more.length > 0 ? "; " : "") +
        (more.length > 0 ? `nothing here gives ${more.join(", ")}` : ""),
    );
  }
  const given = Object.keys(method.outputs(sampleSpecs(method)));
  const lacks = given.filter((name) => !outputs.some((output) => output.name === name));
  if (lacks.length > 0) {
    throw new OnnxError(
      `Cannot use ${description}: it gives ${
        outputs.map(({ name }) => name).join(", ") || "nothing"
      }; ${lacks.join(", ")} must be among it`,
    );
  }
}

/** Specs of the right ranks, for the names of outputs. */
function sampleSpecs(method: OnnxMethod): InputSpecs {
  return Object.fromEntries(
    Object.entries(method.inputs).map(([name, { text }]) => [
      name,
      f32(...text.split("]")[0]!.split(",").map(() => 1)),
    ]),
  );
}

function has(part: OnnxPart | undefined, output: string): boolean {
  return part?.signature.outputs.some(({ name }) => name === output) ?? false;
}

/** An input of a file. Its presence was checked. */
export function portOf({ signature }: OnnxPart, name: string): SignatureValue {
  return signature.inputs.find((port) => port.name === name)!;
}
