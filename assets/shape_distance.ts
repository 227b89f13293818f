/**
 * Signed distances to the silhouettes of the Shapes world, after I. Quilez, "2D distance functions".
 *
 * @module
 */

/** The silhouettes, in the order of the world's vocabulary. */
export const SHAPES = [
  "circle",
  "square",
  "triangle",
  "diamond",
  "star",
  "ring",
  "cross",
  "heart",
] as const;

/** A silhouette. */
export type Shape = typeof SHAPES[number];

/** A point relative to the middle of a shape of radius `r`; x to the right, y down. */
export interface ShapePoint {
  /** Distance to the right. */
  readonly x: number;
  /** Distance down. */
  readonly y: number;
  /** Radius of the shape. */
  readonly r: number;
}

/** Distance from a point to the outline of a shape, negative inside. */
export function shapeDistance(shape: Shape, { x, y, r }: ShapePoint): number {
  switch (shape) {
    case "circle":
      return Math.hypot(x, y) - r;
    case "ring":
      return Math.abs(Math.hypot(x, y) - 0.74 * r) - 0.26 * r;
    case "square":
      return box(Math.abs(x) - 0.86 * r, Math.abs(y) - 0.86 * r);
    case "cross":
      return Math.min(
        box(Math.abs(x) - r, Math.abs(y) - 0.34 * r),
        box(Math.abs(x) - 0.34 * r, Math.abs(y) - r),
      );
    case "triangle":
    case "diamond":
    case "star":
      return r * polygon(CORNERS[shape], x / r, y / r);
    case "heart":
      return heart(x, y, r);
  }
}

/** Corners of the polygons of radius 1: x and y in turn. */
const CORNERS = {
  triangle: [0, -1, 0.95, 0.72, -0.95, 0.72],
  diamond: [0, -1.08, 0.78, 0, 0, 1.08, -0.78, 0],
  star: Array.from({ length: 10 }, (_, i) => {
    const length = i % 2 === 0 ? 1.1 : 0.46;
    return [length * Math.sin(Math.PI * i / 5), -length * Math.cos(Math.PI * i / 5)];
  }).flat(),
} as const;

/** To a box, from how far a point is beyond its sides. */
function box(beyondX: number, beyondY: number): number {
  return Math.hypot(Math.max(beyondX, 0), Math.max(beyondY, 0)) +
    Math.min(Math.max(beyondX, beyondY), 0);
}

/** To a closed polygon; the winding rule says what is inside. */
function polygon(corners: readonly number[], x: number, y: number): number {
  let nearest = Infinity;
  let sign = 1;
  for (let i = 0; i < corners.length; i += 2) {
    const previous = i === 0 ? corners.length - 2 : i - 2;
    const [ax, ay, bx, by] = [
      corners[i]!,
      corners[i + 1]!,
      corners[previous]!,
      corners[previous + 1]!,
    ];
    const [edgeX, edgeY, toX, toY] = [bx - ax, by - ay, x - ax, y - ay];
    const along = (toX * edgeX + toY * edgeY) / (edgeX ** 2 + edgeY ** 2);
    const t = Math.min(Math.max(along, 0), 1);
    nearest = Math.min(nearest, (toX - edgeX * t) ** 2 + (toY - edgeY * t) ** 2);
    const below = y >= ay;
    const above = y < by;
    const left = edgeX * toY > edgeY * toX;
    if (below === above && above === left) sign = -sign;
  }
  return sign * Math.sqrt(nearest);
}

/** To a heart that points down; two round lobes and two straight sides. */
function heart(x: number, y: number, r: number): number {
  const scale = 1.75 * r;
  const across = Math.abs(x) / scale;
  const up = (0.58 * scale - y) / scale;
  if (across + up > 1) {
    return scale * (Math.hypot(across - 0.25, up - 0.75) - Math.SQRT2 / 4);
  }
  const middle = 0.5 * Math.max(across + up, 0);
  const near = Math.min(across ** 2 + (up - 1) ** 2, (across - middle) ** 2 + (up - middle) ** 2);
  return scale * Math.sqrt(near) * Math.sign(across - up);
}
