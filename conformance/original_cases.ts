/**
 * Original checkpoints with what the original code computed: each network, and whole samplings of text to image.
 *
 * @module
 */
import { embedding, reshape } from "../graph/ops/mod.ts";
import { f32, type HostTensor } from "../graph/tensor_spec.ts";
import { trace } from "../graph/trace.ts";
import { scheduler } from "../schedulers/scheduler.ts";
import { type Comparison, magnitude } from "./comparison.ts";
import type { GoldenCase } from "./golden_case.ts";
import type { OriginalCase } from "./original_case.ts";
import type { OriginalCheckpoint, OriginalVariant } from "./original_checkpoint.ts";
import { runOriginalRepaint } from "./original_repaint.ts";
import { runOriginalSampling } from "./original_sampling.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/** Groups of whole samplings, whose differences add up. */
const SAMPLING: ReadonlySet<string> = new Set(["e2e", "e2e_v", "plms", "img2img", "repaint"]);

/** The cases of a golden file, in its order. */
export function originalCaseNames({ settings }: GoldenCase): readonly string[] {
  return Object.keys(settings.cases as Readonly<Record<string, unknown>>);
}

/** Which of the folder's models a case is about. */
export function originalVariant(name: string): OriginalVariant {
  switch (name.split(".")[0]) {
    case "e2e_v":
      return "velocity";
    case "unet_ema":
    case "unet_not_ema":
      return "other weights";
    case "unet_new_attention_order":
      return "other order";
    default:
      return "own";
  }
}

/**
 * Runs a case on its variant of the checkpoint.
 *
 * The bounds are the golden files' own: 1e-4 of the largest magnitude, 5e-4 for whole samplings; pictures of 8 bits may differ
 * by 1, numbers of codes not at all.
 *
 * @throws {UnsupportedCaseError} If nothing here runs such a case.
 */
export async function runOriginalCase(
  golden: OriginalCase,
  checkpoint: OriginalCheckpoint,
): Promise<readonly Comparison[]> {
  const group = golden.name.split(".")[0]!;
  const actual = await compute(group, golden, checkpoint);
  const share = SAMPLING.has(group) ? 5e-4 : 1e-4;
  return Object.entries(golden.outputs).flatMap(([name, expected]): Comparison[] => {
    const found = actual[name];
    if (found === undefined) return [];
    const bound = expected.dtype === "f32"
      ? share * Math.max(1e-3, magnitude(expected.data))
      : expected.dtype === "u8"
      ? 1
      : 0;
    return [{ name, actual: found, expected: expected.data, bound }];
  });
}

type Found = Readonly<Record<string, ArrayLike<number>>>;

async function compute(
  group: string,
  golden: OriginalCase,
  checkpoint: OriginalCheckpoint,
): Promise<Found> {
  switch (group) {
    case "unet":
    case "unet_ema":
    case "unet_not_ema":
    case "unet_new_attention_order":
      return await runUNet(golden, checkpoint);
    case "encode":
      return await runEncoder(golden, checkpoint);
    case "decode":
      return await runDecoder(golden, checkpoint);
    case "text":
      return golden.inputs.class === undefined
        ? await runText(golden, checkpoint)
        : await runClasses(golden, checkpoint);
    case "schedule": {
      const { noiseSchedule } = scheduler(checkpoint.model.schedulers.get("scheduler")!);
      return { alphas_cumprod: noiseSchedule!.alphasCumprod };
    }
    case "e2e":
    case "e2e_v":
    case "plms":
    case "img2img":
      return await runOriginalSampling(golden, checkpoint);
    case "repaint":
      return await runOriginalRepaint(golden, checkpoint);
    default:
      throw new UnsupportedCaseError(`the group ${group} of original checkpoints`);
  }
}

/** SR3 and Palette are told a noise level `[n, 1]` where others are told a timestep `[n]`. */
async function runUNet(
  { inputs }: OriginalCase,
  checkpoint: OriginalCheckpoint,
): Promise<Found> {
  const { x, timesteps, noise_level, gamma, context, y } = inputs;
  const told = (timesteps ?? noise_level ?? gamma)!;
  const unet = await checkpoint.component("unet");
  const { sample } = await unet.run({
    sample: x!,
    timestep: { ...told, shape: [told.data.length] } as HostTensor,
    ...(context === undefined ? {} : { encoder_hidden_states: context }),
    ...(y === undefined ? {} : { class_labels: y }),
  });
  return { output: sample!.data };
}

async function runEncoder(
  { inputs: { image, noise } }: OriginalCase,
  checkpoint: OriginalCheckpoint,
): Promise<Found> {
  const stage = await checkpoint.component("vae", "vqvae");
  if (stage.className === "VQModel") {
    const { latents } = await stage.run({ x: image! }, { method: "encode" });
    const { quantized, indices } = await stage.run({ z: latents! }, { method: "quantize" });
    return { prequant: latents!.data, quantised: quantized!.data, indices: indices!.data };
  }
  const outputs = ["quant_conv", "mean", "logvar", "sample"];
  const found = await stage.run({ x: image!, noise: noise! }, { method: "encode", outputs });
  const scale = checkpoint.latentScale;
  return {
    moments: found.quant_conv!.data,
    mean: found.mean!.data,
    logvar: found.logvar!.data,
    latent: Array.from(found.sample!.data, (value) => value * scale),
  };
}

async function runDecoder(
  { inputs: { latent } }: OriginalCase,
  checkpoint: OriginalCheckpoint,
): Promise<Found> {
  const stage = await checkpoint.component("vae", "vqvae");
  const scale = checkpoint.latentScale;
  const { shape, data } = latent!;
  const z: HostTensor = {
    dtype: "f32",
    shape,
    data: Float32Array.from(data, (value) => value / scale),
  };
  const { sample } = await stage.run({ z }, { method: "decode" });
  if (stage.className !== "VQModel") return { image: sample!.data };
  const plain = await stage.run({ z }, { method: "decode_unquantized" });
  return { image: sample!.data, image_not_quantised: plain.sample!.data };
}

async function runText(
  { inputs: { ids } }: OriginalCase,
  checkpoint: OriginalCheckpoint,
): Promise<Found> {
  const encoder = await checkpoint.component("text_encoder", "bert");
  const outputs = ["last_hidden_state"];
  const { last_hidden_state } = await encoder.run({ input_ids: ids! }, { outputs });
  return { embedding: last_hidden_state!.data };
}

/** A table of classes is one op: `[n]` to one token each, `[n, 1, d]`. */
async function runClasses(
  { inputs: { class: labels } }: OriginalCase,
  { model, backend }: OriginalCheckpoint,
): Promise<Found> {
  const { config: { n_classes, embed_dim }, weights } = model.components.get("class_embedder")!;
  const [count, width] = [n_classes as number, embed_dim as number];
  const graph = trace(({ labels }, w) => {
    const rows = embedding(labels, { table: w.tensor("embedding.weight", [count, width]) });
    return { embedding: reshape(rows, [labels.size(0), 1, width]) };
  }, { labels: { ...f32(labels!.data.length), dtype: "i32" } });
  using parameters = await backend.load(weights);
  using program = await backend.compile(graph, parameters);
  using found = program.run({ labels: labels! }).embedding!;
  return { embedding: (await found.read()).data };
}
