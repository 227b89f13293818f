/**
 * Inpainting by Palette, whose models are shown the picture with noise in its hole.
 *
 * @module
 */
import { madePositions, NOTHING, readKept, refuseUnused } from "./inpainting_by_keeping.ts";
import type { InpaintingOptions, InpaintingResult } from "./inpainting_options.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Model } from "./model.ts";
import { paletteWith } from "./palette.ts";
import { SettingsError } from "./settings.ts";
import { TEXT_OPTIONS } from "./text_settings.ts";

/** What Palette has no use for. */
const UNUSED = [
  "method",
  "jumpLength",
  "jumpNSample",
  ...TEXT_OPTIONS,
  "strength",
  "crop",
  "softMask",
  "maskReduction",
  "timesteps",
  "sigmas",
  "autoencoderTiles",
  "memory",
  "classLabels",
  "unconditionalLabel",
] as const satisfies readonly (keyof InpaintingOptions)[];

/**
 * Does a call by Palette, whose mask says what is kept.
 *
 * @throws {SettingsError} If a setting cannot be used.
 */
export async function inpaintByPalette(
  { model, arithmetic }: { readonly model: Model; readonly arithmetic: Arithmetic },
  options: InpaintingOptions,
): Promise<InpaintingResult> {
  refuseUnused(options, { method: "Palette", unused: UNUSED });
  if (options.composite === false) {
    throw new SettingsError("Cannot use composite: false with Palette: it keeps what is not made");
  }
  const { mask: _, invertMask: __, composite: ___, latents, onStep, ...rest } = options;
  const { keepMask, compose } = readKept(options);
  const result = await paletteWith({ model, arithmetic }, {
    ...rest,
    keepMask,
    ...(latents === undefined ? {} : { holeNoise: latents }),
    ...(onStep === undefined ? {} : {
      onStep: (step) => onStep({ ...step, context: () => Promise.resolve(NOTHING) }),
    }),
  }, compose);
  return { ...result, mask: madePositions(keepMask, result) };
}
