import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseGoldenCase } from "../conformance/golden_case.ts";
import { TorchGenerator } from "../random/torch_generator.ts";
import {
  arrangeScene,
  caption,
  describeScene,
  drawScene,
  parseCaption,
  RADII,
  sampleScene,
  type Scene,
} from "./shapes_world.ts";

const golden = parseGoldenCase(
  Deno.readFileSync(new URL("../bench/quality/fixtures/shapes_world.safetensors", import.meta.url)),
);

Deno.test("pictures are the Python renderer's to one level of 255", () => {
  for (const set of ["alone", "pairs"]) {
    const scenes = golden.settings[set] as readonly Scene[];
    const { shape, data } = golden.tensors.get(`output.${set}`)!;
    const [count, size] = shape;
    assertEquals(scenes.length, count);
    const drawn = scenes.flatMap((scene) => [...drawScene(scene, size)]);
    const unequal = drawn.filter((value, i) => value !== data[i]!);
    assert(drawn.every((value, i) => Math.abs(value - data[i]!) <= 1));
    // Python draws in single precision. It rounds otherwise where a background is midway between two levels, which it
    // is along whole rows: brown's green is 80 (1.04 - 0.1 row / size), a multiple of 1/2 in some.
    assert(unequal.length < 0.01 * drawn.length, `${unequal.length} of ${drawn.length}`);
  }
});

Deno.test("captions are Python's", () => {
  const scenes = ["alone", "pairs"].flatMap((set) =>
    golden.settings[set] as readonly (Scene & { readonly caption: string })[]
  );
  for (const scene of scenes) {
    const { background, ...unsaid } = describeScene(scene);
    const said = scene.caption.endsWith(" background");
    assertEquals(caption(said ? { ...unsaid, background: background! } : unsaid), scene.caption);
  }
});

Deno.test("a caption is read back as what it says", () => {
  assertEquals(
    parseCaption("a small cyan ring left of an orange heart on a gray background"),
    {
      things: [
        { shape: "ring", colour: "cyan", size: "small" },
        { shape: "heart", colour: "orange", size: "medium" },
      ],
      relation: "left of",
      background: "gray",
    },
  );
  const generator = new TorchGenerator(1);
  for (let i = 0; i < 200; i++) {
    const text = sampleScene(generator).caption;
    assertEquals(caption(parseCaption(text)), text);
  }
});

Deno.test("what is no caption is refused and quoted", () => {
  for (const text of ["", "a heart", "a red heart above", "a red heart on a plaid background"]) {
    assertThrows(() => parseCaption(text), SyntaxError, `"${text}"`);
  }
});

Deno.test("an arranged scene is described by its caption", () => {
  const generator = new TorchGenerator(2);
  for (let i = 0; i < 200; i++) {
    const words = parseCaption(sampleScene(generator).caption);
    const scene = arrangeScene(words);
    assertEquals(describeScene(scene), { ...words, background: scene.background });
    assert(scene.things.every(({ colour }) => colour !== scene.background));
  }
});

Deno.test("sampled things lie within the picture, and pairs apart", () => {
  const generator = new TorchGenerator(3);
  const counts = [0, 0, 0];
  for (let i = 0; i < 2000; i++) {
    const { things } = sampleScene(generator).scene;
    counts[things.length]!++;
    for (const { x, y, size } of things) {
      assert(Math.max(Math.abs(x), Math.abs(y)) + 1.1 * RADII[size] < 0.95);
    }
    const [one, two] = things;
    if (two !== undefined) {
      const reach = 1.1 * (RADII[one!.size] + RADII[two.size]);
      assert(Math.hypot(one!.x - two.x, one!.y - two.y) > reach);
    }
  }
  // One thing in 45 of 100 scenes; five standard errors.
  assert(Math.abs(counts[1]! / 2000 - 0.45) < 5 * Math.sqrt(0.45 * 0.55 / 2000));
});
