/**
 * Compares a silhouette with those of the Shapes world.
 *
 * @module
 */
import { type Shape, shapeDistance, SHAPES } from "../../assets/shape_distance.ts";

/** How well a shape fits a silhouette, where it fits best. */
export interface ShapeMatch {
  /** The shape. */
  readonly shape: Shape;
  /** Pixels in both by pixels in either, 0 to 1. */
  readonly overlap: number;
  /** Middle of the shape from the left, in pixels. */
  readonly x: number;
  /** Middle of the shape from the top, in pixels. */
  readonly y: number;
  /** Radius in pixels. */
  readonly r: number;
}

/** A silhouette at a place. */
interface Placement {
  readonly x: number;
  readonly y: number;
  readonly r: number;
}

/** Templates cover [-EXTENT, EXTENT] squared at radius 1; the star, the longest shape, reaches 1.1. */
const EXTENT = 1.2;
/** Cells of a template along one side. */
const CELLS = 192;

/** A shape of radius 1. */
interface Template {
  readonly shape: Shape;
  /** 1 for a cell inside, `[CELLS, CELLS]`. */
  readonly cells: Uint8Array;
  readonly area: number;
  /** The centroid's height below the middle. */
  readonly down: number;
}

let templates: readonly Template[] | undefined;

/**
 * Fits every shape to a silhouette, the best match first.
 *
 * A template starts with the silhouette's area and centroid; place and radius then move by ever smaller steps as long as the
 * overlap grows.
 *
 * @param mask 1 where a pixel belongs to the silhouette, `[height, width]`; not all 0.
 */
export function matchShapes(mask: Uint8Array, width: number): readonly ShapeMatch[] {
  templates ??= SHAPES.map(makeTemplate);
  const silhouette = crop(mask, width);
  return templates.map((template) => fit(template, silhouette))
    .sort((a, b) => b.overlap - a.overlap);
}

function makeTemplate(shape: Shape): Template {
  const cells = new Uint8Array(CELLS * CELLS);
  const step = 2 * EXTENT / CELLS;
  let [count, sum] = [0, 0];
  for (let i = 0; i < cells.length; i++) {
    const x = (i % CELLS + 0.5) * step - EXTENT;
    const y = (Math.floor(i / CELLS) + 0.5) * step - EXTENT;
    if (shapeDistance(shape, { x, y, r: 1 }) >= 0) continue;
    cells[i] = 1;
    count++;
    sum += y;
  }
  return { shape, cells, area: count * step ** 2, down: sum / count };
}

/** The part of a mask around its pixels. */
interface Silhouette {
  readonly bits: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Of the part's corner in the picture. */
  readonly left: number;
  readonly top: number;
  readonly area: number;
  /** The centroid within the part. */
  readonly x: number;
  readonly y: number;
}

function crop(mask: Uint8Array, width: number): Silhouette {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  let [area, sumX, sumY] = [0, 0, 0];
  mask.forEach((bit, i) => {
    if (bit === 0) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    area++;
    sumX += x + 0.5;
    sumY += y + 0.5;
  });
  // A template may reach beyond the silhouette: half of it on every side is more than any good fit needs.
  const margin = Math.ceil(Math.max(right - left, bottom - top) / 2);
  [left, top] = [left - margin, top - margin];
  const [across, down] = [right - left + 1 + margin, bottom - top + 1 + margin];
  const bits = new Uint8Array(across * down);
  mask.forEach((bit, i) => {
    if (bit === 1) bits[(Math.floor(i / width) - top) * across + i % width - left] = 1;
  });
  const [x, y] = [sumX / area - left, sumY / area - top];
  return { bits, width: across, height: down, left, top, area, x, y };
}

function fit(template: Template, silhouette: Silhouette): ShapeMatch {
  const r = Math.sqrt(silhouette.area / template.area);
  let best: Placement = { x: silhouette.x, y: silhouette.y - r * template.down, r };
  let overlap = overlapOf(template, silhouette, best);
  for (let step = 0.16; step > 0.01; step /= 2) {
    for (let moved = true; moved;) {
      moved = false;
      for (const [right, down, larger] of MOVES) {
        const placement = {
          x: best.x + right * step * best.r,
          y: best.y + down * step * best.r,
          r: best.r * (1 + larger * step),
        };
        const reached = overlapOf(template, silhouette, placement);
        if (reached <= overlap) continue;
        [best, overlap, moved] = [placement, reached, true];
      }
    }
  }
  const { left, top } = silhouette;
  return { shape: template.shape, overlap, x: best.x + left, y: best.y + top, r: best.r };
}

/** Right, down, larger: one step of a fit. */
const MOVES = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]] as const;

function overlapOf(
  { cells, area }: Template,
  silhouette: Silhouette,
  { x, y, r }: Placement,
): number {
  const { bits, width, height } = silhouette;
  const scale = CELLS / (2 * EXTENT * r);
  let [both, inside] = [0, 0];
  for (let row = 0; row < height; row++) {
    const v = Math.floor((row + 0.5 - y) * scale + CELLS / 2);
    if (v < 0 || v >= CELLS) continue;
    for (let column = 0; column < width; column++) {
      const u = Math.floor((column + 0.5 - x) * scale + CELLS / 2);
      if (u < 0 || u >= CELLS || cells[v * CELLS + u] === 0) continue;
      inside++;
      both += bits[row * width + column]!;
    }
  }
  // What the cropped part does not see of the template counts by its area.
  const either = silhouette.area + Math.max(inside, area * r ** 2) - both;
  return both / either;
}
