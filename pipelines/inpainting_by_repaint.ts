/**
 * Inpainting by RePaint, for models that are not told of a mask.
 *
 * @module
 */
import type { HostTensorOf } from "../graph/tensor_spec.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { readPictures } from "./given_pictures.ts";
import { greyMask } from "./inpainting_mask.ts";
import type { InpaintingOptions, InpaintingResult } from "./inpainting_options.ts";
import { keptPositions, readKeepMask } from "./kept_region.ts";
import type { Model } from "./model.ts";
import { repaintWith } from "./repaint.ts";
import { repaintModel } from "./repaint_model.ts";
import { repeatPictures } from "./sample_space.ts";
import { SettingsError } from "./settings.ts";

/** What RePaint has no use for. */
const UNUSED = [
  "strength",
  "crop",
  "softMask",
  "maskReduction",
  "guidanceInterval",
  "timesteps",
  "sigmas",
] as const satisfies readonly (keyof InpaintingOptions)[];

/**
 * Does a call by RePaint, whose mask says what is kept.
 *
 * @throws {SettingsError} If a setting cannot be used, or the model is told of a mask.
 */
export async function inpaintByRepaint(
  { model, arithmetic }: { readonly model: Model; readonly arithmetic: Arithmetic },
  options: InpaintingOptions,
): Promise<InpaintingResult> {
  for (const name of UNUSED) {
    if (options[name] === undefined || options[name] === false) continue;
    throw new SettingsError(`Cannot use ${name} with RePaint: it has no such thing`);
  }
  const { method: _, mask, invertMask = false, composite, onStep, ...rest } = options;
  const keepMask = readPictures("mask", mask).map((each) =>
    greyMask(each, { invert: !invertMask })
  );
  const painting = await repaintModel(model);
  const result = await repaintWith({ model, painting, arithmetic }, {
    ...rest,
    keepMask,
    ...(composite === undefined ? {} : { paste: composite }),
    ...(onStep === undefined ? {} : {
      onStep: (step) => onStep({ ...step, context: () => Promise.resolve(NOTHING) }),
    }),
  });
  const { tensor, latents } = result;
  const [height, width] = tensor.shape.slice(2) as [number, number];
  const keep = readKeepMask(keepMask, { sides: { width, height }, count: keepMask.length });
  const kept = keptPositions(keep, height / latents.shape[2]!);
  const made = { ...kept, data: kept.data.map((value) => 1 - value) };
  return { ...result, mask: repeatPictures(made, latents.shape[0]!) };
}

/** What a listener hears of a context that is not shown to it. */
const NOTHING: HostTensorOf<"f32"> = { dtype: "f32", shape: [0, 0, 0], data: new Float32Array(0) };
