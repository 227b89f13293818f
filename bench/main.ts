// deno-lint-ignore-file no-console
/**
 * Times the embedded model: a U-Net call, a step, a picture, and the command from process start to file.
 *
 *     deno task bench [--backend reference,webgpu] [--steps 20] [--json]
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { type BackendChoice, chooseBackend, hostTensor, pipeline } from "../mod.ts";

/** What was measured on one backend; times in milliseconds. */
interface Figures {
  readonly backend: string;
  /** One call of the U-Net with batch 2, the median of several, read back. */
  readonly unet: number;
  /** A guided step, the mean over a picture's steps. */
  readonly step: number;
  /** A whole picture in a process that has drawn one before. */
  readonly picture: number;
  /** The first picture of a process, reading and compiling included. */
  readonly first: number;
  /** The command, from process start to file. */
  readonly command: number;
  /** Largest resident memory of this process so far, in MB. */
  readonly memory: number;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function measure(name: BackendChoice & string, steps: number): Promise<Figures> {
  const { backend } = await chooseBackend(name);
  await using _ = backend;
  const request = { prompt: "a red circle above a blue square", seed: 7, steps };
  const start = performance.now();
  await using generate = await pipeline("text-to-image", "shapes", { backend });
  await generate(request);
  const first = performance.now() - start;
  const picture = await timed(() => generate(request));
  // Steps are told in groups of about 250 ms, so only their mean means something.
  const told: number[] = [];
  await generate({ ...request, onStep: () => void told.push(performance.now()) });
  const unet = await generate.model.component("unet");
  const inputs = {
    sample: hostTensor([2, 4, 16, 16], new Float32Array(2048).fill(0.1)),
    timestep: hostTensor([1], [500]),
    encoder_hidden_states: hostTensor([2, 77, 96], new Float32Array(2 * 77 * 96).fill(0.1)),
  };
  const calls: number[] = [];
  for (let at = 0; at < 6; at++) {
    calls.push(await timed(() => unet.run(inputs, { outputs: ["sample"] })));
  }
  const folder = await Deno.makeTempDir();
  const command = await timed(async () => {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-read",
        `--allow-write=${folder}`,
        new URL("../cli/main.ts", import.meta.url).pathname,
        "txt2img",
        request.prompt,
        "--seed=7",
        `--steps=${steps}`,
        `--backend=${name}`,
        `--output=${folder}/out.png`,
      ],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  });
  await Deno.remove(folder, { recursive: true });
  return {
    backend: backend.name,
    unet: median(calls.slice(1)),
    step: (told.at(-1)! - told[0]!) / (told.length - 1),
    picture,
    first,
    command,
    memory: Deno.memoryUsage().rss / 1e6,
  };
}

if (import.meta.main) {
  const { backend, steps, json } = parseArgs(Deno.args, {
    string: ["backend", "steps"],
    boolean: ["json"],
    default: { backend: "reference", steps: "20" },
  });
  const rows: Figures[] = [];
  for (const name of String(backend).split(",")) {
    rows.push(await measure(name as BackendChoice & string, Number(steps)));
  }
  if (json) {
    console.log(
      JSON.stringify({ steps: Number(steps), cores: navigator.hardwareConcurrency, rows }),
    );
  } else console.table(rows);
}
