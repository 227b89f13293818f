/**
 * Scores a set of pictures by their prompts.
 *
 * @module
 */
import { type Aspect, ASPECTS, type Judgement, judgeObservation } from "./judge.ts";
import { observePicture } from "./observe_picture.ts";
import type { RgbPicture } from "./segment_picture.ts";
import { parseCaption } from "../../assets/shapes_world.ts";

/** How many of those asked. */
export interface Share {
  /** Pictures in which it holds. */
  readonly held: number;
  /** Pictures whose prompt speaks of it. */
  readonly asked: number;
}

/** The judgement of a set of pictures. */
export interface PictureScores {
  /** One a picture. */
  readonly judgements: readonly Judgement[];
  /** Pictures in which each aspect holds. */
  readonly aspects: Readonly<Record<Aspect, Share>>;
  /** Pictures in which all that is asked holds. */
  readonly shown: Share;
  /** Pictures in which all that is asked holds but, it may be, the shapes: what a small model learns first. */
  readonly composed: Share;
  /** Mean share of the aspects that hold, 0 to 1. */
  readonly score: number;
  /** Mean overlap of silhouettes with the named shapes, 0 to 1. */
  readonly overlap: number;
  /** `confusion[i][j]`: whether picture i shows prompt j. */
  readonly confusion: readonly (readonly boolean[])[];
}

/**
 * Judges every picture by its prompt, and by everyone else's.
 *
 * @throws {RangeError} If there is not one prompt a picture, or no picture.
 * @throws {SyntaxError} If a prompt is not of the Shapes world's grammar.
 */
export function scorePictures(
  pictures: readonly RgbPicture[],
  prompts: readonly string[],
): PictureScores {
  if (pictures.length !== prompts.length || pictures.length === 0) {
    throw new RangeError(
      `Cannot score ${pictures.length} pictures by ${prompts.length} prompts: wanted one a picture`,
    );
  }
  const wanted = prompts.map(parseCaption);
  const all = pictures.map((picture) => {
    const seen = observePicture(picture);
    return wanted.map((words) => judgeObservation(seen, words));
  });
  const judgements = all.map((row, i) => row[i]!);
  const share = (answers: readonly (boolean | undefined)[]): Share => ({
    held: answers.filter((answer) => answer === true).length,
    asked: answers.filter((answer) => answer !== undefined).length,
  });
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const shares = ASPECTS.map((aspect) =>
    [aspect, share(judgements.map(({ aspects }) => aspects[aspect]))] as const
  );
  return {
    judgements,
    aspects: Object.fromEntries(shares) as Record<Aspect, Share>,
    shown: share(judgements.map(({ shown }) => shown)),
    composed: share(
      judgements.map(({ aspects }) =>
        ASPECTS.every((aspect) => aspect === "shape" || aspects[aspect] !== false)
      ),
    ),
    score: mean(judgements.map(({ score }) => score)),
    overlap: mean(judgements.map(({ overlap }) => overlap)),
    confusion: all.map((row) => row.map(({ shown }) => shown)),
  };
}
