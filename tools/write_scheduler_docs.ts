/**
 * Writes docs/schedulers.md and its pictures from the classes themselves:
 *
 *     deno run --allow-read --allow-write tools/write_scheduler_docs.ts
 *
 * @module
 */
import { CLASSES } from "../schedulers/classes.ts";
import { namedSampler, SAMPLER_NAMES } from "../schedulers/names.ts";
import type { Plan } from "../schedulers/plan.ts";
import { scheduler } from "../schedulers/scheduler.ts";
import type { SchedulerClass } from "../schedulers/solver.ts";
import { type Line, lineChart } from "./line_chart.ts";
import { SCHEDULER_NOTES, type SchedulerNote } from "./scheduler_notes.ts";

/** The noise schedule of Stable Diffusion 1, of which every picture is made. */
const MODEL = {
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  beta_end: 0.012,
  num_train_timesteps: 1000,
};
const STEPS = 20;

/** Keys that every class has, or that are the noise schedule's; the page tells of them once. */
const COMMON_KEYS = [...Object.keys(MODEL), "trained_betas", "prediction_type"];

/** Spreads of noise levels, by the key that chooses them. */
const SPREADS = {
  karras: "use_karras_sigmas",
  exponential: "use_exponential_sigmas",
  beta: "use_beta_sigmas",
} as const;

/** The files of the page by their paths in docs/. */
export function schedulerPages(): ReadonlyMap<string, string> {
  const notes = Object.entries(SCHEDULER_NOTES);
  const missing = [...CLASSES.keys()].filter((name) => SCHEDULER_NOTES[name] === undefined);
  if (missing.length > 0) {
    throw new Error(`Cannot write of ${missing.join(", ")}: wanted a note of each class`);
  }
  const classes = notes.map(([name, note]) => ({ one: CLASSES.get(name)!, note }));
  return new Map([
    ["schedulers.md", page(classes)],
    ...classes.map(({ one }) => [picturePath(one), picture(one)] as const),
  ]);
}

interface Described {
  readonly one: SchedulerClass;
  readonly note: SchedulerNote;
}

function page(classes: readonly Described[]): string {
  return `<!-- deno-fmt-ignore-file -->
<!-- Made by tools/write_scheduler_docs.ts: change that, or schedulers/, and run it again. -->

# Schedulers

A scheduler is a table of numbers: \`scheduler("dpmpp-2m-karras").plan(20)\` gives its rows, and one loop runs the rows of any
of them on the device. Name one by a short name in any usual spelling (\`DPM++ 2M Karras\`, \`dpmpp_2m_karras\`), by its class in
diffusers, or by a configuration with \`_class_name\`. A model's own \`scheduler_config.json\` is the default, and what it says
of noise schedule and prediction holds for whatever scheduler is named.

## Which to choose

- **5 to 10 steps:** \`unipc\`. **20 and more:** \`dpmpp-2m-karras\`.
- **To repeat what others published:** the class they name; \`ddim\` and \`plms\` for most of the latent diffusion papers.
- **Pictures that vary more:** \`euler-a\` or \`dpmpp-2m-sde\`, which add noise.
- **Distilled networks:** the scheduler that they were distilled for, \`lcm\` or \`tcd\`.
- **From a picture to its noise:** \`ddim-inverse\`. **Filling in with a network not trained for it:** \`repaint\`.

[Samplers compared](./scheduler_comparison.md) shows how near each comes to the result of 1000 steps for how many evaluations;
the advice on numbers of steps is from there, and so for one small model.

## At a glance

Evaluations are those of a plan of ${STEPS} steps: the cost of a picture. A class is deterministic if it draws no noise after the
first; the order says how fast it approaches the exact solution: halving the steps' size divides the error by 2 to the order's
power. It is measured by a test on pictures whose distribution is normal, where the solution is known.

| class | names | evaluations | deterministic | order |
|---|---|--:|---|---|
${classes.map(({ one, note }) => glance(one, note)).join("\n")}

## What all have in common

Options of a plan, where a class takes them: \`strength\` (the share of the steps to run, for image to image) or \`begin\` (how
many evaluations to leave out); \`timesteps\` or \`sigmas\` to visit, in place of a number of steps. Keys of a configuration:
the noise schedule (\`num_train_timesteps\`, \`beta_schedule\`, \`beta_start\`, \`beta_end\`, \`trained_betas\`), and
\`prediction_type\`. Unknown keys are ignored, as diffusers does; a wrong value is an error that lists the right ones.

Steps are a whole number from 1 to \`num_train_timesteps\`; anything else is a \`SchedulerError\`. A few classes take fewer:
DPM-Solver, DEIS and UniPC at most one less, LCM and TCD as many as the network was distilled for, PNDM with its warm-up at
least 4. One step is one evaluation. A \`strength\` of 1 is the whole plan; one that leaves no step is an error. PNDM has an
evaluation more than steps, and counts those.

Pictures show noise over signal before every evaluation of ${STEPS} steps with the noise schedule of Stable Diffusion 1.

${classes.map(({ one, note }) => section(one, note)).join("\n\n")}
`;
}

function glance(one: SchedulerClass, { order }: SchedulerNote): string {
  const plan = examplePlan(one);
  const cells = [
    `[${one.name}](#${one.name.toLowerCase()})`,
    namesOf(one).map((name) => `\`${name}\``).join(", "),
    evaluations(plan),
    deterministic(one, plan),
    order ?? "–",
  ];
  return `| ${cells.join(" | ")} |`;
}

function section(one: SchedulerClass, note: SchedulerNote): string {
  const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");
  const keys = Object.keys(one.keys).filter((key) => !COMMON_KEYS.includes(key));
  const spreads = spreadsOf(one);
  const names = namesOf(one);
  const fields = [
    `Source: ${note.sources.map(({ title, url }) => `[${title}](${url})`).join(", ")}.`,
    names.length === 0
      ? "Names: its class only."
      : `Names: ${code(names)}${
        spreads.length === 0
          ? ""
          : `, each also with ${code(spreads.map((spread) => `-${spread}`))}`
      }.`,
    `Evaluations: ${evaluations(examplePlan(one))} in ${STEPS} steps.`,
    ...(note.order === undefined ? [] : [`Order: ${note.order}.`]),
    `Options of its plans: ${one.accepts.length === 0 ? "none" : code(one.accepts)}.`,
    `Its own keys: ${keys.length === 0 ? "none" : code(keys)}.`,
  ];
  return `### ${one.name}

${note.what} ${note.choose}

![Noise levels of ${one.name}](./${picturePath(one)})

${fields.map((field) => `- ${field}`).join("\n")}`;
}

/** The short names of a class, without those that choose a spread. */
function namesOf({ name }: SchedulerClass): readonly string[] {
  const knows = (className: string, key: string) =>
    Object.hasOwn(CLASSES.get(className)?.keys ?? {}, key);
  return SAMPLER_NAMES.filter((short) => namedSampler(short, knows)?.className === name);
}

function spreadsOf({ keys }: SchedulerClass): readonly (keyof typeof SPREADS)[] {
  return (Object.keys(SPREADS) as (keyof typeof SPREADS)[])
    .filter((spread) => Object.hasOwn(keys, SPREADS[spread]));
}

function examplePlan(
  { name }: SchedulerClass,
  config: Readonly<Record<string, unknown>> = {},
): Plan {
  // A noise schedule's betas mean nothing to classes that have none.
  return scheduler({ _class_name: name, ...MODEL, ...config }).plan(STEPS);
}

function evaluations({ rows }: Plan): string {
  return String(rows.filter((row) => row.evaluate !== undefined).length);
}

/** Whether a class draws noise, as its plans say, with and without the options that decide it. */
function deterministic(one: SchedulerClass, plan: Plan): string {
  const draws = ({ rows }: Plan) => rows.some((row) => row.draws > 0);
  const eta = one.accepts.includes("eta") && !one.accepts.includes("jumpLength");
  if (eta) return draws(plan) ? "if `eta` is 0" : "unless `eta` is above 0";
  if (draws(plan)) return "no";
  if (one.accepts.includes("sChurn")) return "unless `sChurn` is above 0";
  return one.keys["algorithm_type"]?.accept("sde-dpmsolver++") === undefined
    ? "yes"
    : "unless `algorithm_type` is an `sde-` one";
}

function picturePath({ name }: SchedulerClass): string {
  return `schedulers/${name}.svg`;
}

function picture(one: SchedulerClass): string {
  const lines = [
    levelsOf("as it is", examplePlan(one)),
    ...spreadsOf(one).map((spread) =>
      levelsOf(spread, examplePlan(one, { [SPREADS[spread]]: true }))
    ),
  ];
  const most = Math.max(...lines.map(({ points }) => points.length));
  return lineChart({
    x: { label: "evaluation", ticks: ticksTo(most) },
    y: { label: "noise / signal", ticks: [0.001, 0.01, 0.1, 1, 10, 100], logarithmic: true },
    lines,
    width: 420,
    height: 220,
  });
}

function levelsOf(name: string, { rows }: Plan): Line {
  return {
    name,
    points: rows.filter((row) => row.evaluate !== undefined)
      .map(({ level: { signal, noise } }, i) => [i + 1, noise / signal] as const),
    marked: rows.length < 50,
  };
}

/** Four or five round numbers from 0 that reach a number. */
function ticksTo(most: number): number[] {
  const step = [5, 10, 25, 50, 100].find((step) => step * 5 >= most) ?? 200;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

if (import.meta.main) {
  const docs = new URL("../docs/", import.meta.url);
  await Deno.mkdir(new URL("schedulers", docs), { recursive: true });
  for (const [path, content] of schedulerPages()) {
    await Deno.writeTextFile(new URL(path, docs), content);
  }
}
