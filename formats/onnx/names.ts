/**
 * Names that are used once.
 *
 * @module
 */

/** Hands out names: the wanted one, or with a number behind it if it is taken. */
export function nameAllocator(taken: Iterable<string>): (wanted: string) => string {
  const used = new Set<string>(taken);
  const next = new Map<string, number>();
  return (wanted) => {
    let name = wanted;
    // The counter is kept, or a name wanted a thousand times would be looked up half a million times.
    for (let at = next.get(wanted) ?? 1; used.has(name); at++) {
      name = `${wanted}_${at}`;
      next.set(wanted, at + 1);
    }
    used.add(name);
    return name;
  };
}
