/**
 * What happens to a weight between an original checkpoint and diffusers' layout.
 *
 * @module
 */

/** How the original's numbers become ours. Every change can be undone. */
export type WeightChange =
  /**
   * Queries (part 0), keys (1) or values (2) of one fused projection `[heads 3 d, ...]`. With one head the three lie one
   * below the other; with more, each head has its own three (`QKVAttentionLegacy`). `rank` axes of the original's become
   * two.
   */
  | {
    readonly kind: "part";
    readonly part: 0 | 1 | 2;
    readonly heads: number;
    readonly rank?: number;
  }
  /** A 1x1 convolution of `rank` axes that we use as a linear layer: the same numbers. */
  | { readonly kind: "matrix"; readonly rank: number }
  /** A matrix stored the other way round. */
  | { readonly kind: "transposed" }
  /** The original's is the first corner of ours; the rest is zero. */
  | { readonly kind: "padded"; readonly from: readonly number[]; readonly to: readonly number[] };

/** Our shape of a weight; undefined if a weight of the original's shape cannot be changed so. */
export function changedShape(
  theirs: readonly number[],
  change: WeightChange | undefined,
): readonly number[] | undefined {
  switch (change?.kind) {
    case undefined:
      return theirs;
    case "part": {
      const [rows = 0, ...rest] = theirs;
      if (rows === 0 || rows % (3 * change.heads) !== 0) return undefined;
      return [rows / 3, ...matrix(rest, change.rank === undefined ? rest.length : 1)];
    }
    case "matrix":
      return matrix(theirs, 2);
    case "transposed":
      return theirs.length === 2 ? theirs.toReversed() : undefined;
    case "padded":
      return theirs.join() === change.from.join() ? change.to : undefined;
  }
}

/** The original's shape of a weight: {@linkcode changedShape} undone. */
export function originalShape(
  ours: readonly number[],
  change: WeightChange | undefined,
): readonly number[] {
  switch (change?.kind) {
    case undefined:
      return ours;
    case "padded":
      return change.from;
    case "part":
      return widen([3 * ours[0]!, ...ours.slice(1)], change.rank);
    case "matrix":
      return widen(ours, change.rank);
    case "transposed":
      return ours.toReversed();
  }
}

/** Trailing ones are dropped until so many axes are left: some files already store linear layers. */
function matrix(shape: readonly number[], rank: number): readonly number[] {
  let length = shape.length;
  while (length > rank && shape[length - 1] === 1) length--;
  return shape.slice(0, length);
}

function widen(shape: readonly number[], rank = shape.length): readonly number[] {
  return shape.length < 2 ? shape : [...shape, ...Array<number>(rank - shape.length).fill(1)];
}

/** Runs of rows `[start, end)` of a fused projection that hold our rows, in our order. */
export function partRows(
  rows: readonly [number, number],
  { part, heads, count }: {
    readonly part: number;
    readonly heads: number;
    /** All rows of ours. */
    readonly count: number;
  },
): (readonly [start: number, end: number])[] {
  const width = count / heads;
  const runs: [number, number][] = [];
  for (let row = rows[0]; row < rows[1];) {
    const head = Math.floor(row / width);
    const end = Math.min(rows[1], (head + 1) * width);
    const first = head * 3 * width + part * width + row % width;
    runs.push([first, first + end - row]);
    row = end;
  }
  return runs;
}
