/**
 * Does a picture show its prompt? Measured from pixels, with no model.
 *
 * @module
 */
import { type Observation, type ObservedThing, observePicture } from "./observe_picture.ts";
import type { RgbPicture } from "./segment_picture.ts";
import {
  parseCaption,
  RADII,
  relationOf,
  type SceneWords,
  type Size,
  type ThingWords,
} from "../../assets/shapes_world.ts";

/** What a prompt can be right about, and a picture wrong. */
export const ASPECTS = ["count", "colour", "shape", "relation", "size", "background"] as const;

/** One of {@linkcode ASPECTS}. */
export type Aspect = typeof ASPECTS[number];

/** What is found of a prompt in a picture. */
export interface Judgement {
  /** Whether every aspect that the prompt speaks of holds. */
  readonly shown: boolean;
  /**
   * Whether each aspect holds; absent where the prompt does not speak of it. `count`: as many things as are named;
   * `colour`, `shape` and `size`: those of every thing.
   */
  readonly aspects: Readonly<Partial<Record<Aspect, boolean>>>;
  /** Share of the aspects spoken of that hold. */
  readonly score: number;
  /** How well the silhouettes match the named shapes: pixels in both by pixels in either, the mean over things named. */
  readonly overlap: number;
}

/**
 * A silhouette shows a shape if no other matches better and at least this share overlaps. Scenes drawn in 128 x 128
 * pixels reach 0.9, and 0.85 when blurred; a silhouette that misses this has no shape of the world.
 */
const LEAST_OVERLAP = 0.7;

/**
 * Judges a picture by its prompt, a caption of the Shapes world.
 *
 * @throws {SyntaxError} If the prompt is not of the world's grammar.
 * @throws {RangeError} If the picture's data has another size than its sides say.
 *
 * @example A drawn scene shows its caption, and no other
 * ```ts
 * import { judgePicture } from "./judge.ts";
 * import { arrangeScene, drawScene, parseCaption } from "../../assets/shapes_world.ts";
 *
 * const prompt = "a small red star above a blue ring on a white background";
 * const picture = { height: 128, width: 128, data: drawScene(arrangeScene(parseCaption(prompt)), 128) };
 * judgePicture(picture, prompt).shown; // true
 * judgePicture(picture, "a small red star below a blue ring").aspects.relation; // false
 * ```
 */
export function judgePicture(picture: RgbPicture, prompt: string): Judgement {
  return judgeObservation(observePicture(picture), parseCaption(prompt));
}

/** Judges what was seen in a picture; see {@linkcode judgePicture}. */
export function judgeObservation(seen: Observation, wanted: SceneWords): Judgement {
  // Which thing seen is which thing named is not known: of all pairings, the kindest counts.
  const judgements = pairings(seen.things, wanted.things.length)
    .map((things) => judgePairing(seen, { wanted, things }));
  return judgements.reduce((best, other) =>
    other.score > best.score || (other.score === best.score && other.overlap > best.overlap)
      ? other
      : best
  );
}

/** A thing seen for each thing named; undefined where there is none. */
type Pairing = readonly (ObservedThing | undefined)[];

/** All ways to choose `count` things in order. Where there are too few, some places stay empty. */
function pairings(things: readonly ObservedThing[], count: number): readonly Pairing[] {
  if (count === 0) return [[]];
  const enough = things.length >= count;
  const choices: readonly (ObservedThing | undefined)[] = enough ? things : [...things, undefined];
  return choices.flatMap((thing) =>
    pairings(things.filter((other) => other !== thing), count - 1).map((rest) => [thing, ...rest])
  );
}

function judgePairing(
  seen: Observation,
  { wanted, things }: { readonly wanted: SceneWords; readonly things: Pairing },
): Judgement {
  const pairs = wanted.things.map((words, i) => ({ words, thing: things[i] }));
  const sized = pairs.filter(({ words }) => words.size !== "medium");
  const aspects: Partial<Record<Aspect, boolean>> = {
    count: seen.things.length === wanted.things.length,
    colour: pairs.every(({ words, thing }) => thing?.colour === words.colour),
    shape: pairs.every(({ words, thing }) => hasShape(words, thing)),
  };
  if (wanted.relation !== undefined) {
    const [one, two] = things;
    const found = one !== undefined && two !== undefined ? relationOf(one, two) : undefined;
    aspects.relation = found === wanted.relation;
  }
  if (sized.length > 0) aspects.size = sized.every(({ words, thing }) => hasSize(words, thing));
  if (wanted.background !== undefined) aspects.background = seen.background === wanted.background;
  const held = Object.values(aspects);
  const overlaps = pairs.map(({ words, thing }) => thing?.matches[words.shape].overlap ?? 0);
  return {
    shown: held.every((holds) => holds),
    aspects,
    score: held.filter((holds) => holds).length / held.length,
    overlap: overlaps.reduce((sum, overlap) => sum + overlap, 0) / overlaps.length,
  };
}

function hasShape({ shape }: ThingWords, thing: ObservedThing | undefined): boolean {
  return thing?.shape === shape && thing.matches[shape].overlap >= LEAST_OVERLAP;
}

/** Whether the named shape, where it fits best, is nearer to its named radius than to the others, by ratio. */
function hasSize({ shape, size }: ThingWords, thing: ObservedThing | undefined): boolean {
  if (thing === undefined) return false;
  const ratio = (other: Size) => Math.abs(Math.log(thing.matches[shape].r / RADII[other]));
  return (Object.keys(RADII) as Size[]).every((other) => ratio(size) <= ratio(other));
}
