/**
 * `denoise upscale`: a picture to larger ones.
 *
 * @module
 */
import type { SuperResolutionOptions } from "../../mod.ts";
import type { Arguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { drawingOptions } from "../drawing/drawing_options.ts";
import { readDrawing } from "../drawing/drawing_request.ts";
import { pictureArgument, readGivenPicture } from "../drawing/given_picture.ts";
import { runDrawing } from "../drawing/run_drawing.ts";
import { given } from "../given.ts";
import { interruptible } from "../interrupt.ts";

/** The model if none is named. */
const MODEL = "shapes-upscale";

/** Enlarges pictures. */
export const upscale: Command = {
  name: "upscale",
  summary: "enlarge a picture by a super-resolution model",
  operands: "-i FILE [PROMPT]",
  options: drawingOptions({
    model: MODEL,
    size: "of the result in pixels, for models that enlarge by any factor",
    more: [
      { name: "init-img", short: "i", value: "FILE", help: "the picture to enlarge" },
      {
        name: "scale",
        value: "X",
        help: "how many times as large (default: the model's own; only SR3 takes others)",
      },
      {
        name: "noise-level",
        value: "N",
        help: "steps of noise put on it first, if the model is told",
      },
      {
        name: "tile",
        value: "N|off",
        help: "side of overlapping tiles (default: as large as the memory allows)",
      },
    ],
  }),
  notes: [
    "The prompt is for models that read one, such as Stable Diffusion's x4 upscaler.",
  ],
  run: (args, console) =>
    interruptible(async (signal) => {
      const request = readDrawing(args, { needsPrompt: false });
      const file = pictureArgument(args, "init-img");
      const noiseLevel = args.integer("noise-level", { min: 0 });
      const scale = args.number("scale");
      const tiles = readTiles(args);
      const image = await readGivenPicture(file);
      return await runDrawing(args, {
        console,
        signal,
        request,
        task: "super-resolution",
        model: MODEL,
        draw: (generate, { onPlan: _, ...options }) =>
          generate({ ...options, image, ...given({ scale, noiseLevel, tiles }) }),
      });
    }),
};

/** `--tile`: a size, or `off`. */
function readTiles(args: Arguments): SuperResolutionOptions["tiles"] {
  if (args.text("tile") === "off") return "off";
  const size = args.integer("tile", { min: 1, max: 16384 });
  return size === undefined ? undefined : { size };
}
