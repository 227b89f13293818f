import { assert, assertEquals, assertRejects } from "@std/assert";
import { referenceBackend } from "../backends/reference/backend.ts";
import { openFiles } from "../formats/files.ts";
import { writeSafetensors } from "../formats/write_safetensors.ts";
import { hostTensor, type HostTensorOf } from "../graph/tensor_spec.ts";
import type { Inpainting, InpaintingOptions } from "../pipelines/inpainting_options.ts";
import { pipeline } from "../pipelines/pipeline.ts";
import type { StepEvent } from "../pipelines/text_to_image_options.ts";
import { judge } from "./comparison.ts";
import { type GoldenCase, parseGoldenCase } from "./golden_case.ts";
import { conform } from "./run.ts";
import { runShapesInpaintCase } from "./shapes_inpaint_cases.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

const LATENTS = [1, 4, 1, 1];

function latents(value: number): HostTensorOf<"f32"> {
  return hostTensor(LATENTS, new Float32Array(4).fill(value));
}

/** A case of two steps and 8 x 8 pixels: latents 2 and then 3, a picture whose channels are 0.25, 0.5 and 0.75. */
function smallCase(outputs: Record<string, HostTensorOf<"f32">> = {}): GoldenCase {
  const colours = Float32Array.from({ length: 192 }, (_, at) => 0.25 * (at % 3 + 1));
  return {
    settings: { kind: "shapes_inpaint", prompt: "a red star", steps: 2, guidance_scale: 3 },
    tensors: new Map(Object.entries({
      "input.image": { dtype: "u8", shape: [8, 8, 3], data: new Uint8Array(192).fill(9) },
      "input.mask": { dtype: "u8", shape: [8, 8], data: new Uint8Array(64).fill(255, 32) },
      "input.latents": latents(1),
      "output.latents.0": latents(2),
      "output.latents.1": latents(3),
      "output.image": hostTensor([8, 8, 3], colours),
      ...outputs,
    })),
  };
}

/** Stands for a pipeline: its latents start from those given and grow by `growth` a step. */
function painter(growth: number, asked: InpaintingOptions[] = []): Inpainting {
  const generate = async (options: InpaintingOptions) => {
    asked.push(options);
    const start = options.latents!.data[0]! as number;
    for (let step = 1; step <= options.steps!; step++) {
      const event = { step, latents: () => Promise.resolve(latents(start + step * growth)) };
      await options.onStep?.(event as unknown as StepEvent);
    }
    const planes = Float32Array.from({ length: 192 }, (_, at) => 0.25 * (Math.floor(at / 64) + 1));
    return { tensor: hostTensor([1, 3, 8, 8], planes) };
  };
  return generate as unknown as Inpainting;
}

Deno.test("the pipeline is asked for what the case says, and every output is compared", async () => {
  const asked: InpaintingOptions[] = [];
  const comparisons = await runShapesInpaintCase(smallCase(), {
    generate: painter(1, asked),
    exact: true,
  });
  const { image, mask, onStep: _, ...options } = asked[0]!;
  assertEquals(options, {
    prompt: "a red star",
    steps: 2,
    guidanceScale: 3,
    latents: latents(1),
    seed: 0,
  });
  assertEquals([image, mask].flat().map((one) => (one as { channels: number }).channels), [3, 1]);
  assertEquals(comparisons.map(({ name }) => name), [
    "output.latents.0",
    "output.latents.1",
    "output.image",
  ]);
  assert(judge(comparisons).passed, JSON.stringify(judge(comparisons).worst));
  for (const each of comparisons) {
    const zeros = { ...each, expected: new Float32Array(each.expected.length) };
    assert(!judge([zeros]).passed, `${each.name} passes against zeros`);
  }
});

Deno.test("latents that drift by more than rounding fail, on any backend", async () => {
  for (const exact of [true, false]) {
    const run = async (growth: number) =>
      judge(await runShapesInpaintCase(smallCase(), { generate: painter(growth), exact })).passed;
    assert(await run(1 + 1e-5));
    assert(!await run(1.01));
  }
});

Deno.test("an output that the pipeline does not have is not supported", async () => {
  const golden = smallCase({ "output.mask": latents(0) });
  await assertRejects(
    () => runShapesInpaintCase(golden, { generate: painter(1), exact: true }),
    UnsupportedCaseError,
    "output.mask",
  );
});

Deno.test("a case of a model that does not come with the library is counted, not failed", async () => {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/shapes`);
  const { settings, tensors } = smallCase();
  const metadata = { case: JSON.stringify({ ...settings, model: "shapes-nowhere" }) };
  await Deno.writeFile(
    `${root}/shapes/inpaint-0.safetensors`,
    writeSafetensors(tensors, metadata),
  );
  await using backend = referenceBackend();
  const { cases } = await conform(root, { backend, exact: true });
  assertEquals(cases.map(({ status, detail }) => [status, detail]), [
    [
      "unsupported",
      "the model shapes-nowhere, which does not come with the library, is not supported",
    ],
  ]);
  // Where a folder of models is given, one that is not in it is missing.
  const elsewhere = await conform(root, { backend, exact: true, assets: `${root}/models` });
  assertEquals(elsewhere.failed, 1);
  const { detail } = elsewhere.cases[0]!;
  assert(detail.includes(`shapes-nowhere/model_index.json of ${root}/models`), detail);
  await Deno.remove(root, { recursive: true });
});

Deno.test("the embedded model repaints as diffusers does, and zeros are not what it gives", async () => {
  const goldens = openFiles(new URL("../tests/goldens/shapes/", import.meta.url));
  const golden = parseGoldenCase(await goldens.read("inpaint-0.safetensors"));
  await using generate = await pipeline("inpainting", "shapes-inpaint", {
    backend: "onnxruntime",
  });
  const comparisons = await runShapesInpaintCase(golden, { generate, exact: false });
  assertEquals(comparisons.length, (golden.settings.steps as number) + 1);
  assert(judge(comparisons).passed, JSON.stringify(judge(comparisons).worst));
  for (const each of comparisons) {
    const zeros = { ...each, expected: new Float32Array(each.expected.length) };
    assert(!judge([zeros]).passed, `${each.name} passes against zeros`);
  }
});
