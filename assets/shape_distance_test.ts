import { assertAlmostEquals } from "@std/assert";
import { type Shape, shapeDistance, SHAPES } from "./shape_distance.ts";

Deno.test("distances at chosen points are those of plane geometry", () => {
  const cases: [Shape, number, number, number][] = [
    ["circle", 3, 4, 4], // 5 from the middle, radius 1
    ["ring", 0, 0, 0.48], // the hole's radius
    ["ring", 0.74, 0, -0.26], // the middle of the band
    ["square", 1.86, 1.86, Math.SQRT2], // from the corner at 0.86
    ["square", 0, 0, -0.86],
    ["cross", 0.34, 0.34, 0], // an inner corner
    ["cross", 2, 0, 1],
    ["triangle", 0, 0.72, 0], // on the base
    ["triangle", 0, 1.72, 1],
    ["diamond", 0, -2.08, 1], // above the tip at 1.08
    ["star", 0, -2.1, 1], // above the tip at 1.1
    ["heart", 0, 1.015, 0], // the point, 0.58 * 1.75
    ["heart", 0, 2.015, 1],
  ];
  for (const [shape, x, y, expected] of cases) {
    assertAlmostEquals(shapeDistance(shape, { x, y, r: 1 }), expected, 1e-12, `${shape} ${x} ${y}`);
  }
});

Deno.test("every shape scales with its radius and is its own mirror image", () => {
  for (const shape of SHAPES) {
    const distance = shapeDistance(shape, { x: 0.31, y: -0.22, r: 1 });
    assertAlmostEquals(shapeDistance(shape, { x: 0.62, y: -0.44, r: 2 }), 2 * distance, 1e-12);
    assertAlmostEquals(shapeDistance(shape, { x: -0.31, y: -0.22, r: 1 }), distance, 1e-12);
  }
});
