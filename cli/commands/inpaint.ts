/**
 * `denoise inpaint`: parts of a picture made anew.
 *
 * @module
 */
import type { Command } from "../command.ts";
import { AUTOENCODER_OPTIONS, autoencoderArguments } from "../drawing/autoencoder_options.ts";
import { drawingOptions } from "../drawing/drawing_options.ts";
import { readDrawing } from "../drawing/drawing_request.ts";
import { pictureArgument, readGivenPicture } from "../drawing/given_picture.ts";
import { runDrawing } from "../drawing/run_drawing.ts";
import { given } from "../given.ts";
import { interruptible } from "../interrupt.ts";

/** The model if none is named; RePaint is for models that are not told of a mask. */
const MODEL = "shapes-inpaint";
const UNTOLD = "shapes";

/** Repaints parts of a picture. */
export const inpaint: Command = {
  name: "inpaint",
  summary: "make a part of a picture anew",
  operands: "-i FILE --mask FILE [PROMPT]",
  options: drawingOptions({
    model: MODEL,
    size: "in pixels, to work at (default: the picture's own; with --crop the model's)",
    more: [
      { name: "init-img", short: "i", value: "FILE", help: "the picture" },
      { name: "mask", value: "FILE", help: "what is made anew: where it is white" },
      { name: "invert-mask", help: "where the mask is black instead" },
      { name: "soft-mask", help: "blend where the mask is grey; otherwise it is cut at half" },
      {
        name: "mask-reduction",
        value: "NAME",
        help: "nearest, max (thin lines survive) or, for soft masks, mean",
      },
      {
        name: "strength",
        value: "X",
        help: "how much of the part gives way, 0 to 1: the share of the steps (default 1)",
      },
      {
        name: "composite",
        help: "give back all other pixels as they are; so it is with --crop and RePaint",
      },
      {
        name: "crop",
        value: "N",
        help: "work on the part around the mask only, N pixels wider on each side",
      },
      { name: "method", value: "repaint", help: "for models not told of a mask; slow" },
      {
        name: "jump-length",
        value: "N",
        help: "RePaint: steps that a jump goes back (default 10)",
      },
      { name: "jump-samples", value: "N", help: "RePaint: samples of each part (default 10)" },
      { name: "class", value: "N", help: "what to draw, for models that know classes by number" },
      ...AUTOENCODER_OPTIONS,
    ],
  }),
  notes: [
    "Models that read text, as the embedded ones do, need a PROMPT; an empty one is enough.",
    "Models made for inpainting are told of the mask; with others what is kept is blended in after",
    "each step. Names of the written files go to stdout, all else to stderr. If anything fails, or",
    "at Ctrl-C, nothing is written.",
  ],
  run: (args, console) =>
    interruptible(async (signal) => {
      const request = readDrawing(args, { needsPrompt: false });
      const [file, maskFile] = [pictureArgument(args, "init-img"), pictureArgument(args, "mask")];
      const settings = given({
        strength: args.number("strength"),
        maskReduction: args.choice("mask-reduction", ["nearest", "max", "mean"]),
        crop: args.integer("crop", { min: 0, max: 16384 }),
        composite: args.flag("composite") || undefined,
        softMask: args.flag("soft-mask") || undefined,
        method: args.choice("method", ["repaint"]),
        jumpLength: args.integer("jump-length", { min: 1 }),
        ...autoencoderArguments(args),
        jumpNSample: args.integer("jump-samples", { min: 1 }),
        classLabels: args.integer("class", { min: 0 }),
      });
      const [image, mask] = [await readGivenPicture(file), await readGivenPicture(maskFile)];
      return await runDrawing(args, {
        console,
        signal,
        request,
        task: "inpainting",
        model: settings.method === "repaint" ? UNTOLD : MODEL,
        draw: (generate, options) =>
          generate({
            ...options,
            image,
            mask,
            invertMask: args.flag("invert-mask"),
            ...settings,
          }),
      });
    }),
};
