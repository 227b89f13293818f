/**
 * Networks against diffusers: each option of their configurations, whole models, and the sizes of published ones.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertInstanceOf, assertLess } from "@std/assert";
import { referenceBackend } from "../backends/reference/backend.ts";
import { judge } from "../conformance/comparison.ts";
import { runComponentCase } from "../conformance/component_cases.ts";
import { type GoldenCase, parseGoldenCase } from "../conformance/golden_case.ts";
import { conform, type ConformReport } from "../conformance/run.ts";
import { config } from "../formats/config_reader.ts";
import { memoryFiles } from "../formats/file_source.ts";
import type { JsonObject } from "../formats/json.ts";
import { ModelError } from "../formats/model_error.ts";
import { openComponent } from "../formats/model_folder.ts";
import type { Graph } from "../graph/graph.ts";
import { f32, type HostTensor, i32 } from "../graph/tensor_spec.ts";
import { unet2dConditionInputs } from "../models/unet_2d_condition_inputs.ts";
import { Component } from "../pipelines/component.ts";
import { networkReaders } from "../pipelines/networks/mod.ts";
import type { InputSpecs, Network } from "../pipelines/networks/network.ts";
import { readUNet2DConditionConfig } from "../pipelines/networks/unet_2d_condition.ts";
import { optionWeights, summariseParameters } from "./option_cases.ts";

const OPTIONS = new URL("goldens/components/options/", import.meta.url);

/** The network of a configuration, by its class. */
function networkOf(json: JsonObject, path: string): Network {
  return networkReaders.get(json._class_name as string)!(config(json, path));
}

function inputsOf({ tensors }: GoldenCase): Record<string, HostTensor> {
  return Object.fromEntries(
    [...tensors].filter(([name]) => name.startsWith("input."))
      .map(([name, tensor]) => [name.slice("input.".length), tensor]),
  );
}

/** The method and the inputs' specs of a case: all there are, so that its graph has all weights. */
function methodOf({ settings }: GoldenCase, inputs: InputSpecs): readonly [string, InputSpecs] {
  const { image, latents, ...others } = inputs;
  if (image !== undefined) return ["encode", { ...others, x: image }];
  if (latents !== undefined) return ["decode", { z: latents }];
  const width = (settings.config as JsonObject).time_cond_proj_dim;
  if (typeof width !== "number") return ["forward", inputs];
  return ["forward", { ...inputs, timestep_cond: f32(inputs.sample!.shape[0]!, width) }];
}

async function runOptionCase(file: string): Promise<void> {
  const golden = parseGoldenCase(await Deno.readFile(new URL(file, OPTIONS)));
  const network = networkOf(golden.settings.config as JsonObject, file);
  const [method, specs] = methodOf(golden, inputsOf(golden));
  const source = optionWeights([network.methods.get(method)!.graph(specs)]);
  assertEquals(summariseParameters(source), golden.settings.parameters, "parameters");
  await using backend = referenceBackend();
  const parameters = await backend.load(source);
  using component = new Component(file, {
    network,
    parameters,
    compile: (graph, { constant }) => backend.compile(graph, parameters, { constant }),
  });
  const { passed, worst } = judge(await runComponentCase(golden, { component, exact: true }));
  assert(worst !== undefined, "something is compared");
  assert(passed, `${worst.name} at ${worst.index}: ${worst.difference}, bound ${worst.bound}`);
}

Deno.test("every option of a configuration computes what diffusers computes", async (t) => {
  const files = await Array.fromAsync(Deno.readDir(OPTIONS), ({ name }) => name);
  assertGreater(files.length, 60);
  for (const file of files.toSorted()) await t.step(file, () => runOptionCase(file));
});

/** Golden files in the working copy's neighbourhood, where they are at all. */
const SHARED = new URL("../../shared/", import.meta.url);
const present = (path: string): boolean => {
  try {
    return Deno.statSync(new URL(path, SHARED)).isDirectory;
  } catch {
    return false;
  }
};

async function conformComponents(root: URL): Promise<ConformReport> {
  await using backend = referenceBackend();
  const report = await conform(root, { backend, exact: true, groups: ["components"] });
  const failed = report.cases.filter(({ status }) => status === "failed");
  assertEquals(failed.map(({ file, detail }) => `${file}: ${detail}`), []);
  return report;
}

Deno.test("a whole model of a folder computes what diffusers computes", async () => {
  const report = await conformComponents(new URL("goldens/", import.meta.url));
  // The folder of options is another test's.
  assertEquals(report.passed, 8);
});

Deno.test({
  name: "all golden components are computed as diffusers computes them",
  ignore: !present("goldens/components"),
  fn: async () => {
    const report = await conformComponents(new URL("goldens/", SHARED));
    assertGreater(report.passed, 60);
  },
});

/** Parameters of published models: of the U-Net, the first stage, the text encoder that is ours to build here. */
const PARAMETER_COUNTS: Readonly<Record<string, number>> = {
  "ldm-text2im-large-256/bert": 542_895_360,
  "ldm-text2im-large-256/unet": 872_300_484,
  "ldm-text2im-large-256/vqvae": 83_653_863,
  "sd-v1-4/unet": 859_520_964,
  "sd-v1-4/vae": 83_653_863,
  "sd-v1-5-inpainting/unet": 859_535_364,
  "sd-v1-5-inpainting/vae": 83_653_863,
  "sd-v2-1-base/unet": 865_910_724,
  "sd-v2-1-base/vae": 83_653_863,
  "sd-v2-1/unet": 865_910_724,
  "sd-v2-1/vae": 83_653_863,
  "sd-v2-inpainting/unet": 865_925_124,
  "sd-v2-inpainting/vae": 83_653_863,
  "sd-x4-upscaler/unet": 473_398_020,
  "sd-x4-upscaler/vae": 55_325_927,
  "sdxl-base/unet": 2_567_463_684,
  "sdxl-base/vae": 83_653_863,
};

/** The graphs of all methods of a network at its usual size. */
function graphsOf(json: JsonObject, path: string): readonly Graph[] {
  const network = networkOf(json, path);
  const graph = (method: string, specs: InputSpecs) => network.methods.get(method)!.graph(specs);
  switch (json._class_name) {
    case "UNet2DConditionModel": {
      const read = readUNet2DConditionConfig(config(json, path));
      const sizes = { batch: 2, height: 64, width: 64, tokens: 77 };
      return [graph("forward", unet2dConditionInputs(read, sizes))];
    }
    case "AutoencoderKL":
      return [
        graph("encode", { x: f32(1, json.in_channels as number, 512, 512) }),
        graph("decode", { z: f32(1, json.latent_channels as number, 64, 64) }),
      ];
    default:
      return [graph("forward", { input_ids: i32(2, 77) })];
  }
}

Deno.test({
  name: "published configurations have their models' numbers of parameters",
  ignore: !present("data/hub"),
  fn: async (t) => {
    for (const [path, count] of Object.entries(PARAMETER_COUNTS)) {
      await t.step(path, () => {
        const file = new URL(`data/hub/${path}/config.json`, SHARED);
        const json = JSON.parse(Deno.readTextFileSync(file));
        const named = path.endsWith("/bert") ? { _class_name: "LDMBertModel", ...json } : json;
        const start = performance.now();
        const { elements } = summariseParameters(optionWeights(graphsOf(named, path)));
        assertEquals(elements, count);
        assertLess(performance.now() - start, 5000);
      });
    }
  },
});

interface HostileCase {
  readonly file: string;
  readonly format: string;
  readonly expect: "accept" | "reject";
  readonly why: string;
  readonly mention?: readonly string[];
  readonly optional?: boolean;
}

/** Opens a configuration as that of a folder, and builds its network at the smallest size that all levels halve. */
async function buildUNet(bytes: Uint8Array): Promise<void> {
  const files = memoryFiles(new Map([["config.json", bytes]]), "unet");
  const options = { name: "unet", className: "UNet2DConditionModel" };
  const component = await openComponent(files, options);
  const read = readUNet2DConditionConfig(component.readConfig());
  const sizes = { batch: 1, height: 8, width: 8, tokens: 2 };
  const network = networkReaders.get(component.className)!(component.readConfig());
  network.methods.get("forward")!.graph(unet2dConditionInputs(read, sizes));
}

Deno.test({
  name: "damaged configurations are refused promptly, saying what is wrong",
  ignore: !present("goldens/hostile"),
  fn: async (t) => {
    const folder = new URL("goldens/hostile/", SHARED);
    const index: HostileCase[] = JSON.parse(
      await Deno.readTextFile(new URL("index.json", folder)),
    );
    const cases = index.filter(({ format }) => format === "unet-config");
    assertGreater(cases.length, 40);
    for (const { file, expect, why, mention, optional } of cases) {
      await t.step(`${file}: ${why}`, async () => {
        const bytes = await Deno.readFile(new URL(file, folder));
        const start = performance.now();
        const error = await buildUNet(bytes).then(() => null, (error: unknown) => error);
        assertLess(performance.now() - start, 1000);
        assertEquals("polluted" in {}, false);
        if (optional && error === null) return;
        if (expect === "accept") return assertEquals(error, null);
        assertInstanceOf(error, ModelError);
        const mentioned = mention?.some((word) => error.message.includes(word)) ?? true;
        assert(mentioned, `${error.message} names none of ${mention?.join(", ")}`);
      });
    }
  },
});
