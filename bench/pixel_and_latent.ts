// deno-lint-ignore-file no-console -- tells how far it is
/**
 * Diffusion on pixels beside diffusion on latents (Rombach et al. 2022, section 4.1): what a picture costs, and what memory first
 * stages take with and without attention. Writes docs/pixel_and_latent/measured.json, and of that docs/pixel_and_latent.md.
 *
 *     deno run -P=bench bench/pixel_and_latent.ts [--counts] [--times] [--peaks [--only 512,vq-f4]] [--page]
 *
 * Without a flag all is measured; with one or more only these parts, and `--page` alone measures nothing. Counts take seconds.
 * Times (3 minutes) and peaks (a quarter of an hour) are of processes of their own, on onnxruntime, with made-up weights.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { DEFAULT_LIMITS } from "../backends/webgpu/kernel.ts";
import { planProgram } from "../backends/webgpu/plan_program.ts";
import { decompose } from "../graph/passes/decompose.ts";
import { flopCount } from "../graph/passes/flop_count.ts";
import { sizeOf } from "../graph/tensor_spec.ts";
import {
  type Component,
  type Graph,
  hostTensor,
  onnxruntimeBackend,
  parameterCount,
  pipeline,
} from "../mod.ts";
import { optionWeights } from "../tests/option_cases.ts";
import {
  type ComparedModel,
  firstStage,
  modelFiles,
  PAPER_NETWORKS,
  SAME_NETWORK,
  SMALL_NETWORK,
  stageGraph,
  type StageMethod,
  unetGraph,
} from "./pixel_and_latent_models.ts";
import type {
  CountedModel,
  CountedNetwork,
  CountedStage,
  MeasuredComparison,
  PeakOfStage,
  Slots,
  StageRun,
  TimedModel,
} from "./pixel_and_latent_measured.ts";
import { pixelAndLatentPage } from "./pixel_and_latent_page.ts";

const PLACE = new URL("../docs/", import.meta.url);
const MEASURED = new URL("pixel_and_latent/measured.json", PLACE);

/** Sides of pictures that are counted. */
const COUNTED = [256, 512, 1024];
const STAGE_COUNTED = [256, 512, 768, 1024];
/** Steps of a picture. */
const STEPS = 50;
/** Sides of pictures that are drawn, and steps of those by the pixels' model: its steps are all alike, and long. */
const TIMED = [{ pixels: 64, pixelSteps: 50 }, { pixels: 128, pixelSteps: 10 }];
const THREADS = 1;

const STAGES = ["kl-f8", "vq-f4"];
const WAYS = ["decode", "encode"] as const;
/** Larger pictures by narrower networks, so that a run takes a minute at most; the published width is 128. */
const PEAKS = [
  { pixels: 256, channels: 128 },
  { pixels: 512, channels: 32 },
  { pixels: 768, channels: 16 },
];
/** Ways, and whether the middle attends; looking for the nearest code is told apart from decoding. */
const PEAK_WAYS: readonly (readonly [string, StageMethod, attends: readonly boolean[]])[] = [
  ["kl-f8", "decode", [false, true]],
  ["kl-f8", "encode", [false, true]],
  ["vq-f4", "decode_unquantized", [false, true]],
  ["vq-f4", "encode", [false, true]],
  ["vq-f4", "decode", [false]],
];

/** Slots for intermediate results on the backend `webgpu`. No device is asked for. */
function slotsOf(graph: Graph): Slots {
  const { slots, statistics } = planProgram(graph, {
    gpu: { limits: DEFAULT_LIMITS, software: false },
    constant: [],
    precision: "f32",
  });
  return { bytes: statistics.scratchBytes, largest: 4 * Math.max(...slots) };
}

function countNetwork(graph: Graph): CountedNetwork {
  const { total, attention } = flopCount(graph);
  return { flops: total, attention, slots: slotsOf(graph) };
}

function countModel(model: ComparedModel): CountedModel {
  const { name, stage } = model;
  const decoder = (pixels: number) => stage && stageGraph(stage, { method: "decode", pixels });
  const forDecoder = decoder(256);
  return {
    name,
    parameters: parameterCount(unetGraph(model, 256)),
    decoderParameters: forDecoder && parameterCount(forDecoder),
    sizes: COUNTED.map((pixels) => {
      const graph = decoder(pixels);
      return {
        pixels,
        unet: countNetwork(unetGraph(model, pixels)),
        decoder: graph && countNetwork(graph),
      };
    }),
  };
}

function countStages(): CountedStage[] {
  return STAGES.flatMap((name) =>
    WAYS.map((method): CountedStage => ({
      name,
      method,
      sizes: STAGE_COUNTED.map((pixels) => {
        const graph = (attention: boolean) =>
          stageGraph(firstStage(name, { attention }), { method, pixels });
        const attending = graph(true);
        return {
          pixels,
          without: slotsOf(graph(false)),
          streamed: slotsOf(attending),
          stored: slotsOf(decompose(attending, ({ op }) => op !== "attention")),
        };
      }),
    }))
  );
}

/** What a process is asked for. */
type Task =
  | {
    readonly kind: "time";
    readonly model: string;
    readonly pixels: number;
    readonly steps: number;
  }
  | { readonly kind: "peak" } & StageRun;

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** The median time of some calls of a network, after a first. */
async function callSeconds(
  component: Component,
  { method, graph }: { readonly method: string; readonly graph: Graph },
): Promise<number> {
  const inputs = Object.fromEntries(
    graph.inputs.map(({ name, spec: { shape } }) => [name, tenths(shape)]),
  );
  const times: number[] = [];
  for (let at = 0; at < 6; at++) {
    times.push(await seconds(() => component.run(inputs, { method })));
  }
  return median(times.slice(1));
}

const tenths = (shape: readonly number[]) =>
  hostTensor(shape, new Float32Array(sizeOf(shape)).fill(0.1));

/** Draws with a model of the small network. */
async function timeModel(
  { model: name, pixels, steps }: Extract<Task, { readonly kind: "time" }>,
): Promise<TimedModel> {
  const model = SMALL_NETWORK.find((each) => each.name === name)!;
  const denoiser = unetGraph(model, pixels);
  const decoder = model.stage && stageGraph(model.stage, { method: "decode", pixels });
  await using backend = onnxruntimeBackend({ threads: THREADS });
  await using generate = await pipeline("unconditional-image-generation", modelFiles(model), {
    backend,
  });
  const size = { width: pixels, height: pixels };
  await generate({ ...size, steps: 1, seed: 1 });
  // Of the quick ones the middle of three.
  const pictures: number[] = [];
  while (pictures.length < 3 && pictures.reduce((sum, each) => sum + each, 0) < 10) {
    pictures.push(await seconds(() => generate({ ...size, steps, seed: 1 })));
  }
  const call = await callSeconds(await generate.model.component("unet"), {
    method: "forward",
    graph: denoiser,
  });
  const decode = decoder && await callSeconds(await generate.model.component("vqvae"), {
    method: "decode",
    graph: decoder,
  });
  return {
    name,
    pixels,
    steps,
    picture: median(pictures),
    unet: { seconds: call, flops: flopCount(denoiser).total },
    decoder: decoder && { seconds: decode!, flops: flopCount(decoder).total },
  };
}

/** Runs a first stage once. */
async function runStage(
  { stage, method, attention, channels, pixels }: StageRun,
): Promise<Pick<PeakOfStage, "seconds" | "problem">> {
  const graph = stageGraph(firstStage(stage, { attention, channels }), { method, pixels });
  await using backend = onnxruntimeBackend({ threads: THREADS });
  const took = await seconds(async () => {
    using weights = await backend.load(optionWeights([graph]));
    using program = await backend.compile(graph, weights);
    const { name, spec: { shape } } = graph.inputs[0]!;
    for (const value of Object.values(program.run({ [name]: tenths(shape) }))) {
      await value.read();
      value[Symbol.dispose]();
    }
  });
  return { seconds: took };
}

/** The most memory that this process has had, in bytes: the kernel's own count, or the present where there is none. */
async function peakBytes(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status").catch(() => "");
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? Deno.memoryUsage().rss : Number(kilobytes) * 1024;
}

async function child(task: Task): Promise<void> {
  const told = task.kind === "time" ? await timeModel(task) : {
    ...await runStage(task).catch((error: unknown) => ({
      seconds: null,
      problem: error instanceof Error ? error.message.trim() : String(error),
    })),
    peak: await peakBytes(),
  };
  console.log(`\n${JSON.stringify(told)}`);
}

/** Runs this module as a process of its own. */
async function measure<T>(task: Task): Promise<T> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // Of all permissions, because /proc needs them.
    args: ["run", "--no-prompt", "-A", import.meta.url, "--child", JSON.stringify(task)],
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const result = JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!) as T;
  console.error(JSON.stringify(task), JSON.stringify(result));
  return result;
}

async function measureTimes(): Promise<TimedModel[]> {
  const times: TimedModel[] = [];
  for (const { pixels, pixelSteps } of TIMED) {
    for (const { name: model, stage } of SMALL_NETWORK) {
      const steps = stage === null ? pixelSteps : STEPS;
      times.push(await measure({ kind: "time", model, pixels, steps }));
    }
  }
  return times;
}

/** Runs of first stages, in the page's order. */
const STAGE_RUNS: readonly StageRun[] = PEAKS.flatMap((size) =>
  PEAK_WAYS.flatMap(([stage, method, attends]) =>
    attends.map((attention) => ({ stage, method, attention, ...size }))
  )
);

const keyOf = ({ stage, method, attention, pixels, channels }: StageRun): string =>
  [stage, method, attention, pixels, channels].join();

/** Measures runs whose stage, method, size … are all of the words; of the others what is known stays. */
async function measurePeaks(
  known: readonly PeakOfStage[],
  words: readonly string[],
): Promise<PeakOfStage[]> {
  const peaks: PeakOfStage[] = [];
  for (const run of STAGE_RUNS) {
    const own = keyOf(run).split(",");
    if (words.every((word) => own.includes(word))) {
      const told = await measure<Omit<PeakOfStage, keyof StageRun>>({ kind: "peak", ...run });
      peaks.push({ ...run, ...told });
    } else peaks.push(...known.filter((each) => keyOf(each) === keyOf(run)));
  }
  return peaks;
}

/** The machine as it is now. */
function machine(): MeasuredComparison["timesOn"] {
  return { cores: navigator.hardwareConcurrency, load: Deno.loadavg()[0]!, threads: THREADS };
}

if (import.meta.main) {
  const asked = parseArgs(Deno.args, {
    boolean: ["counts", "times", "peaks", "page"],
    string: ["child", "only"],
  });
  const task = asked.child as string | undefined;
  if (task !== undefined) {
    await child(JSON.parse(task) as Task);
    Deno.exit(0); // whatever a backend keeps running
  }
  const all = !asked.counts && !asked.times && !asked.peaks && !asked.page;
  let measured: MeasuredComparison = {
    steps: STEPS,
    same: [],
    paper: [],
    stages: [],
    timesOn: machine(),
    times: [],
    peaks: [],
    ...await Deno.readTextFile(MEASURED).then(JSON.parse, () => ({})),
  };
  if (all || asked.counts) {
    const [same, paper] = [SAME_NETWORK, PAPER_NETWORKS].map((models) => models.map(countModel));
    measured = { ...measured, steps: STEPS, same: same!, paper: paper!, stages: countStages() };
  }
  if (all || asked.times) {
    // Before the work, which is a load itself.
    const timesOn = machine();
    measured = { ...measured, timesOn, times: await measureTimes() };
  }
  if (all || asked.peaks) {
    const words = asked.only === undefined ? [] : String(asked.only).split(",");
    measured = { ...measured, peaks: await measurePeaks(measured.peaks, words) };
  }
  await Deno.mkdir(new URL("pixel_and_latent/", PLACE), { recursive: true });
  await Deno.writeTextFile(MEASURED, `${JSON.stringify(measured, null, 2)}\n`);
  await Deno.writeTextFile(new URL("pixel_and_latent.md", PLACE), pixelAndLatentPage(measured));
}
