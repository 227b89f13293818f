// deno-lint-ignore-file no-console
/**
 * What the WebGPU backend costs beside the device's own time: dispatches, host milliseconds a call, memory; for the embedded
 * model, and as a plan without a device for Stable Diffusion 1.5 at 512 pixels.
 *
 *     deno task bench:webgpu [--pictures 50]
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { DEFAULT_LIMITS } from "../backends/webgpu/kernel.ts";
import { planProgram } from "../backends/webgpu/plan_program.ts";
import { config } from "../formats/config_reader.ts";
import { f32, hostTensor, parameterCount, pipeline, webgpuBackend } from "../mod.ts";
import { networkReaders } from "../pipelines/networks/mod.ts";

/** The published configuration of Stable Diffusion 1.5's U-Net, where it differs from the class's defaults. */
const SD15 = { _class_name: "UNet2DConditionModel", cross_attention_dim: 768, sample_size: 64 };

function planStableDiffusion(): void {
  const unet = networkReaders.get("UNet2DConditionModel")!(config(SD15, "unet/config.json"));
  const graph = unet.methods.get("forward")!.graph({
    sample: f32(2, 4, 64, 64),
    timestep: f32(1),
    encoder_hidden_states: f32(2, 77, 768),
  });
  const start = performance.now();
  const { statistics } = planProgram(graph, {
    gpu: { limits: DEFAULT_LIMITS, software: false },
    constant: ["encoder_hidden_states"],
    precision: "f32",
  });
  console.log("Stable Diffusion 1.5, U-Net, batch 2 at 512 pixels (a plan, no device)");
  console.table({
    parameters: parameterCount(graph),
    nodes: graph.nodes.length,
    ...statistics,
    "planning ms": Math.round(performance.now() - start),
  });
}

/** Growth a picture of the process's memory, by least squares over the second half. */
function slope(sizes: readonly number[]): number {
  const late = sizes.slice(Math.floor(sizes.length / 2));
  const mean = (numbers: readonly number[]) =>
    numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const middle = (late.length - 1) / 2;
  const average = mean(late);
  const covariance = mean(late.map((size, at) => (at - middle) * (size - average)));
  return covariance / mean(late.map((_, at) => (at - middle) ** 2));
}

async function measureEmbedded(pictures: number): Promise<void> {
  await using backend = await webgpuBackend();
  await using generate = await pipeline("text-to-image", "shapes", { backend });
  const request = { prompt: "a red circle above a blue square", seed: 7 };
  await generate({ ...request, steps: 2 });
  const pipelines = backend.pipelines;
  await generate({ ...request, steps: 2, width: 96, height: 64 });
  const unet = await generate.model.component("unet");
  const specs = {
    sample: f32(2, 4, 16, 16),
    timestep: f32(1),
    encoder_hidden_states: f32(2, 77, 96),
  };
  const program = await unet.program(specs, {
    constant: ["encoder_hidden_states"],
    outputs: ["sample"],
  });
  using sample = backend.upload(hostTensor([2, 4, 16, 16], new Float32Array(2048).fill(0.1)));
  using text = backend.upload(hostTensor([2, 77, 96], new Float32Array(2 * 77 * 96).fill(0.1)));
  const inputs = { sample, timestep: hostTensor([1], [500]), encoder_hidden_states: text };
  const host: number[] = [];
  const whole: number[] = [];
  for (let at = 0; at < 12; at++) {
    const start = performance.now();
    const { sample: output } = program.run(inputs);
    host.push(performance.now() - start);
    await backend.settled();
    whole.push(performance.now() - start);
    output![Symbol.dispose]();
  }
  const median = (numbers: readonly number[]) =>
    numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
  const sizes: number[] = [];
  for (let at = 0; at < pictures; at++) {
    await generate({ ...request, steps: 2, seed: at });
    sizes.push(Deno.memoryUsage().rss / 1e6);
  }
  const statistics = "statistics" in program ? program.statistics as Record<string, number> : {};
  console.log(`shapes, U-Net call of batch 2, on ${backend.adapter.description}`);
  console.table({
    ...statistics,
    "host ms a call": median(host.slice(2)).toFixed(2),
    "call ms, waited for": median(whole.slice(2)).toFixed(1),
    "pipelines, first size": pipelines,
    "pipelines, second size": backend.pipelines - pipelines,
    "device memory peak, MB": (backend.memory().peak / 1e6).toFixed(1),
    [`memory growth a picture over ${pictures}, MB`]: slope(sizes).toFixed(3),
  });
}

if (import.meta.main) {
  const { pictures } = parseArgs(Deno.args, { string: ["pictures"], default: { pictures: "50" } });
  planStableDiffusion();
  await measureEmbedded(Number(pictures));
}
