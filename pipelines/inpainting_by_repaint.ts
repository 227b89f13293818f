/**
 * Inpainting by RePaint, for models that are not told of a mask.
 *
 * @module
 */
import type { Arithmetic } from "./arithmetic.ts";
import { madePositions, NOTHING, readKept, refuseUnused } from "./inpainting_by_keeping.ts";
import type { InpaintingOptions, InpaintingResult } from "./inpainting_options.ts";
import type { Model } from "./model.ts";
import { repaintWith } from "./repaint.ts";
import { repaintModel } from "./repaint_model.ts";

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
  refuseUnused(options, { method: "RePaint", unused: UNUSED });
  const { method: _, mask: __, invertMask: ___, composite = true, onStep, ...rest } = options;
  const { keepMask, compose } = readKept(options);
  const painting = await repaintModel(model);
  const result = await repaintWith({ model, painting, arithmetic }, {
    ...rest,
    keepMask,
    paste: false,
    ...(onStep === undefined ? {} : {
      onStep: (step) => onStep({ ...step, context: () => Promise.resolve(NOTHING) }),
    }),
  }, composite ? compose : undefined);
  return { ...result, mask: madePositions(keepMask, result) };
}
