// deno-lint-ignore-file no-console
/**
 * The backend `onnxruntime` beside onnxruntime-web driven by hand over the same files, in turn, each in processes of its own;
 * and the command from process start to file.
 *
 *     deno run -P=bench bench/onnxruntime.ts [--rounds 5] [--threads 1]
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { onnxruntimeBackend, pipeline } from "../mod.ts";

const REQUEST = { prompt: "a red circle above a blue square", seed: 7, steps: 20 } as const;
const PICTURES = 5;

/** What a process told of itself, in milliseconds. */
interface Told {
  readonly total: number;
  readonly pictures: readonly number[];
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

async function run(script: string, args: readonly string[]): Promise<string> {
  const config = new URL("../deno.json", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      `--config=${config}`,
      "--allow-read",
      "--allow-write",
      "--allow-env",
      new URL(script, import.meta.url).pathname,
      ...args,
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Pictures by the library in this process, which is one of those that the bench starts. */
async function draw(threads: number): Promise<Told> {
  const start = performance.now();
  await using backend = onnxruntimeBackend({ threads });
  await using generate = await pipeline("text-to-image", "shapes", { backend });
  const pictures: number[] = [];
  for (let picture = 0; picture < PICTURES; picture++) {
    const began = performance.now();
    await generate(REQUEST);
    pictures.push(performance.now() - began);
  }
  return { total: performance.now() - start, pictures };
}

if (import.meta.main) {
  const { rounds, threads, child } = parseArgs(Deno.args, {
    string: ["rounds", "threads"],
    boolean: ["child"],
    default: { rounds: "5", threads: "1" },
  });
  if (child) console.log(JSON.stringify(await draw(Number(threads))));
  else {
    const folder = await Deno.makeTempDir();
    await run("../cli/main.ts", ["export", "shapes", `${folder}/onnx`]);
    const found: Record<string, number[]> = {};
    const note = (name: string, value: number) => (found[name] ??= []).push(value);
    for (let round = 0; round < Number(rounds); round++) {
      const hand: Told = JSON.parse(
        await run("onnxruntime_by_hand.ts", [`${folder}/onnx`, String(PICTURES), String(threads)]),
      );
      const own: Told = JSON.parse(
        await run("onnxruntime.ts", ["--child", `--threads=${threads}`]),
      );
      note("by hand, a picture", median(hand.pictures.slice(1)));
      note("backend, a picture", median(own.pictures.slice(1)));
      note("by hand, first picture", hand.pictures[0]!);
      note("backend, first picture with all before", own.total - sum(own.pictures.slice(1)));
      note("by hand, first picture with all before", hand.total - sum(hand.pictures.slice(1)));
      const start = performance.now();
      const out = `--output=${folder}/out.png`;
      await run("../cli/main.ts", ["txt2img", REQUEST.prompt, "--seed=7", "--steps=20", out]);
      note("command, process start to file", performance.now() - start);
    }
    await Deno.remove(folder, { recursive: true });
    console.table(
      Object.entries(found).map(([what, values]) => ({
        what,
        median: Math.round(median(values)),
        least: Math.round(Math.min(...values)),
      })),
    );
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, x) => total + x, 0);
}
