/**
 * What a name may have meant.
 *
 * @module
 */

/** The names that share most with one that is not among them, at most `count`, the nearest first. */
export function nearNames(
  name: string,
  { among, count = 5 }: { readonly among: Iterable<string>; readonly count?: number },
): string[] {
  return [...new Set(among)]
    .map((each) => ({ each, share: likeness(name, each) }))
    .filter(({ share }) => share >= 0.5)
    .sort((a, b) => b.share - a.share)
    .slice(0, count)
    .map(({ each }) => each);
}

/** 2 common pairs / all pairs of neighbouring letters, each counted as often as it occurs (Dice 1945). */
function likeness(a: string, b: string): number {
  const left = pairs(a);
  const right = pairs(b);
  let common = 0;
  for (const [pair, times] of left) common += Math.min(times, right.get(pair) ?? 0);
  return 2 * common / (a.length + b.length + 2);
}

/** Ends count as letters, so that every name has pairs. */
function pairs(name: string): Map<string, number> {
  const ended = `^${name}$`;
  const counts = new Map<string, number>();
  for (let at = 0; at + 1 < ended.length; at++) {
    const pair = ended.slice(at, at + 2);
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  return counts;
}
