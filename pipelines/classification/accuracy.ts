/**
 * How many answers are right.
 *
 * @module
 */

/** An answer and what it should be. */
export interface Answer {
  /** The right label. */
  readonly truth: string;
  /** The label that was given. */
  readonly answer: string;
}

/** How the answers to one label's pictures went. */
export interface ClassAccuracy {
  /** The label. */
  readonly label: string;
  /** Pictures of it. */
  readonly count: number;
  /** Right answers among them. */
  readonly correct: number;
}

/** How the answers went. */
export interface AccuracyReport {
  /** Answers. */
  readonly count: number;
  /** Right ones. */
  readonly correct: number;
  /** Their share; NaN of none. */
  readonly accuracy: number;
  /** 1.96 standard errors of the accuracy. */
  readonly interval: number;
  /** The mean over the labels of the share of right answers; labels without pictures are left out. */
  readonly meanPerClass: number;
  /** Each label that has pictures, sorted. */
  readonly classes: readonly ClassAccuracy[];
  /** How often each answer was given to each label's pictures, the most frequent mistakes first. */
  readonly mistakes: readonly (Answer & { readonly count: number })[];
  /** Labels that are a truth or an answer, sorted: the axes of `confusion`. */
  readonly labels: readonly string[];
  /** `confusion[truth][answer]`: how many. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Sums up answers.
 *
 * @example
 * ```ts
 * import { accuracyReport } from "./accuracy.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { accuracy, meanPerClass, confusion } = accuracyReport([
 *   { truth: "cat", answer: "cat" },
 *   { truth: "cat", answer: "cat" },
 *   { truth: "dog", answer: "cat" },
 * ]);
 * assertEquals([accuracy, meanPerClass], [2 / 3, 0.5]);
 * assertEquals(confusion, [[2, 0], [1, 0]]);
 * ```
 */
export function accuracyReport(answers: readonly Answer[]): AccuracyReport {
  const labels = [...new Set(answers.flatMap(({ truth, answer }) => [truth, answer]))].sort();
  const place = new Map(labels.map((label, at) => [label, at]));
  const confusion = labels.map(() => labels.map(() => 0));
  for (const { truth, answer } of answers) confusion[place.get(truth)!]![place.get(answer)!]!++;
  const classes = labels
    .map((label, at): ClassAccuracy => ({
      label,
      count: confusion[at]!.reduce((sum, count) => sum + count, 0),
      correct: confusion[at]![at]!,
    }))
    .filter(({ count }) => count > 0);
  const count = answers.length;
  const correct = classes.reduce((sum, each) => sum + each.correct, 0);
  const accuracy = correct / count;
  return {
    count,
    correct,
    accuracy,
    interval: 1.96 * Math.sqrt(accuracy * (1 - accuracy) / count),
    meanPerClass: classes.reduce((sum, each) => sum + each.correct / each.count, 0) /
      classes.length,
    classes,
    mistakes: labels
      .flatMap((truth, row) =>
        labels.map((answer, column) => ({ truth, answer, count: confusion[row]![column]! }))
      )
      .filter(({ truth, answer, count }) => truth !== answer && count > 0)
      .sort((a, b) => b.count - a.count),
    labels,
    confusion,
  };
}
