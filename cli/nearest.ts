/**
 * What somebody meant who mistyped a name.
 *
 * @module
 */

/** The name that takes the fewest edits to reach, if they are few: at most a third of its letters, and two for short ones. */
export function nearest(typed: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Infinity;
  for (const name of names) {
    const edits = distance(typed.toLowerCase(), name.toLowerCase());
    const allowed = Math.max(Math.min(2, name.length - 1), Math.floor(name.length / 3));
    if (edits <= allowed && edits < fewest) [best, fewest] = [name, edits];
  }
  return best;
}

/** `; did you mean txt2img?`, or nothing. */
export function didYouMean(typed: string, names: Iterable<string>): string {
  const name = nearest(typed, names);
  return name === undefined ? "" : `; did you mean ${name}?`;
}

/** Insertions, deletions, substitutions and swaps of neighbours (Damerau 1964, in its restricted form). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    [before, above] = [above, row];
  }
  return above[b.length]!;
}
