/**
 * The one check that all draws share.
 *
 * @module
 */

/**
 * Checks the number of elements asked for.
 *
 * @throws {RangeError} If it is not a whole number from 0 up to 2^32 - 1, the most that a typed array is asked for here.
 */
export function checkSize(size: number): void {
  if (!(Number.isInteger(size) && size >= 0 && size < 2 ** 32)) {
    throw new RangeError(`Cannot draw ${size} numbers: give a whole number from 0 up to 2^32 - 1`);
  }
}
