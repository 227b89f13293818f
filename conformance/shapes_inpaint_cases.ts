/**
 * The embedded inpainting model: latents after every step, and the picture.
 *
 * @module
 */
import type { Inpainting } from "../pipelines/inpainting_options.ts";
import { boundOf, type Comparison, magnitude } from "./comparison.ts";
import { type GoldenCase, recordedErrors } from "./golden_case.ts";
import { channelsLast } from "./pipeline_outputs.ts";
import { pictures } from "./text_call.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/**
 * What rounding alone does to such a case, in proportion to its magnitude, where the file does not say it. Twenty guided steps
 * by PyTorch in float32 gave pictures 0.9e-5 to 3.6e-5 from those in float64, which is more than the bound of a case without
 * any error, 2e-5; the least of them is assumed.
 */
const ROUNDING = 1e-5;

/**
 * Runs a case of the kind `shapes_inpaint` from its noise: the pipeline makes the hole, encodes what is left, reduces the mask and
 * guides; nothing is put back over the picture.
 *
 * @throws {UnsupportedCaseError} If it has an output of another name.
 */
export async function runShapesInpaintCase(
  golden: GoldenCase,
  { generate, exact }: { readonly generate: Inpainting; readonly exact: boolean },
): Promise<readonly Comparison[]> {
  const { settings, tensors } = golden;
  const found = new Map<string, ArrayLike<number>>();
  const { tensor } = await generate({
    prompt: settings.prompt as string,
    steps: settings.steps as number,
    guidanceScale: settings.guidance_scale as number,
    image: pictures(tensors.get("input.image")!, { several: false }),
    mask: pictures(tensors.get("input.mask")!, { several: false }),
    latents: tensors.get("input.latents")!,
    seed: 0, // nothing is drawn: the noise is given, and the posterior's mode is taken
    onStep: async ({ step, latents }) =>
      void found.set(`output.latents.${step - 1}`, (await latents()).data),
  });
  found.set("output.image", channelsLast(tensor));
  const errors = recordedErrors(golden);
  const outputs = [...tensors].filter(([name]) => name.startsWith("output."));
  return outputs.map(([name, { data: expected }]) => {
    const actual = found.get(name);
    if (actual === undefined) throw new UnsupportedCaseError(name);
    const m = magnitude(expected);
    const error = errors.get(name)?.[0] ?? ROUNDING * m;
    const bound = boundOf("sampling", { error, magnitude: m, exact });
    return { name, actual, expected, bound };
  });
}
