/** Sinusoidal embeddings. @module */
import { timestepFrequencies } from "../../graph/ops/timestep_embedding.ts";
import type { Kernel } from "./kernel.ts";

/** Sines and cosines of scale t f_k; the angle is rounded to float32, which is part of the definition */
export const timestepEmbedding: Kernel<"timestepEmbedding"> = ([timesteps], { attributes }) => {
  const { dim, flipSinToCos, scale } = attributes;
  const frequencies = timestepFrequencies(attributes);
  const half = frequencies.length;
  const y = new Float32Array(timesteps!.data.length * dim); // an odd dim ends in a 0
  timesteps!.data.forEach((t: number, at: number) => {
    frequencies.forEach((frequency, k) => {
      const angle = Math.fround(scale * Math.fround(t * frequency));
      y[at * dim + (flipSinToCos ? half : 0) + k] = Math.sin(angle);
      y[at * dim + (flipSinToCos ? 0 : half) + k] = Math.cos(angle);
    });
  });
  return y;
};
