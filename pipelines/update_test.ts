import { assert, assertEquals } from "@std/assert";
import { referenceBackend } from "../backends/reference/backend.ts";
import { concat, mul, unary } from "../graph/ops/mod.ts";
import { f32, hostTensor, sizeOf } from "../graph/tensor_spec.ts";
import { trace } from "../graph/trace.ts";
import { TorchGenerator } from "../random/torch_generator.ts";
import { scheduler } from "../schedulers/scheduler.ts";
import { simulate } from "../schedulers/simulate.ts";
import { Arithmetic } from "./arithmetic.ts";
import { denoise } from "./denoise.ts";

const SHAPE = [2, 2, 4, 4];

/** What stands in for a network multiplies by this; where variance is learned, tanh makes a second half of channels. */
const factorAt = (timestep: number): number => 0.3 + 0.2 * Math.sin(timestep);

/** Class, configuration, plan options: each needs another feature of a row. */
const PLANS: readonly (readonly [
  name: string,
  config: Record<string, unknown>,
  steps: number,
  options?: Record<string, number>,
])[] = [
  ["DDIM with clipping", { _class_name: "DDIMScheduler" }, 5],
  ["DDIM with fresh noise", { _class_name: "DDIMScheduler", clip_sample: false }, 4, {
    eta: 0.7,
  }],
  ["DDIM with thresholding", {
    _class_name: "DDIMScheduler",
    clip_sample: false,
    thresholding: true,
  }, 4],
  ["PNDM with Runge-Kutta", { _class_name: "PNDMScheduler" }, 5],
  ["PLMS", { _class_name: "PNDMScheduler", skip_prk_steps: true }, 6],
  ["Euler", { _class_name: "EulerDiscreteScheduler" }, 5],
  ["DDPM", { _class_name: "DDPMScheduler" }, 4],
  [
    "DDPM with learned variance",
    { _class_name: "DDPMScheduler", variance_type: "learned_range" },
    4,
  ],
  ["Euler ancestral", { _class_name: "EulerAncestralDiscreteScheduler" }, 4],
  ["DPM-Solver++ 2M", { _class_name: "DPMSolverMultistepScheduler" }, 6],
  ["Heun", { _class_name: "HeunDiscreteScheduler" }, 4],
  ["UniPC", { _class_name: "UniPCMultistepScheduler" }, 5],
  ["LCM", { _class_name: "LCMScheduler" }, 4],
  ["DPM-Solver SDE", { _class_name: "DPMSolverSDEScheduler" }, 4],
  ["RePaint", { _class_name: "RePaintScheduler" }, 8, { jumpLength: 2, jumpNSample: 3 }],
];

/** Kept in the left half, in part at the seam. [2, 1, 4, 4] */
const MASK = Float32Array.from({ length: 32 }, (_, at) => [1, 0.75, 0, 0][at % 4]!);

/** Where a trajectory starts, and what is known beforehand. */
const STARTS = ["noise", "picture", "known region"] as const;

for (const start of STARTS) {
  for (const [name, config, steps, options] of PLANS) {
    if (start === "picture" && name === "RePaint") continue;
    Deno.test(`the loop on tensors does what simulate does on numbers: ${name} from ${start}`, () =>
      compare({ start, config, steps, options: options ?? {} }));
  }
}

async function compare(
  { start, config, steps, options }: {
    readonly start: typeof STARTS[number];
    readonly config: Record<string, unknown>;
    readonly steps: number;
    readonly options: Record<string, number>;
  },
): Promise<void> {
  const plan = scheduler(config).plan(steps, options);
  const doubled = config.variance_type === "learned_range";
  const model = (input: Float32Array, timestep: number): Float32Array => {
    const factor = Math.fround(factorAt(timestep));
    const output = new Float32Array(input.length * (doubled ? 2 : 1));
    const half = input.length / SHAPE[0]!;
    for (let at = 0; at < input.length; at++) {
      const to = doubled ? at + Math.floor(at / half) * half : at;
      output[to] = input[at]! * factor;
      if (doubled) output[to + half] = Math.tanh(input[at]!);
    }
    return output;
  };
  const noise = new TorchGenerator(3).randn(sizeOf(SHAPE)) as Float32Array<ArrayBuffer>;
  const draws = () => {
    const generator = new TorchGenerator(4);
    return () => generator.randn(sizeOf(SHAPE));
  };
  const draw = draws();
  const image = new TorchGenerator(5).randn(sizeOf(SHAPE)) as Float32Array<ArrayBuffer>;
  const ownNoise = () => new TorchGenerator(6).randn(sizeOf(SHAPE));
  const { signal, noise: share } = plan.start;
  const rows = simulate(plan, {
    shape: SHAPE,
    sample: start === "picture"
      ? noise.map((x, at) => signal * image[at]! + share * x)
      : noise.map((x) => x * plan.initialScale),
    model,
    draw: () => draw(),
    ...(start === "known region" && {
      known: {
        image,
        mask: Float32Array.from(
          { length: sizeOf(SHAPE) },
          (_, at) => MASK[Math.floor(at / 32) * 16 + at % 16]!,
        ),
        startNoise: noise,
        ownNoise,
      },
    }),
  });
  await using backend = referenceBackend();
  using arithmetic = new Arithmetic(backend);
  const network = await arithmetic.program("network", () =>
    trace(({ x, scale, factor }) => {
      const input = mul(x, scale);
      const output = mul(input, factor);
      return { output: doubled ? concat([output, unary("tanh", input)], { axis: 1 }) : output };
    }, { x: f32(...SHAPE), scale: f32(), factor: f32() }));
  const seen: Float32Array[] = [];
  using sample = await denoise(plan, {
    backend,
    start: start === "picture"
      ? { image: hostTensor(SHAPE, image), noise: hostTensor(SHAPE, noise) }
      : { noise: hostTensor(SHAPE, noise) },
    ...(start === "known region" && {
      known: {
        image: hostTensor(SHAPE, image),
        mask: hostTensor([2, 1, 4, 4], MASK),
        startNoise: hostTensor(SHAPE, noise),
        draw: ownNoise,
      },
    }),
    evaluate: (x, { timestep, inputScale }) =>
      network.run({
        x,
        scale: hostTensor([], [inputScale]),
        factor: hostTensor([], [factorAt(timestep)]),
      }).output!,
    draw: draws(),
    compileUpdate: (key, build) => arithmetic.program(key, build),
    listener: async ({ sample }) => {
      seen.push((await sample.read()).data as Float32Array);
    },
  });
  assertEquals(sample.spec.shape, SHAPE);
  assertEquals(seen.length, rows.length);
  rows.forEach((row, at) => {
    const largest = Math.max(...row.sample.map(Math.abs));
    row.sample.forEach((expected, index) => {
      // Each op of the graph rounds to float32 once; a row is a sum of fewer than ten products.
      const difference = Math.abs(seen[at]![index]! - expected);
      assert(
        difference <= 4e-6 * largest,
        `row ${at}, element ${index}: ${seen[at]![index]}, not ${expected}`,
      );
    });
  });
}
