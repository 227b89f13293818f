import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseGoldenCase } from "../../conformance/golden_case.ts";
import { readPictures } from "./read_pictures.ts";
import { scorePictures } from "./score_pictures.ts";
import { arrangeScene, drawScene, parseCaption } from "../../assets/shapes_world.ts";

const PROMPTS = [
  "a small cyan triangle on a gray background",
  "a white star left of a pink ring",
  "a red ring right of a purple heart on a white background",
  "a red heart right of a purple ring on a white background",
  "a purple heart right of a red ring on a white background",
];

function drawn(prompt: string) {
  return { height: 96, width: 96, data: drawScene(arrangeScene(parseCaption(prompt)), 96) };
}

Deno.test("drawn scenes score full by their prompts and nothing by the others'", () => {
  const scores = scorePictures(PROMPTS.map(drawn), PROMPTS);
  assertEquals(scores.confusion, PROMPTS.map((_, i) => PROMPTS.map((_, j) => i === j)));
  assertEquals(scores.shown, { held: 5, asked: 5 });
  assertEquals(scores.aspects, {
    count: { held: 5, asked: 5 },
    colour: { held: 5, asked: 5 },
    shape: { held: 5, asked: 5 },
    relation: { held: 4, asked: 4 },
    size: { held: 1, asked: 1 },
    background: { held: 4, asked: 4 },
  });
  assertEquals(scores.composed, { held: 5, asked: 5 });
  assertEquals(scores.score, 1);
});

Deno.test("exchanged pictures lose what differs and keep the rest", () => {
  const [, , redRing, redHeart, purpleRight] = PROMPTS as [string, string, string, string, string];
  const shapes = scorePictures([drawn(redRing), drawn(redHeart)], [redHeart, redRing]);
  assertEquals(shapes.aspects, {
    count: { held: 2, asked: 2 },
    colour: { held: 2, asked: 2 },
    shape: { held: 0, asked: 2 },
    relation: { held: 2, asked: 2 },
    size: { held: 0, asked: 0 },
    background: { held: 2, asked: 2 },
  });
  assertEquals(shapes.composed, { held: 2, asked: 2 });
  assertEquals(shapes.shown, { held: 0, asked: 2 });
  const sides = scorePictures([drawn(redRing), drawn(purpleRight)], [purpleRight, redRing]);
  assertEquals(sides.aspects.relation, { held: 0, asked: 2 });
  assertEquals(sides.aspects.shape, { held: 2, asked: 2 });
  assertEquals(sides.composed, { held: 0, asked: 2 });
});

Deno.test("a set without one prompt a picture is refused", () => {
  assertThrows(
    () => scorePictures([drawn(PROMPTS[0]!)], []),
    RangeError,
    "1 pictures by 0 prompts",
  );
  assertThrows(() => scorePictures([], []), RangeError, "0 pictures");
});

/** What diffusers draws with the embedded model, if it is here. */
const GOLDEN = new URL("../../../shared/goldens/shapes/pictures.safetensors", import.meta.url);

Deno.test(
  "diffusers' pictures show their prompts, but for shapes",
  { ignore: !exists(GOLDEN) },
  () => {
    const golden = parseGoldenCase(Deno.readFileSync(GOLDEN));
    const prompts = golden.settings.prompts as readonly string[];
    const scores = scorePictures(readPictures(golden), prompts);
    // The little model places and colours things well and draws most silhouettes as blobs.
    for (const aspect of ["count", "colour", "relation", "size", "background"] as const) {
      const { held, asked } = scores.aspects[aspect];
      assert(held >= 0.8 * asked, `${aspect}: ${held} of ${asked}`);
    }
    const others = scores.confusion.flatMap((row, i) => row.filter((shown, j) => shown && i !== j));
    assertEquals(others.length, 0);
  },
);

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isFile;
  } catch {
    return false;
  }
}
