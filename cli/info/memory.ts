/**
 * How much memory a model needs.
 *
 * @module
 */
import { peakBytes } from "../../graph/passes/peak_bytes.ts";
import { f32, i32, type TensorSpec } from "../../graph/tensor_spec.ts";
import { ComponentError, type Model, ModelError, ShapeError } from "../../mod.ts";
import type { ComponentReport } from "./component.ts";

/** Bytes that a model needs. */
export interface MemoryReport {
  /** Of all weights, as they are kept with `--precision f32` and `f16`; null for ONNX files, which have their own. */
  readonly weights: { readonly f32: number; readonly f16: number } | null;
  /** Of all files with weights. */
  readonly stored: number;
  /**
   * Of intermediate results: the most that are alive at once in the denoiser or the decoder, at the size that the model was
   * made for, with guidance where it draws from text. Null where that is not known.
   */
  readonly working: number | null;
  /** Why a network cannot be built. */
  readonly problem?: string;
}

/** Tells what a model needs; reads no weights, and computes nothing. */
export function memoryOf(model: Model, components: readonly ComponentReport[]): MemoryReport {
  const sum = (key: "parameters" | "bytes") =>
    components.reduce((total, component) => total + (component[key] ?? 0), 0);
  const isOnnx = components.some(({ onnx }) => onnx !== undefined);
  const parameters = sum("parameters");
  return {
    weights: isOnnx ? null : { f32: 4 * parameters, f16: 2 * parameters },
    stored: sum("bytes"),
    ...workingMemory(model),
  };
}

/** The names of denoisers and decoders in the pipelines. */
const METHODS = [["unet", "forward"], ["vae", "decode"], ["vqvae", "decode"]] as const;

function workingMemory({ folder, network }: Model): Pick<MemoryReport, "working" | "problem"> {
  const { components } = folder;
  try {
    const side = components.get("unet")?.readConfig().nullable.integer("sample_size", null);
    if (side === undefined || side === null) return { working: null };
    const batch = components.has("tokenizer") || components.has("text_encoder") ? 2 : 1;
    let most = 0;
    for (const [name, method] of METHODS) {
      if (!components.has(name)) continue;
      const { inputs, optional = [], graph } = network(name).methods.get(method)!;
      const specs: Record<string, TensorSpec> = {};
      for (const [input, text] of Object.entries(inputs)) {
        // Text may be optional to a network, but a model that has an encoder for it gives it.
        if (optional.includes(input) && input !== "encoder_hidden_states") continue;
        const spec = specOf(text, { side, batch: name === "unet" ? batch : 1 });
        if (spec === undefined) return { working: null };
        specs[input] = spec;
      }
      most = Math.max(most, peakBytes(graph(specs)));
    }
    return { working: most };
  } catch (error) {
    const isKnown = error instanceof ModelError || error instanceof ShapeError ||
      error instanceof ComponentError;
    if (isKnown) return { working: null, problem: error.message };
    throw error;
  }
}

/** Tokens of a text. */
const TOKENS = 77;

/** A spec at sizes, from what a network says of its input: `[n, 4, height, width]`, `[n] of whole numbers`. */
function specOf(
  text: string,
  { side, batch }: { readonly side: number; readonly batch: number },
): TensorSpec | undefined {
  const list = /^\[([^\]]*)\]/.exec(text)?.[1];
  const shape = list?.split(",").map((part) => {
    const word = part.trim();
    if (/^\d+$/.test(word)) return Number(word);
    if (word === "n") return batch;
    if (/^(height|width)( \/ f)?$/.test(word)) return side;
    return word === "tokens" ? TOKENS : undefined;
  });
  if (shape === undefined) return undefined;
  const sizes = shape.filter((size) => size !== undefined);
  if (sizes.length < shape.length) return undefined;
  return text.includes("whole numbers") ? i32(...sizes) : f32(...sizes);
}
