/**
 * From errors of prompts to scores of labels.
 *
 * @module
 */

/** What is known of a prompt when all stages are done. */
export interface ScoredPrompt {
  /** Which label it stands for, by position. */
  readonly label: number;
  /** Its errors, in the order of evaluation; fewer than the winner's if it was left out early. */
  readonly errors: ArrayLike<number>;
}

/** A label and how well it explains the picture. */
export interface RankedLabel {
  /** Which label, by position. */
  readonly label: number;
  /** Share of 1. */
  readonly score: number;
  /** The mean error of its best prompt. */
  readonly error: number;
  /** By how much that is more than the winner's, over the same evaluations. */
  readonly excess: number;
}

/**
 * Ranks labels, best first. A label stands by its best prompt. Its score is the softmax of the negative mean error, divided by
 * a temperature, as in the paper's equation 4. Stages leave labels out after few evaluations, whose mean says nothing
 * beside that of many: so each label is compared with the winner over the evaluations that both have. With one stage these
 * are the plain means (softmax takes no notice of what is subtracted from all); with several no label that was left out can
 * pass the winner, because it lost to it over these very evaluations.
 */
export function rankLabels(
  prompts: readonly ScoredPrompt[],
  options: { readonly winner: number; readonly labels: number; readonly temperature: number },
): readonly RankedLabel[] {
  const winner = prompts[options.winner]!;
  const best = new Map<number, { error: number; excess: number }>();
  for (const { label, errors } of prompts) {
    const error = mean(errors, errors.length);
    const excess = error - mean(winner.errors, errors.length);
    const other = best.get(label);
    if (other === undefined || excess < other.excess) best.set(label, { error, excess });
  }
  const weights = Array.from(
    { length: options.labels },
    (_, label) => Math.exp(-best.get(label)!.excess / options.temperature),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights
    .map((weight, label) => ({ label, score: weight / sum, ...best.get(label)! }))
    // Of equal ones the winner is first: its label was taken, whatever the order.
    .sort((a, b) =>
      a.excess - b.excess || Number(b.label === winner.label) - Number(a.label === winner.label)
    );
}

function mean(numbers: ArrayLike<number>, count: number): number {
  let sum = 0;
  for (let at = 0; at < count; at++) sum += numbers[at]!;
  return sum / count;
}
