/**
 * The page of `schedulers.ts`: measured numbers as a table and a plot.
 *
 * @module
 */
import { lineChart } from "../tools/line_chart.ts";

/** What one sampler reached. */
export interface Distances {
  /** The sampler's name. */
  readonly name: string;
  /** By rising budget; a budget that pays for no steps is left out. */
  readonly points: readonly {
    readonly budget: number;
    readonly steps: number;
    readonly evaluations: number;
    /** RMS distance of the latents from Heun's in many steps. */
    readonly fromHeun: number;
    /** RMS distance of the latents from DDIM's in many steps. */
    readonly fromDdim: number;
  }[];
}

/** Everything that was measured. */
export interface Comparison {
  readonly backend: string;
  readonly prompts: readonly string[];
  readonly seeds: readonly number[];
  readonly guidance: number;
  readonly budgets: readonly number[];
  readonly ddim: { readonly steps: number; readonly evaluations: number };
  readonly heun: { readonly steps: number; readonly evaluations: number };
  /** Distance of the two from each other. */
  readonly between: number;
  /** RMS of the latents themselves. */
  readonly scale: number;
  readonly distances: readonly Distances[];
}

/** Writes the page. */
export function comparisonPage(comparison: Comparison): string {
  const { budgets, ddim, heun, between, scale, distances } = comparison;
  const most = budgets.at(-1)!;
  const table = (of: (point: Distances["points"][number]) => number): string => {
    const rows = distances.filter(({ points }) => points.length > 0)
      .toSorted((a, b) => of(a.points.at(-1)!) - of(b.points.at(-1)!));
    return [
      `| sampler | ${budgets.map((budget) => `${budget}`).join(" | ")} | steps of ${most} |`,
      `|---|${budgets.map(() => "--:").join("|")}|--:|`,
      ...rows.map(({ name, points }) => {
        const cells = budgets.map((budget) => {
          const point = points.find((one) => one.budget === budget);
          return point === undefined ? "–" : of(point).toPrecision(3);
        });
        return `| ${name} | ${cells.join(" | ")} | ${points.at(-1)!.steps} |`;
      }),
    ].join("\n");
  };
  const nearest = budgets.map((budget) => {
    const reached = distances.flatMap(({ name, points }) =>
      points.flatMap((one) => one.budget === budget ? [{ name, distance: one.fromDdim }] : [])
    );
    const best = reached.reduce((a, b) => b.distance < a.distance ? b : a);
    return `${best.name} with ${budget} evaluations`;
  }).join(", ");
  return `<!-- deno-fmt-ignore-file -->
<!-- Made by bench/schedulers.ts of schedulers/comparison.json. -->

# Samplers compared on the embedded model

How far the latents are from those of DDIM in ${ddim.steps} steps, for how many evaluations of the network, of every sampler here
that draws no noise and is for networks like this one.

![Distance against evaluations](./schedulers/comparison.svg)

Nearest: ${nearest}.

${table(({ fromDdim }) => fromDdim)}

A column is a budget of evaluations: each sampler takes as many steps as it pays for, and the last column says how many these
are. A guided evaluation counts once. The distance is the root mean square over the last latents of all pictures, whose own root
mean square is ${scale.toPrecision(3)}.

- All start from the same noise at the noisiest timestep and end at a picture without noise (\`timestep_spacing\` trailing,
  \`set_alpha_to_one\`); all else is the model's own configuration. DEIS alone ends at the least noise level.
- The network predicts v, of which PLMS and PNDM mix several noise levels: that makes them first-order methods.
- A spread of noise levels matters as much as the solver: \`dpmpp-2m-karras\` stands for Karras' spread, all others have evenly
  spread timesteps.
${comparison.prompts.map((prompt, i) => `- "${prompt}", seed ${comparison.seeds[i]}`).join("\n")}
- Guidance ${comparison.guidance}; ${comparison.backend}

## How exact is the long run?

Heun's method in ${heun.steps} steps (${heun.evaluations} evaluations) ends ${
    between.toPrecision(3)
  } away from DDIM's ${ddim.steps}.
Distances below that say little about which sampler is nearer to the exact solution. From Heun's result:

${table(({ fromHeun }) => fromHeun)}

Measured by

    deno run -P=bench bench/schedulers.ts
`;
}

/** Draws the distances from DDIM's long run. */
export function comparisonChart({ budgets, distances }: Comparison): string {
  return lineChart({
    x: { label: "evaluations of the network", ticks: budgets, logarithmic: true },
    y: {
      label: "RMS distance of latents",
      ticks: [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      logarithmic: true,
    },
    lines: distances.map(({ name, points }) => ({
      name,
      points: points.map(({ evaluations, fromDdim }) => [evaluations, fromDdim] as const),
      marked: true,
    })),
    width: 680,
    height: 420,
  });
}
