/**
 * The options of commands that draw from text.
 *
 * @module
 */
import { BACKEND_OPTION } from "../backend_argument.ts";
import type { Option } from "../command.ts";
import { modelOptions } from "../model_argument.ts";

const PROMPTS: readonly Option[] = [
  { name: "prompt", short: "p", value: "TEXT", help: "what the picture shows" },
  { name: "negative-prompt", short: "n", value: "TEXT", help: "what guidance leads away from" },
];

/** How a text is followed. */
const GUIDANCE: readonly Option[] = [
  {
    name: "guidance-interval",
    value: "A,B",
    help: "guide from one share of the steps to another (default 0,1)",
  },
  {
    name: "guidance-rescale",
    value: "X",
    help: "share of guidance's contrast taken back, 0 to 1 (default 0)",
  },
  {
    name: "clip-skip",
    value: "N",
    help: "1 is CLIP's last layer, 2 the one before it (default 1)",
  },
];

const sampling = (model: string | null): readonly Option[] => [
  {
    name: "batch-count",
    short: "b",
    value: "N",
    help: "pictures, with seeds one apart (default 1)",
  },
  {
    name: "sampler",
    alias: "scheduler",
    value: "NAME",
    help: "ddim, euler, … (default: the model's)",
  },
  { name: "timesteps", value: "T,T,…", help: "the timesteps to evaluate, instead of --steps" },
  { name: "sigmas", value: "X,X,…", help: "the noise levels to step through, instead of --steps" },
  { name: "eta", value: "X", help: "share of fresh noise in a step of DDIM, 0 to 1 (default 0)" },
  ...modelOptions(model),
  {
    name: "output",
    short: "o",
    value: "FILE",
    help: ".png or .jpg; numbered if several (default out.png)",
  },
  { name: "grid", value: "FILE", help: "also all pictures in one file" },
  { name: "preview", value: "FILE", help: "after each step, the picture as it is expected then" },
  BACKEND_OPTION,
  { name: "precision", value: "f32|f16", help: "how weights are kept (default f32)" },
  { name: "check", help: "also run every operator on the reference; say which differs most" },
  { name: "json", help: "one JSON object on stdout instead of file names" },
];

/**
 * The options of a command, with what is said of its sizes, the model if none is named, those that only it has, and whether it
 * reads a text.
 */
export function drawingOptions(
  { size, model = "shapes", more = [], text = true }: {
    readonly size: string;
    readonly model?: string | null;
    readonly more?: readonly Option[];
    readonly text?: boolean;
  },
): readonly Option[] {
  return [
    ...more,
    ...(text ? PROMPTS : []),
    { name: "steps", value: "N", help: "denoising steps (default: the model's own)" },
    { name: "cfg-scale", value: "X", help: "guidance scale, 1 is none (default: the model's own)" },
    { name: "seed", short: "s", value: "N", help: "number the noise is drawn from; -1 draws one" },
    { name: "width", short: "W", value: "N", help: size },
    { name: "height", short: "H", value: "N", help: size },
    ...(text ? GUIDANCE : []),
    ...sampling(model),
  ];
}
