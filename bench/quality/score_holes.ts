/**
 * Judges what holes were filled with.
 *
 * @module
 */
import { parseCaption, type ThingWords } from "../../assets/shapes_world.ts";
import { type Hole, isInside } from "./hole.ts";
import { judgeObservation } from "./judge.ts";
import { observePicture } from "./observe_picture.ts";
import type { Share } from "./score_pictures.ts";
import type { RgbPicture } from "./segment_picture.ts";

/** A picture whose hole was filled, and what was asked for. */
export interface FilledHole {
  readonly picture: RgbPicture;
  readonly hole: Hole;
  /** The thing that the prompt names for the hole. */
  readonly words: ThingWords;
  /** The whole prompt. */
  readonly prompt: string;
}

/** What one hole was filled with, as in {@linkcode HoleScores}. */
export interface HoleJudgement {
  readonly one: boolean;
  readonly colour: boolean;
  /** Undefined if no size is said. */
  readonly size: boolean | undefined;
  readonly nearestShape: boolean;
  readonly shape: boolean;
  readonly both: boolean;
  readonly overlap: number;
}

/** What holes were filled with. */
export interface HoleScores {
  /** One a hole. */
  readonly judgements: readonly HoleJudgement[];
  /** Just one thing stands in the hole. */
  readonly one: Share;
  /** It has the colour. */
  readonly colour: Share;
  /** It has the size, of those whose prompt says one. */
  readonly size: Share;
  /** Of all shapes the one that is named fits it best, however badly. */
  readonly nearestShape: Share;
  /** That shape fits it as well as the judge asks of a shape. */
  readonly shape: Share;
  /** It has colour and shape. */
  readonly both: Share;
  /** The mean overlap of its silhouette with the named shape, 0 to 1. */
  readonly overlap: number;
  /** All that the whole prompt says of the picture holds but, it may be, the shapes. */
  readonly composed: Share;
  /** All that the whole prompt says of the picture holds. */
  readonly shown: Share;
  /** The shares by chance: every filling judged by the things of all other scenes' prompts. */
  readonly chance: Readonly<Record<"colour" | "nearestShape" | "shape" | "both", Share>>;
}

/**
 * Judges fillings from the pictures alone. What stands in a hole is what has its centroid there; of several things the largest
 * counts for the nearest shape and the kindest for the rest, as the judge has it.
 *
 * @throws {RangeError} If there are fewer than two.
 * @throws {SyntaxError} If a prompt is not of the Shapes world's grammar.
 */
export function scoreHoles(fillings: readonly FilledHole[]): HoleScores {
  if (fillings.length < 2) {
    throw new RangeError(`Cannot score ${fillings.length} holes: chance needs two`);
  }
  const seen = fillings.map(seeHole);
  const own = fillings.map(({ words }, at) => judgeThing(seen[at]!, words));
  const whole = fillings.map(({ prompt }, at) =>
    judgeObservation(seen[at]!.all, parseCaption(prompt))
  );
  const others = seen.flatMap((each, at) =>
    fillings.flatMap(({ words }, other) => other === at ? [] : [judgeThing(each, words)])
  );
  return {
    judgements: own,
    one: share(own, ({ one }) => one),
    colour: share(own, ({ colour }) => colour),
    size: share(own, ({ size }) => size),
    nearestShape: share(own, ({ nearestShape }) => nearestShape),
    shape: share(own, ({ shape }) => shape),
    both: share(own, ({ both }) => both),
    overlap: own.reduce((sum, { overlap }) => sum + overlap, 0) / own.length,
    composed: share(
      whole,
      ({ aspects: { shape: _, ...rest } }) => Object.values(rest).every((holds) => holds),
    ),
    shown: share(whole, ({ shown }) => shown),
    chance: {
      colour: share(others, ({ colour }) => colour),
      nearestShape: share(others, ({ nearestShape }) => nearestShape),
      shape: share(others, ({ shape }) => shape),
      both: share(others, ({ both }) => both),
    },
  };
}

/** All that is seen in a picture, and of it what stands in the hole. */
function seeHole({ picture, hole }: FilledHole) {
  const all = observePicture(picture);
  const unit = Math.min(picture.width, picture.height) / 2;
  const things = all.things.filter(({ x, y }) =>
    isInside(hole, { column: x * unit + picture.width / 2, row: y * unit + picture.height / 2 })
  );
  return { all, there: { ...all, things } };
}

function judgeThing({ there }: ReturnType<typeof seeHole>, words: ThingWords): HoleJudgement {
  const { aspects, overlap } = judgeObservation(there, { things: [words] });
  const { count = false, colour = false, shape = false, size } = aspects;
  return {
    one: count,
    colour,
    shape,
    size,
    both: colour && shape,
    nearestShape: there.things[0]?.shape === words.shape,
    overlap,
  };
}

function share<T>(list: readonly T[], holds: (each: T) => boolean | undefined): Share {
  const answers = list.map(holds).filter((answer) => answer !== undefined);
  return { held: answers.filter((answer) => answer).length, asked: answers.length };
}
