/**
 * The page of `pixel_and_latent.ts`: counted and measured numbers as text and tables.
 *
 * @module
 */
import { foldMarkdown } from "./fold_markdown.ts";
import type {
  CountedModel,
  CountedStage,
  MeasuredComparison,
  PeakOfStage,
  Slots,
  TimedModel,
} from "./pixel_and_latent_measured.ts";

/** Writes the page. */
export function pixelAndLatentPage(measured: MeasuredComparison): string {
  return `${
    foldMarkdown(
      [
        intro(measured),
        sameNetwork(measured),
        paperNetworks(measured),
        times(measured),
        attention(measured),
        peaks(measured),
        again(),
      ].filter((part) => part !== "").join("\n\n"),
    )
  }\n`;
}

function intro({ steps }: MeasuredComparison): string {
  return `<!-- deno-fmt-ignore-file -->
<!-- Made by bench/pixel_and_latent.ts of pixel_and_latent/measured.json. -->

# Pixels and latents

Latent diffusion moves the denoiser from pixels to the latents of a first stage (Rombach et al. 2022, section 4.1). What that
saves: LDM-1 denoises pixels, LDM-4 latents of a fourth of the side, LDM-8 latents of an eighth. Weights are made up here, which
changes no cost, and nothing is said about quality.

A picture is ${steps} steps without guidance and, of latents, one decoding. A TFLOP is 10¹² operations of the traced graph; a
multiplication and the addition after it are two (\`graph/passes/flop_count.ts\` says what else counts). Memory is what a plan of
the WebGPU backend needs for intermediate results, the larger of U-Net and decoder, as they share it; weights come on top.`;
}

function sameNetwork({ same, steps }: MeasuredComparison): string {
  const [pixel, four, eight] = same;
  if (pixel === undefined || four === undefined || eight === undefined) return "";
  const ratios = pixel.sizes.map(({ pixels }) => {
    const [a, b] = [four, eight].map((model) =>
      ratioText(costRatio(pixel, model, { pixels, steps }))
    );
    return `${a} and ${b} at ${pixels}`;
  });
  const share = (model: CountedModel, pixels: number) => {
    const { decoder } = sizeAt(model, pixels);
    return percent(decoder!.flops / pictureFlops(model, { pixels, steps }));
  };
  const calls = (model: CountedModel) => {
    const { decoder, unet } = sizeAt(model, 256);
    return (decoder!.flops / unet.flops).toFixed(1);
  };
  return `## One U-Net in three places

The published unconditional U-Net for faces and bedrooms: 224 channels times 1, 2, 3 and 4, attention from half the side
downwards, ${
    millions(pixel.parameters)
  } million weights. LDM-4 has the first stage VQ-f4, LDM-8 has KL-f8.

${countedTable(same, steps)}

- A picture of pixels takes as many times the arithmetic of LDM-4's and of LDM-8's: ${
    ratios.join(", ")
  } pixels. Four times the
  pixels are four times the convolutions and sixteen times the attention, which is ${
    percent(attentionShare(pixel, 1024))
  } of LDM-1's call at 1024 pixels.
- Decoding costs as much as ${calls(four)} calls of LDM-4's U-Net and ${
    calls(eight)
  } of LDM-8's at 256 pixels: ${share(four, 256)} and ${
    share(eight, 256)
  } of a picture. What LDM-8 saves over LDM-4 is less than a U-Net call suggests.
- On latents it is the decoder that needs most memory. LDM-1 needs ${
    (memory(pixel, 256).bytes / memory(four, 256).bytes).toFixed(1)
  } times the memory of LDM-4 at 256 pixels.`;
}

function paperNetworks({ paper, steps }: MeasuredComparison): string {
  const [pixel, four, eight] = paper;
  if (pixel === undefined || four === undefined || eight === undefined) return "";
  const ratio = (model: CountedModel, pixels: number) =>
    ratioText(costRatio(pixel, model, { pixels, steps }));
  return `## The paper's own three

The paper compares networks of about as many weights, not the same one: on faces 192 channels times 1, 1, 2, 2, 4, 4 for pixels,
224 times 1, 2, 3, 4 for LDM-4 and 256 times 1, 2, 4 for LDM-8 (${
    paper.map(({ parameters }) => millions(parameters)).join(", ")
  } million weights), all with attention where 256 pixels have become
32 or fewer. LDM-8's first stage is VQ-f8.

${countedTable(paper, steps)}

Without attention at large sizes LDM-1 is ${ratio(four, 256)} times LDM-4 and ${
    ratio(eight, 256)
  } times LDM-8 at 256 pixels, and ${ratio(four, 512)} and ${ratio(eight, 512)} at 512. The paper
measured 3.7 times at 256 pixels and 4.9 at 512 between LDM-1 and LDM-4 (its table 6: samples a second of inpainting
models, VQ-f4 with attention; steps are not stated).`;
}

function times({ times, timesOn, steps }: MeasuredComparison): string {
  if (times.length === 0) return "";
  const { cores, load, threads } = timesOn;
  const seconds = ({ picture, steps: drawn }: TimedModel) => picture * steps / drawn;
  const flops = ({ unet, decoder }: TimedModel) => steps * unet.flops + (decoder?.flops ?? 0);
  const rows = times.map((each) => {
    const { name, pixels, unet, decoder, steps: drawn } = each;
    const first = times.find((other) => other.pixels === pixels)!;
    return [
      String(pixels),
      name,
      milliseconds(unet.seconds),
      (unet.flops / 1e9).toPrecision(3),
      (unet.flops / unet.seconds / 1e9).toFixed(1),
      decoder === null ? "–" : milliseconds(decoder.seconds),
      `${drawn === steps ? "" : "≈ "}${seconds(each).toFixed(1)} s`,
      ratioText(seconds(first) / seconds(each)),
      ratioText(flops(first) / flops(each)),
    ];
  });
  const short = times.filter(({ steps: drawn }) => drawn !== steps).map((each) =>
    `${each.name} at ${each.pixels} pixels was drawn in ${each.steps} steps, ${
      each.picture.toFixed(1)
    } s, and is scaled to ${steps}.`
  ).join(" ");
  const rates = times.map(({ unet }) => unet.flops / unet.seconds / 1e9);
  return `## Measured

The same U-Net a seventh as wide (32 channels), the first stages an eighth (16), drawn by the pipeline on \`onnxruntime\` with
${
    threads === 1
      ? "one thread"
      : `${threads} threads`
  } on a machine of ${cores} cores, whose load was ${load.toFixed(1)} before. ${short}

${
    table([
      [
        "pixels",
        "model",
        "U-Net call",
        "GFLOP",
        "GFLOP/s",
        "decoder",
        `picture, ${steps} steps`,
        "LDM-1 / it",
        "counted",
      ],
      ...rows,
    ])
  }

Time is not all arithmetic: U-Net calls do ${Math.min(...rates).toFixed(1)} to ${
    Math.max(...rates).toFixed(1)
  } GFLOP a second, so that measured ratios are not the counted ones (last column).`;
}

/** Positions that attend in the middle of a first stage, squared, as f32. */
function scoreBytes(stage: string, pixels: number): number {
  const factor = stage.endsWith("f8") ? 8 : 4;
  return 4 * (pixels / factor) ** 4;
}

function attention({ stages }: MeasuredComparison): string {
  if (stages.length === 0) return "";
  const pixels = stages[0]!.sizes.map(({ pixels }) => pixels);
  const scores = [...new Set(stages.map(({ name }) => name))].map((name) => [
    `${label(name)}: one matrix of scores`,
    ...pixels.map((side) => megabytes(scoreBytes(name, side))),
  ]);
  const rows = stages.flatMap(({ name, method, sizes }) =>
    ([
      ["without attention", "without"],
      ["with, scores not stored", "streamed"],
      ["with, scores stored", "stored"],
    ] as const).map(([text, key]) => [
      `${label(name)}, ${method}r, ${text}`,
      ...sizes.map((size) => megabytes(size[key].bytes) + mark(size[key])),
    ])
  );
  return `## Attention in the first stage

KL-f8 and VQ-f4 attend once, in the middle of encoder and decoder, with one head: n² scores for n = (side / f)²
positions. \`mid_block_add_attention: false\` leaves that out, as VQ-f4-noattn does. The WebGPU backend never stores scores (keys
stream by each query), the reference backend keeps one row of them. ONNX has them as a tensor, and softmax of them as another, which a runtime may put in its place.
MB of intermediate results, planned for WebGPU, side in pixels; the last row of each three is the same plan with attention spelled
out:

${table([["", ...pixels.map(String)], ...scores, ...rows])}

${STAR}

- With scores that are not stored, attention adds ${attentionCost(stages)} to the memory.
- Where they are stored, VQ-f4's decoder needs ${growth(stages, ["vq-f4", "decode", 512])} times the
  memory that it needs without attention at 512 pixels and ${
    growth(stages, ["vq-f4", "decode", 1024])
  } times at 1024. In KL-f8, with a
  quarter of the positions, it is ${
    growth(stages, ["kl-f8", "decode", 1024])
  } and, in the encoder, ${
    growth(stages, ["kl-f8", "encode", 1024])
  } times at 1024 pixels: its levels of full size need more than the scores do, or nearly.`;
}

/** From the least to the most that attention adds if its scores are not stored. */
function attentionCost(stages: readonly CountedStage[]): string {
  const shares = stages.flatMap(({ sizes }) =>
    sizes.map(({ streamed, without }) => streamed.bytes / without.bytes - 1)
  );
  return `${percent(Math.min(...shares))} to ${percent(Math.max(...shares))}`;
}

/** Memory with stored scores as a multiple of that without attention. */
function growth(
  stages: readonly CountedStage[],
  [stage, way, side]: readonly [stage: string, way: "decode" | "encode", pixels: number],
): string {
  const { sizes } = stages.find(({ name, method }) => name === stage && method === way)!;
  const { stored, without } = sizes.find(({ pixels }) => pixels === side)!;
  return ratioText(stored.bytes / without.bytes);
}

function peaks({ peaks }: MeasuredComparison): string {
  if (peaks.length === 0) return "";
  const cell = (run: PeakOfStage | undefined): string =>
    run === undefined ? "–" : run.problem === undefined ? megabytes(run.peak) : "fails";
  const alike = (run: PeakOfStage, other: PeakOfStage) =>
    run.pixels === other.pixels && run.stage === other.stage && run.method === other.method;
  const rows = peaks.filter((run) => peaks.find((other) => alike(run, other)) === run).map(
    (run) => {
      const { pixels, channels, stage, method } = run;
      const both = [false, true].map((attention) =>
        peaks.find((other) => alike(run, other) && other.attention === attention)
      );
      const coded = stage.startsWith("vq") && method === "decode";
      return [
        String(pixels),
        String(channels),
        `${label(stage)} ${method === "encode" ? "encoder" : "decoder"}${
          coded ? " behind its codes" : ""
        }`,
        megabytes(scoreBytes(stage, pixels)),
        ...both.map(cell),
      ];
    },
  );
  const [plain, attending] = [false, true].map((attention) =>
    peaks.find((run) =>
      run.pixels === 512 && run.method === "decode_unquantized" && run.attention === attention
    )
  );
  const added = plain === undefined || attending === undefined
    ? ""
    : `- At 512 pixels attention adds ${
      megabytes(attending.peak - plain.peak)
    } MB to VQ-f4's decoder. Where scores are small beside the levels of full size, it adds little.
`;
  return `## Measured peaks

One run of a first stage on \`onnxruntime\`, each in a process of its own: its largest resident memory in MB, weights and the
runtime included. Larger pictures are of narrower networks (channels of the first level; published are 128), so that a run takes a
minute; scores do not depend on the width.

${
    table([
      ["pixels", "channels", "first stage", "scores", "without attention", "with"],
      ...rows,
    ])
  }

${added}- Scores of more than 1,074 MB, as VQ-f4's at 768 pixels, are not there at once: some queries are answered at a time.${
    peaks.some(({ problem }) => problem !== undefined)
      ? " Where it fails all the same, WebAssembly's 4 GB do not suffice."
      : ""
  }
- "Behind its codes": VQ-f4's decoder first puts the nearest of 8,192 codes at each position. Distances
  are computed for 128 codes at a time; all at once would be ${
    megabytes(4 * 8192 * (512 / 4) ** 2)
  } MB at 512 pixels, several
  times.`;
}

function again(): string {
  return `## Again

    deno run -P=bench bench/pixel_and_latent.ts --counts    # seconds
    deno run -P=bench bench/pixel_and_latent.ts --times     # three minutes
    deno run -P=bench bench/pixel_and_latent.ts --peaks     # a quarter of an hour`;
}

function countedTable(models: readonly CountedModel[], steps: number): string {
  const pixels = models[0]!.sizes.map(({ pixels }) => pixels);
  const rows = pixels.flatMap((side) =>
    models.map((model) => {
      const { unet, decoder } = sizeAt(model, side);
      return [
        String(side),
        model.name,
        tera(unet.flops),
        percent(unet.attention / unet.flops),
        decoder === null ? "–" : tera(decoder.flops),
        tera(pictureFlops(model, { pixels: side, steps })),
        ratioText(costRatio(models[0]!, model, { pixels: side, steps })),
        `${megabytes(memory(model, side).bytes)} MB${mark(memory(model, side))}`,
      ];
    })
  );
  return `${
    table([
      [
        "pixels",
        "model",
        "U-Net call, TFLOP",
        "of it attention",
        "decoder, TFLOP",
        "picture, TFLOP",
        "LDM-1 / it",
        "memory",
      ],
      ...rows,
    ])
  }

${STAR}`;
}

const STAR =
  "\\*: a tensor is larger than 256 MiB, which a device of WebGPU's default limits cannot hold in a buffer.";

function sizeAt(model: CountedModel, pixels: number): CountedModel["sizes"][number] {
  return model.sizes.find((size) => size.pixels === pixels)!;
}

/** A picture of so many pixels a side in so many steps. */
interface Picture {
  readonly pixels: number;
  readonly steps: number;
}

function pictureFlops(model: CountedModel, { pixels, steps }: Picture): number {
  const { unet, decoder } = sizeAt(model, pixels);
  return steps * unet.flops + (decoder?.flops ?? 0);
}

function costRatio(model: CountedModel, other: CountedModel, picture: Picture): number {
  return pictureFlops(model, picture) / pictureFlops(other, picture);
}

function attentionShare(model: CountedModel, pixels: number): number {
  const { unet } = sizeAt(model, pixels);
  return unet.attention / unet.flops;
}

/** The larger of U-Net and decoder: they share slots. */
function memory(model: CountedModel, pixels: number): Slots {
  const { unet, decoder } = sizeAt(model, pixels);
  return decoder === null || unet.slots.bytes > decoder.slots.bytes ? unet.slots : decoder.slots;
}

/** The largest buffer of a device with WebGPU's default limits. */
const DEFAULT_BUFFER = 2 ** 28;

const mark = ({ largest }: Slots): string => largest > DEFAULT_BUFFER ? "*" : "";
const label = (stage: string): string => stage.replace(/^\w+/, (name) => name.toUpperCase());
/** Three digits that count. */
const tera = (flops: number): string =>
  flops < 1e15
    ? (flops / 1e12).toPrecision(3)
    : (flops / 1e12).toLocaleString("en", { maximumSignificantDigits: 3 });
const millions = (count: number): string => (count / 1e6).toFixed(0);
const milliseconds = (seconds: number): string =>
  `${Math.round(1000 * seconds).toLocaleString("en")} ms`;
const megabytes = (bytes: number): string => Math.round(bytes / 1e6).toLocaleString("en");
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
/** To a tenth where that says something. */
const ratioText = (ratio: number): string => ratio.toFixed(ratio < 10 ? 1 : 0);

function table(rows: readonly (readonly string[])[]): string {
  const [head, ...rest] = rows;
  const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  return [line(head!), `|${head!.map((_, at) => at === 0 ? "---" : "--:").join("|")}|`]
    .concat(rest.map(line)).join("\n");
}
