import { assert, assertEquals } from "@std/assert";
import { lineChart } from "./line_chart.ts";

const AXES = {
  x: { label: "steps", ticks: [0, 10] },
  y: { label: "a < b & c", ticks: [0.1, 1, 10], logarithmic: true },
  width: 300,
  height: 100,
};

Deno.test("equal ratios are equal distances on a logarithmic axis, and text is escaped", () => {
  const svg = lineChart({
    ...AXES,
    lines: [{ name: "one", points: [[0, 0.1], [5, 1], [10, 10]] }],
  });
  const points = svg.match(/polyline points="([^"]*)"/)![1]!.split(" ")
    .map((pair) => pair.split(",").map(Number));
  const [[ax, ay], [bx, by], [cx, cy]] = points as [number[], number[], number[]];
  assertEquals([bx! - ax!, by! - ay!], [cx! - bx!, cy! - by!]);
  assert(cy! < ay!);
  assert(svg.includes("a &lt; b &amp; c"));
});

Deno.test("points outside the axes are not drawn", () => {
  const points = [[0, 1], [5, Infinity], [6, NaN], [7, 0], [11, 1], [10, 1]] as const;
  const svg = lineChart({ ...AXES, lines: [{ name: "one", points, marked: true }] });
  assertEquals(svg.match(/<circle/g)!.length, 2);
});

Deno.test("the names of lines that end together stand apart, inside the picture", () => {
  const lines = ["a", "b", "c", "d"].map((name) => ({
    name,
    points: [[0, 10], [10, 0.1]] as const,
  }));
  const svg = lineChart({ ...AXES, lines });
  const heights = lines.map(({ name }) =>
    Number(svg.match(new RegExp(`y="([\\d.]+)"[^>]*>${name}</text>`))![1])
  );
  const sorted = heights.toSorted((a, b) => a - b);
  sorted.slice(1).forEach((y, i) => assert(y - sorted[i]! >= 12, `${heights}`));
  assert(sorted[0]! > 0 && sorted.at(-1)! <= 100, `${heights}`);
});
