// deno-lint-ignore-file no-console -- tells how far it is
/**
 * How near each deterministic sampler comes to the result of 1000 steps, for how many evaluations of the network, on the embedded
 * model. Writes docs/schedulers/comparison.json, and of that docs/scheduler_comparison.md and its plot; with --page only
 * the latter.
 *
 *     deno run -P=bench bench/schedulers.ts [--page] [--backend webgpu] [--budgets 5,10,20,40] [--ddim 1000] [--heun 400]
 *
 * The last two are the evaluations of the network that the long runs may take.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { type BackendChoice, chooseBackend, pipeline, scheduler } from "../mod.ts";
import type { SchedulerConfig, TextToImage } from "../mod.ts";
import {
  type Comparison,
  comparisonChart,
  comparisonPage,
  type Distances,
} from "./scheduler_page.ts";

/**
 * The samplers compared. Karras' spread is there once, to show what it changes. Not among them: samplers with noise; LCM and
 * TCD, which are for distilled networks; EDM Euler and IPNDM, whose networks are others.
 */
const SAMPLERS = [
  "ddim",
  "euler",
  "heun",
  "dpm2",
  "lms",
  "plms",
  "pndm",
  "dpmpp-2m",
  "dpmpp-2m-karras",
  "dpmpp-3m",
  "dpmpp-2s",
  "deis",
  "unipc",
];

const PROMPTS = ["a red circle above a blue square", "a yellow diamond left of a white ring"];
const SEEDS = [7, 8];
const GUIDANCE = 3;
const PLACE = new URL("../docs/", import.meta.url);

/**
 * What makes one problem of all: every sampler starts at the noisiest timestep with the same noise, and ends at the picture.
 * The model's own configuration starts a step lower and ends at the least noise.
 */
const SAME_ENDS = { timestep_spacing: "trailing", set_alpha_to_one: true };

/** The configuration of a sampler with the most steps that a budget of evaluations pays for; undefined if none. */
function affordable(
  name: string,
  { base, budget }: { readonly base: SchedulerConfig; readonly budget: number },
): { config: SchedulerConfig; steps: number; evaluations: number } | undefined {
  const one = scheduler(name, { base: { ...base, ...SAME_ENDS } });
  for (let steps = budget; steps >= 1; steps--) {
    // PNDM's warm-up alone costs twelve evaluations, and needs four steps.
    if (name === "pndm" && steps < 4) return undefined;
    const evaluations = one.timesteps(steps).length;
    if (evaluations <= budget) return { config: one.config, steps, evaluations };
  }
  return undefined;
}

async function drawn(
  generate: TextToImage,
  { config, steps }: { readonly config: SchedulerConfig; readonly steps: number },
): Promise<Float32Array> {
  const { latents } = await generate({
    prompt: PROMPTS,
    seed: SEEDS,
    guidanceScale: GUIDANCE,
    steps,
    scheduler: config,
  });
  return latents.data;
}

/** Root of the mean square of a difference. */
function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0) / a.length);
}

async function compare(
  generate: TextToImage,
  { base, budgets, long }: {
    readonly base: SchedulerConfig;
    readonly budgets: readonly number[];
    /** Evaluations of the long runs. */
    readonly long: { readonly ddim: number; readonly heun: number };
  },
): Promise<Pick<Comparison, "ddim" | "heun" | "between" | "scale" | "distances">> {
  const limit = async (name: keyof typeof long) => {
    const one = affordable(name, { base, budget: long[name] })!;
    const start = performance.now();
    const latents = await drawn(generate, one);
    console.error(`${name}: ${one.evaluations} evaluations in ${since(start)} s`);
    return { latents, steps: one.steps, evaluations: one.evaluations };
  };
  const ddim = await limit("ddim");
  const heun = await limit("heun");
  const distances: Distances[] = [];
  for (const name of SAMPLERS) {
    const points: Distances["points"][number][] = [];
    for (const budget of budgets) {
      const one = affordable(name, { base, budget });
      if (one === undefined) continue;
      const latents = await drawn(generate, one);
      const { steps, evaluations } = one;
      points.push({
        budget,
        steps,
        evaluations,
        fromHeun: distance(latents, heun.latents),
        fromDdim: distance(latents, ddim.latents),
      });
    }
    distances.push({ name, points });
    console.error(`${name}: ${points.map(({ fromDdim }) => fromDdim.toPrecision(3)).join(" ")}`);
  }
  return {
    ddim: { steps: ddim.steps, evaluations: ddim.evaluations },
    heun: { steps: heun.steps, evaluations: heun.evaluations },
    between: distance(ddim.latents, heun.latents),
    scale: distance(heun.latents, new Float32Array(heun.latents.length)),
    distances,
  };
}

function since(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(0);
}

async function measure(
  { backend: name, budgets, long }: {
    readonly backend: BackendChoice & string;
    readonly budgets: readonly number[];
    readonly long: { readonly ddim: number; readonly heun: number };
  },
): Promise<Comparison> {
  const { backend, description } = await chooseBackend(name);
  await using _ = backend;
  await using generate = await pipeline("text-to-image", "shapes", { backend });
  const config = new URL("../assets/shapes/scheduler/scheduler_config.json", import.meta.url);
  const base: SchedulerConfig = JSON.parse(await Deno.readTextFile(config));
  const measured = await compare(generate, { base, budgets, long });
  return {
    backend: description,
    prompts: PROMPTS,
    seeds: SEEDS,
    guidance: GUIDANCE,
    budgets,
    ...measured,
  };
}

if (import.meta.main) {
  const {
    page,
    backend = "webgpu",
    budgets = "5,10,20,40",
    ddim = "1000",
    heun = "400",
  } = parseArgs(Deno.args, {
    boolean: ["page"],
    string: ["backend", "budgets", "ddim", "heun"],
  });
  const numbers = new URL("schedulers/comparison.json", PLACE);
  if (!page) {
    const measured = await measure({
      backend: backend as BackendChoice & string,
      budgets: String(budgets).split(",").map(Number),
      long: { ddim: Number(ddim), heun: Number(heun) },
    });
    await Deno.writeTextFile(numbers, JSON.stringify(measured, null, 2) + "\n");
  }
  const comparison: Comparison = JSON.parse(await Deno.readTextFile(numbers));
  await Deno.writeTextFile(new URL("scheduler_comparison.md", PLACE), comparisonPage(comparison));
  await Deno.writeTextFile(
    new URL("schedulers/comparison.svg", PLACE),
    comparisonChart(comparison),
  );
}
