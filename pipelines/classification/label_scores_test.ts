import { assertAlmostEquals, assertEquals } from "@std/assert";
import { rankLabels } from "./label_scores.ts";

Deno.test("with one stage scores are the softmax of the negative mean errors", () => {
  const means = [0.5, 0.2, 0.9];
  const ranked = rankLabels(
    means.map((mean, label) => ({ label, errors: [mean - 0.1, mean + 0.1] })),
    { winner: 1, labels: 3, temperature: 0.5 },
  );
  const sum = means.reduce((total, mean) => total + Math.exp(-mean / 0.5), 0);
  assertEquals(ranked.map(({ label }) => label), [1, 0, 2]);
  for (const { label, score, error } of ranked) {
    assertAlmostEquals(error, means[label]!, 1e-12);
    assertAlmostEquals(score, Math.exp(-means[label]! / 0.5) / sum, 1e-12);
  }
});

Deno.test("a label that was left out is compared over the evaluations that it had", () => {
  // Label 1 saw easy timesteps only: its mean is lower than the winner's, but not over the same ones.
  const ranked = rankLabels([
    { label: 0, errors: [0.1, 0.1, 0.9, 0.9] },
    { label: 1, errors: [0.2, 0.2] },
  ], { winner: 0, labels: 2, temperature: 1 });
  assertEquals(ranked.map(({ label }) => label), [0, 1]);
  assertAlmostEquals(ranked[1]!.excess, 0.1, 1e-12);
});

Deno.test("a label stands by its best prompt, and of equal labels the winner is first", () => {
  const ranked = rankLabels([
    { label: 0, errors: [0.9] },
    { label: 1, errors: [0.3] },
    { label: 0, errors: [0.3] },
  ], { winner: 2, labels: 2, temperature: 1 });
  assertEquals(ranked.map(({ label, error }) => [label, error]), [[0, 0.3], [1, 0.3]]);
  assertEquals(ranked[0]!.score, 0.5);
});
