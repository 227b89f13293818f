// deno-lint-ignore-file no-console -- tells how far it is
/**
 * How many scenes of the Shapes world the embedded model classifies right, and how long that takes. Writes
 * docs/classification/measured.json, and of that docs/classification.md; with --page only the latter.
 *
 *     deno run -P=bench bench/classification.ts [--page] [--scenes 100] [--backend onnxruntime] [--work FOLDER]
 *     deno run -P=bench bench/classification.ts --times reference,onnxruntime,webgpu
 *
 * Scenes and every error go to the folder, a result at a time: a run that was ended goes on where it was.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { QUESTION_KINDS, type QuestionKind, questionLabels } from "../assets/shapes_questions.ts";
import { main } from "../cli/main.ts";
import { parseResults, type ResultRecord } from "../cli/evaluation/results_file.ts";
import { type DatasetItem, openDataset } from "../cli/evaluation/dataset.ts";
import {
  type BackendChoice,
  chooseBackend,
  countEvaluations,
  decodePicture,
  eliminationStages,
  pipeline,
} from "../mod.ts";
import { survivors } from "../pipelines/classification/stages.ts";
import {
  type BackendTime,
  classificationPage,
  type MeasuredClassification,
  type MeasuredQuestion,
} from "./classification_page.ts";

/** Timesteps of each scene. The middle one of them is 500. */
const TIMESTEPS = 25;
/** What is tried on the same errors: fewer timesteps, and leaving labels out. */
const FEW = 5;
const STAGES = { nSamples: [FEW, TIMESTEPS], toKeep: [3, 1], trials: 1 };
/** Of the scenes: none of a golden file. */
const SEEDS: Readonly<Record<QuestionKind, number>> = { shape: 9001, colour: 9002, relation: 9003 };
const NOISE_SEED = 1;
const PLACE = new URL("../docs/", import.meta.url);
const MEASURED = new URL("classification/measured.json", PLACE);

/** Draws the scenes of a question and classifies them; returns what is known of each. */
async function evaluateQuestion(
  kind: QuestionKind,
  { work, scenes, backend }: {
    readonly work: string;
    readonly scenes: number;
    readonly backend: string;
  },
): Promise<{ readonly items: readonly DatasetItem[]; readonly records: readonly ResultRecord[] }> {
  const folder = `${work}/${kind}-${scenes}`;
  const table = `${folder}/scenes.csv`;
  if (!await Deno.stat(table).then(() => true, () => false)) {
    const seed = String(SEEDS[kind]);
    await run(["shapes", folder, "-b", String(scenes), "-s", seed, "--question", kind]);
  }
  const results = `${work}/${kind}-${scenes}.jsonl`;
  const settings = ["--samples", String(TIMESTEPS), "--keep", "1", "-s", String(NOISE_SEED)];
  const where = ["--results", results, "--backend", backend];
  await run(["evaluate", table, ...settings, "--raw", ...where]);
  const { records } = parseResults(await Deno.readFile(results), results)!;
  return { items: (await openDataset(table)).items, records };
}

async function run(args: readonly string[]): Promise<void> {
  const code = await main(args);
  if (code !== 0) throw new Error(`denoise ${args[0]} ended with ${code}`);
}

/** The prompt that errors at some columns speak for. */
function bestAt(errors: readonly (readonly number[])[], columns: readonly number[]): number {
  const means = errors.map((row) => columns.reduce((sum, column) => sum + row[column]!, 0));
  return means.indexOf(Math.min(...means));
}

/** The prompt that is left if labels are left out after the first stage. */
function bestInStages(errors: readonly (readonly number[])[]): number {
  const all = eliminationStages({ ...STAGES, nSamples: [TIMESTEPS], toKeep: [1] }, THOUSAND)[0]!;
  const seen: number[] = [];
  let remaining: readonly number[] = errors.map((_, prompt) => prompt);
  for (const { timesteps, keep } of eliminationStages(STAGES, THOUSAND)) {
    seen.push(...timesteps.map((t) => all.timesteps.indexOf(t)));
    const means = remaining.map((prompt) =>
      seen.reduce((sum, column) => sum + errors[prompt]![column]!, 0) / seen.length
    );
    remaining = survivors(remaining, { errors: means, keep });
  }
  return remaining[0]!;
}

const THOUSAND = { trainTimesteps: 1000 };

function measureQuestion(
  kind: QuestionKind,
  { items, records }: Awaited<ReturnType<typeof evaluateQuestion>>,
): MeasuredQuestion {
  const spaced = (n: number) =>
    eliminationStages({ nSamples: [n, TIMESTEPS], toKeep: [1, 1], trials: 1 }, THOUSAND)[0]!
      .timesteps;
  const timesteps = spaced(TIMESTEPS);
  const every = timesteps.map((_, at) => at);
  const few = spaced(FEW).map((t) => timesteps.indexOf(t));
  const right = (answer: (errors: readonly (readonly number[])[]) => number): number =>
    records.filter(({ index, errors }) => {
      const { truth, labels } = items[index]!;
      return labels![answer(errors!)] === truth;
    }).length;
  const prompts = questionLabels(kind).length;
  const seconds = records.map(({ seconds }) => seconds!).toSorted((a, b) => a - b);
  return {
    kind,
    labels: prompts,
    scenes: records.length,
    single: {
      right: right((errors) => bestAt(errors, [timesteps.indexOf(500)])),
      evaluations: prompts,
    },
    few: { right: right((errors) => bestAt(errors, few)), evaluations: prompts * FEW },
    stages: {
      right: right(bestInStages),
      evaluations: countEvaluations(eliminationStages(STAGES, THOUSAND), { prompts, trials: 1 }),
    },
    every: {
      right: right((errors) => bestAt(errors, every)),
      evaluations: prompts * TIMESTEPS,
    },
    seconds: seconds[Math.floor(seconds.length / 2)]!,
  };
}

/** Time of a scene of two labels at all timesteps, after a first one. */
async function measureTime(name: string, item: DatasetItem): Promise<BackendTime> {
  const chosen = await chooseBackend(name as BackendChoice & string);
  await using backend = chosen.backend;
  await using classify = await pipeline("zero-shot-image-classification", "shapes", { backend });
  const image = await decodePicture(await Deno.readFile(item.path));
  const times: number[] = [];
  let evaluations = 0;
  for (let at = 0; at < 3; at++) {
    const start = performance.now();
    ({ evaluations } = await classify({
      image,
      labels: item.labels!,
      prompts: item.prompts!,
      nSamples: TIMESTEPS,
      toKeep: 1,
      seed: NOISE_SEED,
    }));
    times.push((performance.now() - start) / 1000);
  }
  const [first, ...later] = times;
  return { backend: chosen.description, evaluations, first: first!, seconds: Math.min(...later) };
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, {
    boolean: ["page"],
    string: ["scenes", "backend", "work", "times"],
    default: { scenes: "100", backend: "onnxruntime" },
  });
  const work: string = options.work as string | undefined ??
    `${Deno.env.get("TMPDIR") ?? "/tmp"}/denoise-classification`;
  const known: Partial<MeasuredClassification> = await Deno.readTextFile(MEASURED).then(
    JSON.parse,
    () => ({}),
  );
  let measured: MeasuredClassification = {
    backend: "",
    cores: navigator.hardwareConcurrency,
    timesteps: TIMESTEPS,
    questions: [],
    times: [],
    ...known,
  };
  const scenes = Number(options.scenes);
  await Deno.mkdir(work, { recursive: true });
  if (options.times !== undefined) {
    const { items } = await openDataset(`${work}/relation-${scenes}/scenes.csv`);
    const times: BackendTime[] = [];
    for (const name of String(options.times).split(",")) {
      times.push(await measureTime(name, items[0]!));
      console.error(times.at(-1));
    }
    measured = { ...measured, times };
  } else if (!options.page) {
    const questions: MeasuredQuestion[] = [];
    const backend = String(options.backend);
    for (const kind of QUESTION_KINDS) {
      questions.push(
        measureQuestion(kind, await evaluateQuestion(kind, { work, scenes, backend })),
      );
    }
    measured = { ...measured, backend, questions };
  }
  await Deno.mkdir(new URL("classification/", PLACE), { recursive: true });
  await Deno.writeTextFile(MEASURED, `${JSON.stringify(measured, null, 2)}\n`);
  await Deno.writeTextFile(new URL("classification.md", PLACE), classificationPage(measured));
}
