/**
 * Pictures to latents.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import { add, concat, mul, reshape, sub } from "../graph/ops/mod.ts";
import { f32, type HostTensorOf } from "../graph/tensor_spec.ts";
import { type Tensor, trace } from "../graph/trace.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Component } from "./component.ts";
import type { TextToImageFamily } from "./text_to_image_family.ts";

/** Settings of {@linkcode encodeImages}. */
export interface EncodeImagesOptions {
  /** The autoencoder, or what encodes as it does. */
  readonly component: Pick<Component, "program" | "className">;
  readonly arithmetic: Arithmetic;
  readonly family: Pick<TextToImageFamily, "scalingFactor" | "shiftFactor">;
  /** Rows of the latents: a multiple of the pictures; each picture has as many in a row. */
  readonly batch: number;
  /**
   * A draw `[pictures or batch, c, h, w]` to sample a Gaussian posterior with; without one its mean is taken. A codebook's
   * encoder gives no posterior.
   */
  readonly noise?: HostTensorOf<"f32"> | undefined;
}

/** Encodes pictures `[m, 3, H, W]` in -1..1 as latents `[batch, c, h, w]` on the denoiser's scale. The value is the caller's. */
export async function encodeImages(
  images: HostTensorOf<"f32">,
  { component, arithmetic, family, batch, noise }: EncodeImagesOptions,
): Promise<Value> {
  const { scalingFactor, shiftFactor } = family;
  const wanted = component.className === "VQModel"
    ? ["latents"]
    : noise === undefined
    ? ["mean"]
    : ["mean", "std"];
  const encode = await component.program({ x: images }, { method: "encode", outputs: wanted });
  const encoded = encode.run({ x: images });
  try {
    const draw = wanted.length === 2 ? noise : undefined;
    const mean = encoded[wanted[0]!]!;
    const finish = await arithmetic.program(
      `encoded ${scalingFactor} ${shiftFactor} ${mean.spec.shape} ${draw?.shape} ${batch}`,
      () =>
        trace<string>((given) => {
          const { mean, std, noise } = given as Record<string, Tensor>;
          const rows = draw === undefined ? mean!.size(0) : draw.shape[0]!;
          const latents = draw === undefined
            ? mean!
            : add(repeatRows(mean!, rows), mul(repeatRows(std!, rows), noise!));
          const shifted = shiftFactor === 0 ? latents : sub(latents, shiftFactor);
          return { latents: repeatRows(mul(shifted, scalingFactor), batch) };
        }, {
          mean: mean.spec,
          ...(draw === undefined ? {} : { std: mean.spec, noise: f32(...draw.shape) }),
        }),
    );
    return finish.run({
      mean,
      ...(draw === undefined ? {} : { std: encoded.std!, noise: draw }),
    }).latents!;
  } finally {
    for (const value of Object.values(encoded)) value[Symbol.dispose]();
  }
}

/** Each row as often as makes `rows` of them: 0 0 1 1. */
function repeatRows(x: Tensor, rows: number): Tensor {
  const [n, ...rest] = x.shape as [number, ...number[]];
  if (n === rows) return x;
  const apart = reshape(x, [n, 1, ...rest]);
  const copies = concat(Array<Tensor>(rows / n).fill(apart), { axis: 1 });
  return reshape(copies, [rows, ...rest]);
}
