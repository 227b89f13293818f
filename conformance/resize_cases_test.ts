import { assert, assertEquals, assertThrows } from "@std/assert";
import { type GoldenCase, parseGoldenCase } from "./golden_case.ts";
import { type Comparison, judge } from "./comparison.ts";
import { runResizeCase } from "./resize_cases.ts";

const passes = (comparison: Comparison): boolean => judge([comparison]).passed;

async function runFolder(folder: URL): Promise<Map<string, number>> {
  const kinds = new Map<string, number>();
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".safetensors")) continue;
    const golden = parseGoldenCase(await Deno.readFile(new URL(name, folder)));
    const comparisons = runResizeCase(golden);
    const outputs = [...golden.tensors.keys()].filter((key) => key.startsWith("output."));
    assertEquals(comparisons.map((comparison) => comparison.name).sort(), outputs.sort(), name);
    for (const comparison of comparisons) {
      assert(passes(comparison), `${name}: ${comparison.name}`);
      const { expected } = comparison;
      const zeros = { ...comparison, expected: new Float32Array(expected.length) };
      assert(!passes(zeros), `${name}: ${comparison.name} passes for zeros`);
    }
    kinds.set(golden.settings.kind, (kinds.get(golden.settings.kind) ?? 0) + 1);
  }
  return kinds;
}

const ALL = new URL("../../shared/goldens/resize/", import.meta.url);

async function exists(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, () => false);
}

Deno.test("resizing gives the goldens' bytes and floats", async () => {
  const kinds = await runFolder(new URL("../tests/goldens/resize/", import.meta.url));
  assertEquals([...kinds.keys()].sort(), [
    "pil_resize",
    "vae_image_postprocess",
    "vae_image_preprocess",
    "vae_tensor_preprocess",
  ]);
});

Deno.test({
  name: "resizing gives all goldens' bytes and floats",
  ignore: !await exists(ALL),
  fn: async () => {
    const kinds = await runFolder(ALL);
    assert([...kinds.values()].reduce((a, b) => a + b) >= 80);
  },
});

Deno.test("runResizeCase refuses what it does not support", () => {
  const tensors: GoldenCase["tensors"] = new Map([
    ["input.image", { dtype: "u8", shape: [1, 1], data: Uint8Array.of(1) }],
  ]);
  const config = { "reducing_gap": 2 };
  for (
    const [settings, message] of [
      [{ kind: "rng" }, "rng: it is not about resizing"],
      [{ kind: "pil_resize", filter: "hamming", size: [1, 1] }, "hamming"],
      [{ kind: "vae_image_preprocess", config }, "reducing_gap = 2"],
    ] as const
  ) {
    assertThrows(() => runResizeCase({ settings, tensors }), RangeError, message);
  }
  assertThrows(
    () => runResizeCase({ settings: { kind: "pil_resize", filter: "box", size: [1, 1] }, tensors }),
    TypeError,
    "output.image is missing",
  );
});
