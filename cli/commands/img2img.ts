/**
 * `denoise img2img`: a picture and a prompt to picture files.
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

/** Draws pictures from a picture. */
export const img2img: Command = {
  name: "img2img",
  summary: "draw a picture anew as a text says",
  operands: "-i FILE PROMPT",
  options: drawingOptions({
    size: "in pixels, which the picture is resized to (default: its own)",
    more: [
      { name: "init-img", short: "i", value: "FILE", help: "the picture to start from" },
      {
        name: "strength",
        value: "X",
        help: "how much of it gives way, 0 to 1: the share of the steps (default 0.8)",
      },
      ...AUTOENCODER_OPTIONS,
    ],
  }),
  notes: [
    "Names of the written files go to stdout, all else to stderr. If anything fails, or at Ctrl-C,",
    "nothing is written. The settings are in the PNG: denoise info out.png shows them.",
  ],
  run: (args, console) =>
    interruptible(async (signal) => {
      const request = readDrawing(args);
      const file = pictureArgument(args, "init-img");
      const strength = args.number("strength");
      const tiles = autoencoderArguments(args);
      const image = await readGivenPicture(file);
      return await runDrawing(args, {
        console,
        signal,
        request,
        task: "image-to-image",
        draw: (generate, options) =>
          generate({
            ...options,
            ...tiles,
            prompt: request.prompt!,
            image,
            ...given({ strength }),
          }),
      });
    }),
};
