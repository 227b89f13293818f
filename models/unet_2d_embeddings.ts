/**
 * How a `UNet2DModel` takes its timestep and its class.
 *
 * @module
 */
import { add, cast, embedding as lookUp, timestepEmbedding, unary } from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";
import { fourierFeatures, timeMlp } from "./embeddings.ts";
import { requireInput } from "./unet_2d_condition_inputs.ts";
import type { UNet2DConfig } from "./unet_2d_config.ts";

/** Timesteps `[n]` as numbers `[n, d]`, before any layer. */
function project({ time, levels }: UNet2DConfig, timesteps: Tensor, w: Weights): Tensor {
  const dim = levels[0]!.channels;
  switch (time.kind) {
    case "positional": {
      const { flipSinToCos, freqShift } = time;
      return w.module(() => timestepEmbedding(timesteps, { dim, flipSinToCos, freqShift }));
    }
    case "fourier": {
      // As many sines as there are channels, and as many cosines.
      const options = { dim: 2 * dim, flipSinToCos: false };
      return fourierFeatures(w, unary("log", timesteps), options);
    }
    case "learned":
      return w.module(() =>
        lookUp(cast(timesteps, { to: "i32" }), { table: w.tensor("weight", [time.count, dim]) })
      );
  }
}

/** The class's embedding `[n, d]`. */
function embedClass(
  config: UNet2DConfig,
  inputs: Readonly<Record<string, Tensor>>,
  w: Weights,
): Tensor | null {
  const { classes, timeWidth: out } = config;
  const at = w.at("class_embedding");
  switch (classes?.kind) {
    case undefined:
      return null;
    case "lookup": {
      const labels = requireInput(inputs, "class_labels");
      return at.module(() => lookUp(labels, { table: at.tensor("weight", [classes.count, out]) }));
    }
    case "timestep": {
      const labels = requireInput(inputs, "class_labels");
      return timeMlp(at, project(config, labels, w.at("time_proj")), { out, activation: "silu" });
    }
    case "identity": {
      const labels = requireInput(inputs, "class_labels", { width: out });
      return at.module(() => labels);
    }
  }
}

/**
 * Everything about the picture as a whole: `[n or 1, d]`.
 *
 * @param inputs The network's, by diffusers' names.
 * @param w The checkpoint, at its top.
 * @throws {ShapeError} If an input is missing or does not fit.
 */
export function embedTimeAndClass(
  config: UNet2DConfig,
  inputs: Readonly<Record<string, Tensor>>,
  w: Weights,
): Tensor {
  const numbers = project(config, requireInput(inputs, "timestep"), w.at("time_proj"));
  const out = config.timeWidth;
  const time = timeMlp(w.at("time_embedding"), numbers, { out, activation: "silu" });
  const label = embedClass(config, inputs, w);
  return label === null ? time : add(time, label);
}
