/**
 * NumPy's rule for shapes of unlike rank.
 *
 * @module
 */
import { ShapeError } from "./op.ts";

/**
 * The shape to which all of `shapes` stretch: aligned at the last axis, a size of 1 fits any.
 *
 * @param action What is tried, for the error: `add`.
 * @throws {ShapeError} If two sizes of an axis differ and neither is 1.
 */
export function broadcast(action: string, shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let size = 1;
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1;
      if (own === 1) continue;
      if (size !== 1 && size !== own) {
        throw new ShapeError(
          `${action} ${shapes.map((each) => `[${each.join(", ")}]`).join(" and ")}`,
          `sizes ${size} and ${own} of axis ${axis} differ and neither is 1`,
        );
      }
      size = own;
    }
    return size;
  });
}
