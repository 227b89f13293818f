/**
 * Line charts as SVG: text, so that a change of a picture shows in a diff.
 *
 * @module
 */

/** An axis. */
export interface Axis {
  /** What it measures, with its unit. */
  readonly label: string;
  /** Numbers to mark, the first and the last of which are its ends. */
  readonly ticks: readonly number[];
  /** Whether equal ratios are equal distances. */
  readonly logarithmic?: boolean;
}

/** A line; its name stands at its end. */
export interface Line {
  readonly name: string;
  /** From left to right. Points outside the axes are not drawn. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Whether every point is marked. */
  readonly marked?: boolean;
}

/** What {@linkcode lineChart} draws. */
export interface LineChart {
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
  /** Of the whole picture, in pixels. */
  readonly width: number;
  /** Of the whole picture, in pixels. */
  readonly height: number;
}

/** Okabe and Ito's colours, told apart by the colour-blind too; each comes again with dashes. */
const COLOURS = ["#000000", "#e69f00", "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"];
const DASHES = ["", "5 3", "1.5 2.5"];
const MARGIN = { left: 52, right: 132, top: 10, bottom: 38 };
const LINE_HEIGHT = 13;

/** Draws a chart. */
export function lineChart({ x, y, lines, width, height }: LineChart): string {
  const right = lines.length > 1 ? MARGIN.right : 14;
  const across = place(x, [MARGIN.left, width - right]);
  const down = place(y, [height - MARGIN.bottom, MARGIN.top]);
  const inside = ([a, b]: readonly [number, number]) => between(a, x) && between(b, y);
  const drawn = lines.map(({ points, ...line }) => ({
    ...line,
    points: points.filter(inside).map(([a, b]) => [across(a), down(b)] as const),
  }));
  const heights = drawn.map(({ points }) => points.at(-1)?.[1] ?? 0);
  const labels = lines.length > 1 ? spread(heights, height - 14) : [];
  const elements = [
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...x.ticks.flatMap((tick) => [
      rule([across(tick), down(y.ticks[0]!)], [across(tick), down(y.ticks.at(-1)!)]),
      text(tickName(tick), { at: [across(tick), height - MARGIN.bottom + 15], anchor: "middle" }),
    ]),
    ...y.ticks.flatMap((tick) => [
      rule([across(x.ticks[0]!), down(tick)], [across(x.ticks.at(-1)!), down(tick)]),
      text(tickName(tick), { at: [MARGIN.left - 6, down(tick) + 4], anchor: "end" }),
    ]),
    text(x.label, { at: [(MARGIN.left + width - right) / 2, height - 6], anchor: "middle" }),
    `<g transform="rotate(-90 12 ${fixed((height - MARGIN.bottom) / 2)})">${
      text(y.label, { at: [12, (height - MARGIN.bottom) / 2], anchor: "middle" })
    }</g>`,
    ...drawn.flatMap(({ name, points, marked }, i) => {
      const colour = COLOURS[i % COLOURS.length]!;
      const dashes = DASHES[Math.floor(i / COLOURS.length) % DASHES.length]!;
      const dashed = dashes === "" ? "" : ` stroke-dasharray="${dashes}"`;
      const end = points.at(-1);
      return [
        `<polyline points="${
          points.map(([a, b]) => `${fixed(a)},${fixed(b)}`).join(" ")
        }" fill="none" stroke="${colour}" stroke-width="1.5"${dashed}/>`,
        ...(marked ? points : []).map(([a, b]) =>
          `<circle cx="${fixed(a)}" cy="${fixed(b)}" r="2" fill="${colour}"/>`
        ),
        ...(end === undefined || labels.length === 0 ? [] : [
          `<path d="M${fixed(end[0])} ${fixed(end[1])}L${fixed(width - right + 14)} ${
            fixed(labels[i]!)
          }" stroke="${colour}" stroke-width="0.5" fill="none"/>`,
          text(name, { at: [width - right + 17, labels[i]! + 4], anchor: "start", colour }),
        ]),
      ];
    }),
  ];
  return `<!-- deno-fmt-ignore-file -->\n<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">\n${
      elements.join("\n")
    }\n</svg>\n`;
}

/** Maps an axis to pixels. */
function place(
  { ticks, logarithmic = false }: Axis,
  [start, end]: readonly [number, number],
): (value: number) => number {
  const scale = logarithmic ? Math.log : (value: number) => value;
  const [least, most] = [scale(ticks[0]!), scale(ticks.at(-1)!)];
  return (value) => start + (scale(value) - least) / (most - least) * (end - start);
}

function between(value: number, { ticks }: Axis): boolean {
  return value >= ticks[0]! && value <= ticks.at(-1)!;
}

/** Moves labels apart, downwards in the order of their heights, and up again where they would leave the chart. */
function spread(heights: readonly number[], lowest: number): number[] {
  const order = heights.map((_, i) => i).toSorted((a, b) => heights[a]! - heights[b]!);
  const moved = [...heights];
  let least = -Infinity;
  for (const i of order) {
    moved[i] = Math.max(moved[i]!, least);
    least = moved[i]! + LINE_HEIGHT;
  }
  let most = lowest;
  for (const i of order.toReversed()) {
    moved[i] = Math.min(moved[i]!, most);
    most = moved[i]! - LINE_HEIGHT;
  }
  return moved;
}

function text(
  content: string,
  { at: [x, y], anchor, colour = "#333333" }: {
    readonly at: readonly [number, number];
    readonly anchor: "start" | "middle" | "end";
    readonly colour?: string;
  },
): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${fixed(x)}" y="${
    fixed(y)
  }" text-anchor="${anchor}" fill="${colour}">${escaped}</text>`;
}

function rule(
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
): string {
  return `<path d="M${fixed(ax)} ${fixed(ay)}L${fixed(bx)} ${fixed(by)}" stroke="#dddddd"/>`;
}

function tickName(tick: number): string {
  return String(tick);
}

function fixed(pixels: number): string {
  return String(Number(pixels.toFixed(1)));
}
