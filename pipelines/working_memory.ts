/**
 * How much memory a model needs beside its weights.
 *
 * @module
 */
import { peakBytes } from "../graph/passes/peak_bytes.ts";
import { f32, i32, type TensorSpec } from "../graph/tensor_spec.ts";
import type { Model } from "./model.ts";

/** Denoisers and decoders, by their names in the pipelines. */
const METHODS = [["unet", "forward"], ["vae", "decode"], ["vqvae", "decode"]] as const;

/** Tokens of a text. */
const TOKENS = 77;

/**
 * Bytes of intermediate results: the most that are alive at once in the denoiser or the decoder, at the size that the model
 * was made for, with guidance where it draws from text. Null where its configuration does not say the size. Reads no weights.
 *
 * @throws {ModelError} If a network cannot be built.
 * @throws {ShapeError} If a network does not fit together.
 */
export function workingMemory({ folder, network }: Model): number | null {
  const { components } = folder;
  const unet = components.get("unet");
  if (unet === undefined || unet.onnx !== undefined) return null;
  const pair = { length: 2, broadcast: true };
  const sides = unet.readConfig().nullable.integers("sample_size", null, pair);
  if (sides === null) return null;
  const [height = 0, width = 0] = sides;
  const drawsText = components.has("text_encoder") || components.has("bert");
  let most = 0;
  for (const [name, method] of METHODS) {
    if (!components.has(name)) continue;
    const { inputs, optional = [], graph } = network(name).methods.get(method)!;
    const specs: Record<string, TensorSpec> = {};
    for (const [input, text] of Object.entries(inputs)) {
      // Optional for a network, but a model that encodes texts gives them.
      const isGiven = !optional.includes(input) ||
        (input === "encoder_hidden_states" && drawsText);
      if (!isGiven) continue;
      const batch = name === "unet" && drawsText ? 2 : 1;
      const spec = specOf(text, { n: batch, "1 or n": batch, tokens: TOKENS, height, width });
      if (spec === undefined) return null;
      specs[input] = spec;
    }
    most = Math.max(most, peakBytes(graph(specs)));
  }
  return most;
}

/**
 * A spec of these sizes, from what a network says of its input: `[n, 4, height / f, width / f]`, `[n] of whole numbers`. Samples
 * are as large for the decoder as for the denoiser.
 */
function specOf(
  text: string,
  sizes: Readonly<Record<string, number>>,
): TensorSpec | undefined {
  const shape: number[] = [];
  for (const word of text.slice(1).split("]")[0]!.split(",")) {
    const axis = word.trim().replace(/ \/ f$/, "");
    const size = /^\d+$/.test(axis) ? Number(axis) : sizes[axis];
    if (size === undefined) return undefined;
    shape.push(size);
  }
  return text.includes("whole numbers") ? i32(...shape) : f32(...shape);
}
