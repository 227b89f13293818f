/**
 * `denoise shapes`: scenes of the world that the embedded models know, with captions.
 *
 * @module
 */
import {
  QUESTION_KINDS,
  type QuestionKind,
  sampleQuestion,
} from "../../assets/shapes_questions.ts";
import { drawScene, sampleScene } from "../../assets/shapes_world.ts";
import { writeFolder } from "../../formats/write_file.ts";
import { encodePng, TorchGenerator } from "../../mod.ts";
import { chooseSeed } from "../../pipelines/settings.ts";
import type { Arguments } from "../arguments.ts";
import { type Command, EXIT } from "../command.ts";
import { formatCsv } from "../evaluation/csv.ts";
import { interruptible } from "../interrupt.ts";
import { checkTarget } from "../output_folder.ts";
import type { Console } from "../terminal/console.ts";
import { UsageError } from "../usage_error.ts";

/** Draws scenes. */
export const shapes: Command = {
  name: "shapes",
  summary: "draw scenes with captions, such as the embedded models were trained on",
  operands: "FOLDER",
  options: [
    { name: "batch-count", short: "b", value: "N", help: "scenes (default 16)" },
    { name: "seed", short: "s", value: "N", help: "number they are drawn from; -1 draws one" },
    { name: "size", value: "N", help: "side in pixels (default 128)" },
    {
      name: "question",
      value: "KIND",
      help: `scenes for denoise evaluate, asked for their ${QUESTION_KINDS.join(", ")}`,
    },
    { name: "force", help: "replace the scenes in FOLDER" },
  ],
  notes: [
    "FOLDER gets a PNG a scene and scenes.csv with their captions; it is written whole or not at all.",
    "With a question the table also has each scene's right label, its labels and their prompts:",
    "denoise evaluate FOLDER/scenes.csv tells how many the embedded model gets right.",
  ],
  run: (args, console) => interruptible((signal) => run(args, { console, signal })),
};

/** What this command writes, and may replace. */
const SCENES = { name: "folder of scenes", files: ["scenes.csv"] } as const;

/** A scene that is drawn, as a row of the table. */
interface Drawn {
  readonly pixels: Uint8Array;
  readonly cells: readonly string[];
}

async function run(
  args: Arguments,
  { console, signal }: { readonly console: Console; readonly signal: AbortSignal },
): Promise<number> {
  const [folder, extra] = args.operands;
  if (folder === undefined) throw new UsageError("Cannot draw scenes: the folder is missing");
  if (extra !== undefined) {
    throw new UsageError(`Cannot use the argument ${JSON.stringify(extra)}: there is one folder`);
  }
  const count = args.integer("batch-count", { min: 1, max: 1_000_000 }) ?? 16;
  const size = args.integer("size", { min: 8, max: 4096 }) ?? 128;
  const kind = args.choice("question", QUESTION_KINDS);
  const asked = args.integer("seed", { min: -1 });
  const seed = chooseSeed(asked);
  if (asked === undefined || asked === -1) console.note(`The seed is ${seed}.`);
  const generator = new TorchGenerator(seed);
  const force = args.flag("force");
  await checkTarget(folder, { sources: [], force, kind: SCENES });
  const next = async () => {
    // Drawing never waits: Ctrl-C is heard between two scenes.
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    return draw(generator, { kind, size });
  };
  await writeFolder(folder, sceneFiles({ count, next, kind, size }), { replace: force });
  console.print(folder);
  return EXIT.done;
}

function draw(
  generator: TorchGenerator,
  { kind, size }: { readonly kind: QuestionKind | undefined; readonly size: number },
): Drawn {
  if (kind === undefined) {
    const { scene, caption } = sampleScene(generator);
    return { pixels: drawScene(scene, size), cells: [caption] };
  }
  const { scene, caption, labels, prompts, truth } = sampleQuestion(kind, generator);
  return {
    pixels: drawScene(scene, size),
    cells: [caption, labels[truth]!, labels.join("|"), prompts.join("|")],
  };
}

async function* sceneFiles(
  { count, next, kind, size }: {
    readonly count: number;
    readonly next: () => Promise<Drawn>;
    readonly kind: QuestionKind | undefined;
    readonly size: number;
  },
): AsyncGenerator<readonly [string, Uint8Array]> {
  const more = kind === undefined ? [] : ["label", "labels", "prompts"];
  const table: string[][] = [["image", "caption", ...more]];
  const digits = String(count - 1).length;
  for (let at = 0; at < count; at++) {
    const { pixels, cells } = await next();
    const image = `${String(at).padStart(digits, "0")}.png`;
    table.push([image, ...cells]);
    yield [image, await encodePng({ width: size, height: size, channels: 3, data: pixels })];
  }
  yield ["scenes.csv", new TextEncoder().encode(formatCsv(table))];
}
