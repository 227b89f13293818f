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
  return `<!-- deno-fmt-ignore-file -->
<!-- Made by bench/schedulers.ts of schedulers/comparison.json. -->

# Samplers compared on the embedded model

Distance from the exact solution of the probability flow, for how many evaluations of the network, of every sampler here that
draws no noise and is for networks like this one.

![Distance against evaluations](./schedulers/comparison.svg)

All start from the same noise at the noisiest timestep and end at a picture without noise (\`timestep_spacing\` trailing,
\`set_alpha_to_one\`); all else is the model's own configuration. Prompts: ${
    comparison.prompts.map((prompt, i) => `"${prompt}" (seed ${comparison.seeds[i]})`).join(", ")
  }; guidance ${comparison.guidance}; backend: ${comparison.backend}. The distance is the root mean square over the last latents of
all pictures, whose own root mean square is ${
    scale.toPrecision(3)
  }. A column is a budget of evaluations: each sampler takes as many
steps as it pays for, and the last column says how many these are. A guided evaluation counts once.

## Distance from Heun's method in ${heun.steps} steps (${heun.evaluations} evaluations)

${table(({ fromHeun }) => fromHeun)}

## Distance from DDIM in ${ddim.steps} steps

DDIM is of first order; its ${ddim.steps} steps are ${
    between.toPrecision(3)
  } away from Heun's ${heun.steps}. No distance in this
table says much once it is near that.

${table(({ fromDdim }) => fromDdim)}

Measured by

    deno run -P=bench bench/schedulers.ts
`;
}

/** Draws the distances from Heun's long run. */
export function comparisonChart({ budgets, distances }: Comparison): string {
  return lineChart({
    x: { label: "evaluations of the network", ticks: budgets, logarithmic: true },
    y: {
      label: "RMS distance of latents",
      ticks: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      logarithmic: true,
    },
    lines: distances.map(({ name, points }) => ({
      name,
      points: points.map(({ evaluations, fromHeun }) => [evaluations, fromHeun] as const),
      marked: true,
    })),
    width: 680,
    height: 420,
  });
}
