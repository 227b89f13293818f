import { assert, assertEquals } from "@std/assert";
import { segmentPicture } from "./segment_picture.ts";
import { shapeDistance } from "../../assets/shape_distance.ts";
import { drawScene, type Scene } from "../../assets/shapes_world.ts";

const SIZE = 128;

function segmented(scene: Scene) {
  return segmentPicture({ height: SIZE, width: SIZE, data: drawScene(scene, SIZE) });
}

Deno.test("a silhouette is the shape without its shadow, for near and far colours", () => {
  for (
    const [colour, background] of [["gray", "white"], ["white", "black"], [
      "blue",
      "purple",
    ]] as const
  ) {
    const { segments } = segmented({
      background,
      things: [{ shape: "circle", colour, size: "large", x: 0.2, y: 0.2 }],
    });
    assertEquals(segments.length, 1);
    let wrong = 0;
    segments[0]!.mask.forEach((bit, i) => {
      const x = (i % SIZE + 0.5) / SIZE * 2 - 1.2;
      const y = (Math.floor(i / SIZE) + 0.5) / SIZE * 2 - 1.2;
      if (bit !== Number(shapeDistance("circle", { x, y, r: 0.5 }) < 0)) wrong++;
    });
    // Fewer than the 200 pixels of the outline.
    assert(wrong < 100, `${colour} on ${background}: ${wrong}`);
  }
});

Deno.test("two things of one colour are two, the larger first", () => {
  const { segments } = segmented({
    background: "brown",
    things: [
      { shape: "star", colour: "cyan", size: "small", x: -0.44, y: 0 },
      { shape: "star", colour: "cyan", size: "medium", x: 0.44, y: 0 },
    ],
  });
  const areas = segments.map(({ mask }) => mask.reduce((sum, bit) => sum + bit, 0));
  assertEquals(areas.length, 2);
  assert(areas[0]! > 2 * areas[1]!);
});

Deno.test("a picture of many colours has finite numbers", () => {
  const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => i % 16 < 8 ? 0 : 255);
  const { background, segments } = segmentPicture({ height: 16, width: 16, data });
  assert(background.every(Number.isFinite));
  assert(segments.every(({ mask }) => mask.includes(1)));
});
