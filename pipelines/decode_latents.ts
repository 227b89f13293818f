/**
 * Latents to pictures.
 *
 * @module
 */
import type { Program, Value } from "../backends/backend.ts";
import { specsOf } from "../graph/graph.ts";
import { add, concat, mul, reshape } from "../graph/ops/mod.ts";
import {
  type HostTensor,
  type HostTensorOf,
  sizeOf,
  type TensorSpec,
} from "../graph/tensor_spec.ts";
import { trace } from "../graph/trace.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Component } from "./component.ts";
import { checkFinite, toUnitInterval } from "./image_output.ts";
import type { TextToImageFamily } from "./text_to_image_family.ts";

/** Settings of {@linkcode decodeLatents}. */
export interface DecodeLatentsOptions {
  /** The autoencoder, or what decodes as it does. */
  readonly component: Pick<Component, "program">;
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
  const { spec } = latents;
  const { unscale, decode, join, shape } = await prepareDecoder(spec, options);
  using z = unscale.run({ latents }).z!;
  using sample = decode.run({ z }).sample!;
  using all = join.run({ latents, sample }).all!;
  const { data } = await all.read() as HostTensor as HostTensorOf<"f32">;
  const size = sizeOf(spec.shape);
  const read = checkFinite("the last latents", {
    dtype: "f32",
    shape: spec.shape,
    data: data.slice(0, size),
  });
  const image = checkFinite("the decoded picture", { dtype: "f32", shape, data: data.slice(size) });
  return { latents: read, tensor: toUnitInterval(image) };
}

/** Compiles what decodes latents of a size. Called before they are there, the work is done while the device samples. */
export async function prepareDecoder(
  spec: TensorSpec,
  options: DecodeLatentsOptions,
): Promise<{
  readonly unscale: Program;
  readonly decode: Program;
  readonly join: Program;
  /** The picture's sizes. */
  readonly shape: readonly number[];
}> {
  const { component, arithmetic, family: { scalingFactor, shiftFactor } } = options;
  const unscale = await arithmetic.program(
    `unscale ${scalingFactor} ${shiftFactor} ${spec.shape.join()}`,
    () =>
      trace(({ latents }) => {
        const unscaled = mul(latents, 1 / scalingFactor);
        return { z: shiftFactor === 0 ? unscaled : add(unscaled, shiftFactor) };
      }, { latents: spec }),
  );
  const decode = await component.program({ z: spec }, { method: "decode", outputs: ["sample"] });
  const picture = specsOf(decode.graph).get(decode.graph.outputs[0]!.id)!;
  const { shape } = picture;
  const join = await arithmetic.program(`join ${spec.shape.join()} ${shape.join()}`, () =>
    trace(
      ({ latents, sample }) => ({
        all: concat([reshape(latents, [-1]), reshape(sample, [-1])], { axis: 0 }),
      }),
      { latents: spec, sample: picture },
    ));
  return { unscale, decode, join, shape };
}
