/**
 * The page of `classification.ts`: measured numbers as text and tables.
 *
 * @module
 */
import {
  type BenchmarkName,
  CLASSIFICATION_PRESETS,
  countEvaluations,
  eliminationStages,
} from "../mod.ts";

/** Right answers of a way to decide. */
export interface Decision {
  /** Scenes that were answered right. */
  readonly right: number;
  /** Evaluations of the denoiser for a scene. */
  readonly evaluations: number;
}

/** How one question went. */
export interface MeasuredQuestion {
  readonly kind: string;
  /** Answers to choose from. */
  readonly labels: number;
  readonly scenes: number;
  /** At t = 500 alone. */
  readonly single: Decision;
  readonly few: Decision;
  readonly stages: Decision;
  readonly every: Decision;
  /** Median time of a scene at every timestep. */
  readonly seconds: number;
}

/** How long a backend took. */
export interface BackendTime {
  readonly backend: string;
  /** Of a scene. */
  readonly evaluations: number;
  /** Seconds of the first scene, compiling included. */
  readonly first: number;
  /** Seconds of a later one, the faster of two. */
  readonly seconds: number;
}

/** Everything that was measured. */
export interface MeasuredClassification {
  readonly backend: string;
  readonly cores: number;
  readonly timesteps: number;
  readonly questions: readonly MeasuredQuestion[];
  readonly times: readonly BackendTime[];
}

/** The paper's accuracies with Stable Diffusion 2.0 (Li et al. 2023, table 2), in percent. */
const PAPER: Readonly<Record<BenchmarkName, number>> = {
  food101: 77.7,
  cifar10: 88.5,
  aircraft: 26.4,
  pets: 87.3,
  flowers102: 66.3,
  stl10: 95.4,
  imagenet: 61.4,
  objectnet: 43.4,
};

/** Writes the page. */
export function classificationPage(measured: MeasuredClassification): string {
  return `${
    [
      intro(),
      accuracies(measured),
      times(measured),
      notShown(),
      winoground(),
    ].join("\n\n")
  }\n`;
}

function intro(): string {
  return `<!-- deno-fmt-ignore-file -->
<!-- Made by bench/classification.ts of classification/measured.json. -->

# Classification

A text-to-image model tells what a picture shows: each label's prompt is given to the denoiser, and the
label that lets it tell the added noise best wins (Diffusion Classifier, Li et al. 2023). All labels
share noise and timesteps; labels that do badly are left out after a few.

    denoise classify photo.jpg --labels cat,dog,boat --template "a photo of a {}."
    denoise evaluate FOLDER --preset pets

\`\`\`ts
import { type Picture, pipeline } from "@denoise/denoise";

await using classify = await pipeline("zero-shot-image-classification", "shapes");
// From a file: await decodePicture(await Deno.readFile("scene.png"))
const image: Picture = { width: 32, height: 32, channels: 3, data: new Uint8Array(3072).fill(99) };
const { label, labels } = await classify({
  image,
  labels: ["circle", "star", "heart"],
  template: "a red {}",
  nSamples: [5, 25],
  toKeep: [2, 1],
});
\`\`\`

A score is the softmax of the negative mean error. Errors are means over a latent's numbers and differ
little, so scores do too; the paper's equation has sums: \`temperature\` 1 / (c h w) gives those.`;
}

function accuracies({ questions, timesteps, backend }: MeasuredClassification): string {
  const scenes = questions[0]?.scenes ?? 0;
  const cell = ({ right, evaluations }: Decision, of: number) =>
    `${(100 * right / of).toFixed(0)} % (${evaluations})`;
  const rows = questions.map((each) => [
    each.kind,
    String(each.labels),
    `${(100 / each.labels).toFixed(0)} %`,
    cell(each.single, each.scenes),
    cell(each.few, each.scenes),
    cell(each.stages, each.scenes),
    cell(each.every, each.scenes),
  ]);
  return `## What the embedded model gets right

${scenes} scenes a question, drawn anew, 128 pixels a side, on ${backend}: the shape and the colour of one
thing, and which of two things is above, below, left or right of the other. Right answers, and in
brackets evaluations of the denoiser a scene:

${
    table([
      [
        "question",
        "labels",
        "chance",
        "t = 500",
        "5 timesteps",
        "5, then 25",
        `${timesteps} timesteps`,
      ],
      ...rows,
    ])
  }

"5, then ${timesteps}" leaves all but three labels out after five timesteps. All columns are decided from
the same errors; 1.96 standard errors are ten points at 50 %, six at 90 %.

    deno run -P=bench bench/classification.ts`;
}

function times({ times, cores, questions, backend }: MeasuredClassification): string {
  const perScene = questions.map(({ kind, seconds, every }) =>
    `${kind} ${seconds.toFixed(1)} s (${every.evaluations})`
  ).join(", ");
  return `## How long it takes

A scene with two labels at 25 timesteps, on ${cores} cores of a machine without a GPU; WebGPU is a software
driver there (llvmpipe):

${
    table([
      ["backend", "evaluations", "first scene", "a later one", "an evaluation"],
      ...times.map(({ backend, evaluations, first, seconds }) => [
        backend,
        String(evaluations),
        `${first.toFixed(1)} s`,
        `${seconds.toFixed(1)} s`,
        `${(1000 * seconds / evaluations).toFixed(0)} ms`,
      ]),
    ])
  }

In the run above the median scene took, on ${backend} and as loaded as the machine was then: ${perScene}.

    deno run -P=bench bench/classification.ts --times reference,onnxruntime,webgpu`;
}

function notShown(): string {
  const rows = (Object.keys(CLASSIFICATION_PRESETS) as BenchmarkName[]).map((name) => {
    const preset = CLASSIFICATION_PRESETS[name];
    const { classes: prompts, nSamples, toKeep, loss, metric } = preset;
    const stages = eliminationStages({ ...preset, trials: 1 }, { trainTimesteps: 1000 });
    const evaluations = countEvaluations(stages, { prompts, trials: 1 });
    return [
      `\`${name}\``,
      String(prompts),
      nSamples.join(" "),
      toKeep.join(" "),
      loss,
      evaluations.toLocaleString("en"),
      `${PAPER[name]} %`,
      metric,
    ];
  });
  return `## What is not shown

The paper's tables need Stable Diffusion's weights and eight data sets; none of them is here, so none of
its numbers has been reproduced. What has been checked: the stages against the authors' program (each
preset's evaluations are counted in a test), errors and eliminations against PyTorch with small
models, and answers of the embedded model against diffusers (\`denoise conform\`). With weights and
pictures at hand, these are the authors' settings:

${
    table([
      ["preset", "classes", "timesteps", "kept", "loss", "evaluations", "paper", "which is the"],
      ...rows,
    ])
  }

    denoise evaluate PICTURES --preset pets --prompts pets_prompts.csv \\
      -m hf:stabilityai/stable-diffusion-2-base --size 512 --shard 1/4 --results pets-1.jsonl
    denoise evaluate --merge pets-1.jsonl pets-2.jsonl pets-3.jsonl pets-4.jsonl

PICTURES has a folder for each class, named as the table's classname, or is a table of images and labels.
The same command goes on after whatever ended it. An evaluation of Stable Diffusion at 512 pixels is
about 400 billion multiplications; at \`--size 256\` a fifth of that.`;
}

function winoground(): string {
  return `## Winoground

\`winogroundExample\` evaluates two pictures with two captions and scores them as the benchmark does: text
(each picture prefers its caption), image (each caption its picture) and both. Some pictures are likely
whatever the caption, which spoils the image score, as the authors' code notes; the normalised one
compares p(caption | picture) instead, over the two captions and any references. The paper's text
score, 38.5 % with Stable Diffusion 2.0, took all 1000 timesteps: 4,000 evaluations an example.
The data set is not here, and no score of it has been computed.`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, at) => Math.max(3, ...rows.map((row) => row[at]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  const [head, ...rest] = rows;
  return [line(head!), line(widths.map((width) => "-".repeat(width))), ...rest.map(line)].join(
    "\n",
  );
}
