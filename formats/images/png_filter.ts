/**
 * PNG's row filters, which turn samples into differences from their neighbours
 * (W3C PNG, third edition, section 9).
 *
 * @module
 */

/**
 * The predictor nearest to `left + up - upLeft`, in the order left, up, up-left.
 */
function paeth(left: number, up: number, upLeft: number): number {
  const estimate = left + up - upLeft;
  const toLeft = Math.abs(estimate - left);
  const toUp = Math.abs(estimate - up);
  const toUpLeft = Math.abs(estimate - upLeft);
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}

/**
 * Undoes a row's filter in place: `row` is the filtered row and becomes the samples, `above` is the
 * row before (zeros for the first), `step` the bytes of a pixel, at least 1.
 *
 * Returns false if no filter of that number exists.
 */
export function unfilterRow(
  row: Uint8Array,
  above: Uint8Array,
  options: { readonly filter: number; readonly step: number },
): boolean {
  const { filter, step } = options;
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (let i = step; i < row.length; i++) row[i] = row[i]! + row[i - step]!;
      return true;
    case 2:
      for (let i = 0; i < row.length; i++) row[i] = row[i]! + above[i]!;
      return true;
    case 3:
      for (let i = 0; i < row.length; i++) {
        const left = i < step ? 0 : row[i - step]!;
        row[i] = row[i]! + ((left + above[i]!) >> 1);
      }
      return true;
    case 4:
      for (let i = 0; i < row.length; i++) {
        const left = i < step ? 0 : row[i - step]!;
        const upLeft = i < step ? 0 : above[i - step]!;
        row[i] = row[i]! + paeth(left, above[i]!, upLeft);
      }
      return true;
    default:
      return false;
  }
}

/**
 * Filters a row into `out` (one byte for the filter, then the row) with the filter whose result, as
 * signed bytes, has the least sum of magnitudes (section 12.7's heuristic); the first of equals.
 */
export function filterRow(
  row: Uint8Array,
  above: Uint8Array,
  options: { readonly step: number; readonly out: Uint8Array },
): void {
  const { step, out } = options;
  const candidate = new Uint8Array(row.length);
  let least = Infinity;
  for (let filter = 0; filter < 5; filter++) {
    let sum = 0;
    for (let i = 0; i < row.length && sum < least; i++) {
      const left = i < step ? 0 : row[i - step]!;
      const up = above[i]!;
      const upLeft = i < step ? 0 : above[i - step]!;
      const difference = (row[i]! - predict(filter, left, up, upLeft)) & 255;
      candidate[i] = difference;
      sum += difference < 128 ? difference : 256 - difference;
    }
    if (sum < least) {
      least = sum;
      out[0] = filter;
      out.set(candidate, 1);
    }
  }
}

function predict(filter: number, left: number, up: number, upLeft: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4:
      return paeth(left, up, upLeft);
    default:
      return 0;
  }
}
