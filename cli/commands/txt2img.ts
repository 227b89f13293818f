/**
 * `denoise txt2img`: a prompt to picture files.
 *
 * @module
 */
import type { Command } from "../command.ts";
import { AUTOENCODER_OPTIONS, autoencoderArguments } from "../drawing/autoencoder_options.ts";
import { drawingOptions } from "../drawing/drawing_options.ts";
import { readDrawing } from "../drawing/drawing_request.ts";
import { runDrawing } from "../drawing/run_drawing.ts";
import { interruptible } from "../interrupt.ts";

/** Draws pictures. */
export const txt2img: Command = {
  name: "txt2img",
  summary: "draw what a text says",
  operands: "PROMPT",
  options: drawingOptions({ size: "in pixels, a multiple of 8", more: AUTOENCODER_OPTIONS }),
  notes: [
    "Names of the written files go to stdout, all else to stderr. If anything fails, or at Ctrl-C,",
    "nothing is written. The settings are in the PNG: denoise info out.png shows them.",
  ],
  run: (args, console) =>
    interruptible(async (signal) => {
      const request = readDrawing(args);
      const tiles = autoencoderArguments(args);
      return await runDrawing(args, {
        console,
        signal,
        request,
        task: "text-to-image",
        draw: (generate, options) => generate({ ...options, ...tiles, prompt: request.prompt! }),
      });
    }),
};
