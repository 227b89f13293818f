/**
 * Which buffer each value lives in: a value takes a slot when it is made and gives it back after its last use, and a later
 * value takes the smallest free slot that holds it. Slots grow to the largest value that they ever hold.
 *
 * @module
 */

/** A value's life, in steps. */
export interface Lifetime {
  /** Words that it takes. */
  readonly words: number;
  /** The step that makes it. */
  readonly from: number;
  /** The last step that uses it. */
  readonly to: number;
}

/** Slots of values. */
export interface MemoryPlan {
  /** Words of each slot. */
  readonly slots: readonly number[];
  /** The slot of each value, in the order given. */
  readonly assigned: readonly number[];
}

/** Assigns slots to values, so that no two values share one while both live. */
export function planMemory(values: readonly Lifetime[]): MemoryPlan {
  const slots: number[] = [];
  const assigned: number[] = new Array(values.length).fill(-1);
  const order = values.map((_, at) => at).sort((a, b) => values[a]!.from - values[b]!.from);
  let free: number[] = [];
  let busy: { slot: number; to: number }[] = [];
  for (const at of order) {
    const { words, from, to } = values[at]!;
    free.push(...busy.filter((each) => each.to < from).map(({ slot }) => slot));
    busy = busy.filter((each) => each.to >= from);
    // The smallest that holds it, else the largest, which then grows.
    let best: number | undefined;
    for (const slot of free) {
      if (best === undefined) {
        best = slot;
        continue;
      }
      const [size, bestSize] = [slots[slot]!, slots[best]!];
      if (
        size >= words ? bestSize < words || size < bestSize : bestSize < words && size > bestSize
      ) {
        best = slot;
      }
    }
    if (best === undefined) best = slots.push(words) - 1;
    else {
      free = free.filter((slot) => slot !== best);
      slots[best] = Math.max(slots[best]!, words);
    }
    assigned[at] = best;
    busy.push({ slot: best, to });
  }
  return { slots, assigned };
}
