/**
 * `denoise generate`: pictures from noise alone, or of classes.
 *
 * @module
 */
import type { Command } from "../command.ts";
import { AUTOENCODER_OPTIONS, autoencoderArguments } from "../drawing/autoencoder_options.ts";
import { drawingOptions } from "../drawing/drawing_options.ts";
import { readDrawing } from "../drawing/drawing_request.ts";
import { runDrawing } from "../drawing/run_drawing.ts";
import { given } from "../given.ts";
import { interruptible } from "../interrupt.ts";
import { UsageError } from "../usage_error.ts";

/** Draws without a text. */
export const generate: Command = {
  name: "generate",
  summary: "draw with a model that reads no text",
  operands: "-m MODEL",
  options: drawingOptions({
    model: null,
    size: "in pixels (default: the model's own)",
    text: false,
    more: [
      { name: "class", value: "N", help: "what to draw, for models that know classes by number" },
      ...AUTOENCODER_OPTIONS,
    ],
  }),
  notes: ["No model of this kind is embedded: name a folder or a checkpoint with -m."],
  run: (args, console) =>
    interruptible(async (signal) => {
      const request = readDrawing(args, { needsPrompt: false });
      if (request.prompt !== undefined) {
        throw new UsageError("Cannot draw a text with generate: txt2img does");
      }
      if (args.text("model") === undefined) {
        throw new UsageError("Cannot draw without a model: name one with -m");
      }
      const tiles = autoencoderArguments(args);
      const label = args.integer("class", { min: 0 });
      return await runDrawing(args, {
        console,
        signal,
        request,
        task: "unconditional-image-generation",
        draw: (draw, options) => {
          const { count, seed, steps, guidanceScale, width, height, scheduler } = options;
          const { eta, timesteps, sigmas, signal, onStep, onWarning } = options;
          return draw(given({
            classLabels: label === undefined ? undefined : [label],
            count,
            seed,
            steps,
            guidanceScale,
            width,
            height,
            scheduler,
            eta,
            timesteps,
            sigmas,
            signal,
            onStep,
            onWarning,
            ...tiles,
          }));
        },
      });
    }),
};
