/**
 * Latents to pictures.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import { add, concat, mul, reshape } from "../graph/ops/mod.ts";
import { type HostTensor, type HostTensorOf, sizeOf } from "../graph/tensor_spec.ts";
import { trace } from "../graph/trace.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Component } from "./component.ts";
import { checkFinite } from "./image_output.ts";
import type { TextToImageFamily } from "./text_to_image_family.ts";

/** Settings of {@linkcode decodeLatents}. */
export interface DecodeLatentsOptions {
  /** The autoencoder. */
  readonly component: Component;
  readonly arithmetic: Arithmetic;
  readonly family: Pick<TextToImageFamily, "scalingFactor" | "shiftFactor">;
}

/** Pictures and the latents that they were decoded from. */
export interface Decoded {
  /** `[n, c, h, w]` */
  readonly latents: HostTensorOf<"f32">;
  /** `[n, 3, f h, f w]` in 0..1 */
  readonly tensor: HostTensorOf<"f32">;
}

/**
 * Decodes latents `[n, c, h, w]`. Latents and pictures are read together, in one wait for the device.
 *
 * @throws {NonFiniteError} If a number is not finite. It is looked for before clamping, which can turn NaN into black.
 */
export async function decodeLatents(
  latents: Value,
  options: DecodeLatentsOptions,
): Promise<Decoded> {
  const { component, arithmetic, family: { scalingFactor, shiftFactor } } = options;
  const { spec } = latents;
  const unscale = await arithmetic.program(
    `unscale ${scalingFactor} ${shiftFactor} ${spec.shape.join()}`,
    () =>
      trace(({ latents }) => {
        const unscaled = mul(latents, 1 / scalingFactor);
        return { z: shiftFactor === 0 ? unscaled : add(unscaled, shiftFactor) };
      }, { latents: spec }),
  );
  const decode = await component.program({ z: spec }, { method: "decode", outputs: ["sample"] });
  using z = unscale.run({ latents }).z!;
  using sample = decode.run({ z }).sample!;
  const { shape } = sample.spec;
  const join = await arithmetic.program(`join ${spec.shape.join()} ${shape.join()}`, () =>
    trace(
      ({ latents, sample }) => ({
        all: concat([reshape(latents, [-1]), reshape(sample, [-1])], { axis: 0 }),
      }),
      { latents: spec, sample: sample.spec },
    ));
  using all = join.run({ latents, sample }).all!;
  const { data } = await all.read() as HostTensor as HostTensorOf<"f32">;
  const size = sizeOf(spec.shape);
  const read = checkFinite("the last latents", {
    dtype: "f32",
    shape: spec.shape,
    data: data.slice(0, size),
  });
  const image = checkFinite("the decoded picture", { dtype: "f32", shape, data: data.slice(size) });
  // As the reference does in float32: x / 2 + 1/2, clamped.
  const unit = image.data.map((x) => Math.min(1, Math.max(0, Math.fround(x / 2) + 0.5)));
  return { latents: read, tensor: { dtype: "f32", shape, data: unit } };
}
