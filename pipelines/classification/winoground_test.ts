import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { SettingsError } from "../settings.ts";
import { scoreWinoground, winogroundShare } from "./winoground.ts";

Deno.test("equal scores are not right, and a group needs both", () => {
  const of = (scores: [[number, number], [number, number]]) => {
    const { text, image, group } = scoreWinoground(scores);
    return [text, image, group];
  };
  assertEquals(of([[3, 1], [1, 3]]), [true, true, true]);
  assertEquals(of([[3, 2], [3, 3]]), [false, false, false]);
  assertEquals(of([[3, 4], [1, 5]]), [true, false, false]);
  assertEquals(of([[3, 1], [4, 5]]), [false, true, false]);
});

Deno.test("the normalised score takes no notice of how likely a picture is, or how numbers are scaled", () => {
  for (const likelier of [-5, 0, 0.3, 40]) {
    for (const scale of [1e-3, 1]) {
      const scores = [[0.2, 0.1 + likelier], [0.1, 0.15 + likelier]]
        .map((row) => row.map((score) => score * scale)) as [[number, number], [number, number]];
      const score = scoreWinoground(scores);
      assertEquals([score.text, score.normalisedImage, score.normalisedGroup], [true, true, true]);
    }
  }
  // Picture 1 is likely under any words: with a reference caption it no longer speaks for caption 1.
  const pair = [[0, 0], [-1, 0.2]] as const;
  assertEquals(scoreWinoground(pair).normalisedImage, true);
  assertEquals(scoreWinoground([...pair, [-3, 3]]).normalisedImage, false);
});

Deno.test("shares are percent with 1.96 standard errors", () => {
  const right = scoreWinoground([[1, 0], [0, 1]]);
  const wrong = scoreWinoground([[0, 1], [1, 0]]);
  const { count, percent, interval } = winogroundShare([right, wrong, wrong, wrong]);
  assertEquals([count, percent.text, percent.group], [4, 25, 25]);
  assertAlmostEquals(interval.text, 196 * Math.sqrt(0.25 * 0.75 / 4), 1e-9);
  assertThrows(() => scoreWinoground([[1, 2]]), SettingsError);
  assertThrows(() => scoreWinoground([[1, NaN], [1, 2]]), SettingsError);
});
