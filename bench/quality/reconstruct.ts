/**
 * What a model's autoencoder leaves of a picture.
 *
 * @module
 */
import { preprocessPictures } from "../../formats/images/vae_image_processor.ts";
import type { HostTensorOf } from "../../graph/tensor_spec.ts";
import { toPictures, toUnitInterval } from "../../pipelines/image_output.ts";
import type { Model } from "../../pipelines/model.ts";
import type { RgbPicture } from "./segment_picture.ts";

/** Encodes a picture (the posterior's mode, or what comes before the codebook) and decodes it, as the model's pipeline does. */
export async function reconstruct(picture: RgbPicture, model: Model): Promise<RgbPicture> {
  const autoencoder = await model.component("vqvae"); // latent diffusion's name for it, whatever its class
  const x = preprocessPictures([{ ...picture, channels: 3 }], { resize: false });
  const encoded = await autoencoder.run({ x }, { method: "encode" });
  const z = encoded.latents ?? encoded.mean!;
  const { sample } = await autoencoder.run({ z }, { method: "decode" });
  return toPictures(toUnitInterval(sample as HostTensorOf<"f32">))[0]!;
}
