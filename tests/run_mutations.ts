/**
 * Opens damaged files and sees that each is read or refused, and nothing worse.
 *
 * @module
 */
import { withinDeadline } from "../conformance/deadline.ts";
import { isOurError } from "../conformance/our_error.ts";
import { makeRandom } from "./images/zoo.ts";
import { damaged, readSpecimens, type Specimen } from "./specimens.ts";

/** How many files there were of each kind. */
export interface MutationReport {
  /** Damaged files that were read all the same. */
  readonly read: number;
  /** Files that were refused with an error of ours. */
  readonly refused: number;
  /** What else happened: the specimen, the seed that damages it in this way, and the error. */
  readonly failures: readonly string[];
  /** The longest time that one took, in milliseconds, and which. */
  readonly slowest: readonly [milliseconds: number, which: string];
  /** Refusals by class of error. */
  readonly classes: ReadonlyMap<string, number>;
}

/** How a run goes. */
export interface MutationOptions {
  /** The first seed; the others follow it. A seed says all: which specimen, and how it is damaged. Default 1. */
  readonly first?: number;
  /** What is damaged. Default: {@linkcode readSpecimens}. */
  readonly specimens?: readonly (readonly Specimen[])[];
  /** Told of each file that was opened. */
  readonly onRound?: (round: number) => void;
}

/** Damages the specimens in turn, `count` times in all, and opens what comes out. */
export async function runMutations(
  count: number,
  { first = 1, specimens, onRound }: MutationOptions = {},
): Promise<MutationReport> {
  const groups = specimens ?? await readSpecimens();
  const classes = new Map<string, number>();
  const failures: string[] = [];
  let [read, refused] = [0, 0];
  let slowest: [number, string] = [0, ""];
  for (let round = 0; round < count; round++) {
    const seed = first + round;
    const group = groups[seed % groups.length]!;
    const specimen = group[Math.floor(seed / groups.length) % group.length]!;
    const which = `${specimen.name}, seed ${seed}`;
    const random = makeRandom(seed);
    for (let i = 0; i < 5; i++) random(); // the first numbers of neighbouring seeds are alike
    const files = await damaged(specimen, random);
    const before = Reflect.ownKeys(Object.prototype).length;
    const started = performance.now();
    try {
      await withinDeadline(() => specimen.open(files));
      read++;
    } catch (error) {
      if (isOurError(error) && error.message.length < 2000) refused++;
      else failures.push(`${which}: ${error instanceof Error ? error.stack : error}`);
      const name = error instanceof Error ? error.name : typeof error;
      classes.set(name, 1 + (classes.get(name) ?? 0));
    }
    if (Reflect.ownKeys(Object.prototype).length !== before) {
      failures.push(`${which}: all objects have changed`);
    }
    const took = performance.now() - started;
    if (took > slowest[0]) slowest = [took, which];
    onRound?.(round);
  }
  return { read, refused, failures, slowest, classes };
}
