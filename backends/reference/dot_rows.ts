/**
 * The inner loop of linear maps, convolutions and attention.
 *
 * @module
 */

/** What {@linkcode dotRows} multiplies. */
export interface DotRows {
  /** How many rows. */
  readonly count: number;
  /** Matrix with rows of `length` numbers, one after the other. */
  readonly rows: Float32Array;
  /** Where its first row begins. */
  readonly first: number;
  /** The vector's numbers. */
  readonly vector: Float32Array;
  /** Where the vector begins. */
  readonly at: number;
  /** Numbers of a row and of the vector. */
  readonly length: number;
}

/**
 * sums[r] += sum over k of rows[r, k] vector[k], for every row r.
 *
 * Four rows at a time: a processor waits for each addition before the next one of the same sum, so four sums side by side take
 * hardly longer than one. Every sum still adds its terms one by one and in order.
 */
export function dotRows(
  sums: Float64Array,
  { count, rows, first, vector, at, length }: DotRows,
): void {
  let r = 0;
  for (; r + 4 <= count; r += 4) {
    const row0 = first + r * length;
    const row1 = row0 + length;
    const row2 = row1 + length;
    const row3 = row2 + length;
    let sum0 = sums[r]!;
    let sum1 = sums[r + 1]!;
    let sum2 = sums[r + 2]!;
    let sum3 = sums[r + 3]!;
    for (let k = 0; k < length; k++) {
      const factor = vector[at + k]!;
      sum0 += rows[row0 + k]! * factor;
      sum1 += rows[row1 + k]! * factor;
      sum2 += rows[row2 + k]! * factor;
      sum3 += rows[row3 + k]! * factor;
    }
    sums[r] = sum0;
    sums[r + 1] = sum1;
    sums[r + 2] = sum2;
    sums[r + 3] = sum3;
  }
  for (; r < count; r++) {
    const row = first + r * length;
    let sum = sums[r]!;
    for (let k = 0; k < length; k++) sum += rows[row + k]! * vector[at + k]!;
    sums[r] = sum;
  }
}
