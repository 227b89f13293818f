/**
 * Byte-pair encoding (Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword
 * Units") over bytes, in the form that OpenAI trained CLIP with.
 *
 * @module
 */

/** Two symbols that become one. */
export interface Merge {
  /** Its place in the list: less goes first. */
  readonly rank: number;
  /** The id of the symbol that they become. */
  readonly id: number;
}

/** Merges by the ids of the two symbols. */
export interface MergeTable {
  /** What two neighbours become, if they do. */
  get(left: number, right: number): Merge | undefined;
  /** Adds a merge; false if the two have one. */
  add(left: number, right: number, merge: Merge): boolean;
}

/** An empty table. */
export function mergeTable(): MergeTable {
  // Ids are less than 2^25, so that two of them fit exactly in one number.
  const merges = new Map<number, Merge>();
  return {
    get: (left, right) => merges.get(left * 2 ** 25 + right),
    add(left, right, merge) {
      const key = left * 2 ** 25 + right;
      if (merges.has(key)) return false;
      merges.set(key, merge);
      return true;
    },
  };
}

/**
 * Merges neighbours until no pair of them is in the table: always the pair of least rank, and of
 * equal ones the leftmost.
 *
 * One pass merges all pairs of the least rank. Only a merge that makes a pair of still lower rank,
 * which tables from training do not have, ends a pass early.
 */
export function mergeSymbols(symbols: readonly number[], table: MergeTable): readonly number[] {
  const rank = (left: number | undefined, right: number | undefined): number =>
    left === undefined || right === undefined ? Infinity : table.get(left, right)?.rank ?? Infinity;
  for (;;) {
    let least = Infinity;
    for (let i = 1; i < symbols.length; i++) {
      least = Math.min(least, rank(symbols[i - 1], symbols[i]));
    }
    if (least === Infinity) return symbols;
    const merged: number[] = [];
    let isOver = false;
    for (let i = 0; i < symbols.length; i++) {
      const [left, right, next] = [symbols[i]!, symbols[i + 1], symbols[i + 2]];
      const pair: Merge | undefined = right === undefined || isOver
        ? undefined
        : table.get(left, right);
      if (pair?.rank !== least) {
        merged.push(left);
        continue;
      }
      isOver = rank(merged.at(-1), pair.id) < least || rank(pair.id, next) < least;
      merged.push(pair.id);
      i++;
    }
    symbols = merged;
  }
}

/**
 * The character that stands for each byte in vocabularies of bytes: itself if it is visible in
 * Latin-1, else the next free one from U+0100 on.
 */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  let free = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isVisible = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    return String.fromCharCode(isVisible ? byte : free++);
  });
})();
