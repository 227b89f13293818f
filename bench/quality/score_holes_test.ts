import { assert, assertEquals, assertThrows } from "@std/assert";
import { arrangeScene, drawScene, parseCaption } from "../../assets/shapes_world.ts";
import { holeAround } from "./hole.ts";
import { formatHoleScores } from "./inpainting.ts";
import { type FilledHole, scoreHoles } from "./score_holes.ts";
import { smoothFill } from "./smooth_fill.ts";

const SIZE = 64;
const PROMPTS = [
  "a small red star left of a blue ring on a gray background",
  "a pink heart on a black background",
  "a large green square",
];

/** The hole of a prompt's first thing, filled as another prompt would have it. */
function filled(prompt: string, shown = prompt): FilledHole {
  const scene = arrangeScene(parseCaption(prompt));
  const picture = {
    height: SIZE,
    width: SIZE,
    data: drawScene(arrangeScene(parseCaption(shown)), SIZE),
  };
  const words = scene.things[0]!;
  return { picture, hole: holeAround(words, SIZE), words, prompt };
}

const drawn = scoreHoles(PROMPTS.map((prompt) => filled(prompt)));

Deno.test("what was drawn is what is asked for, and by chance nothing is", () => {
  const every = { held: 3, asked: 3 };
  const { judgements, overlap, chance, ...shares } = drawn;
  assertEquals(shares, {
    one: every,
    colour: every,
    size: { held: 2, asked: 2 },
    nearestShape: every,
    shape: every,
    both: every,
    composed: every,
    shown: every,
  });
  assert(overlap > 0.8);
  assertEquals(judgements.length, 3);
  const none = { held: 0, asked: 6 };
  assertEquals(chance, { colour: none, nearestShape: none, shape: none, both: none });
});

Deno.test("each fault of a filling is told from the others", () => {
  const [prompt, other] = PROMPTS as [string, string];
  const scores = (shown: string) => {
    const { judgements: [first], composed } = scoreHoles([filled(prompt, shown), filled(other)]);
    const { overlap: _, ...judgement } = first!;
    return { ...judgement, composed: composed.held === 2 };
  };
  const right = {
    one: true,
    colour: true,
    size: true,
    nearestShape: true,
    shape: true,
    both: true,
    composed: true,
  };
  const rest = "left of a blue ring on a gray background";
  assertEquals(scores(`a small red star ${rest}`), right);
  assertEquals(scores(`a small green star ${rest}`), {
    ...right,
    colour: false,
    both: false,
    composed: false,
  });
  assertEquals(scores(`a small red triangle ${rest}`), {
    ...right,
    nearestShape: false,
    shape: false,
    both: false,
  });
  assertEquals(scores(`a red star ${rest}`), { ...right, size: false, composed: false });
});

Deno.test("a hole that is filled smoothly shows nothing, whatever is beside it", () => {
  const smooth = PROMPTS.map((prompt) => {
    const each = filled(prompt);
    return { ...each, picture: smoothFill(each.picture, each.hole) };
  });
  const { one, colour, shape, both, overlap } = scoreHoles(smooth);
  const none = { held: 0, asked: 3 };
  assertEquals([one, colour, shape, both], [none, none, none, none]);
  assertEquals(overlap, 0);
});

Deno.test("a filling that is right for another prompt counts for chance", () => {
  const [prompt, other] = PROMPTS as [string, string];
  // Both holes are in the middle, and each shows what the other should.
  const middle = "a red star on a gray background";
  const { colour, chance } = scoreHoles([filled(other, middle), filled(middle, other)]);
  assertEquals(colour, { held: 0, asked: 2 });
  assertEquals(chance.both, { held: 2, asked: 2 });
  assertThrows(() => scoreHoles([filled(prompt)]), RangeError, "1 holes");
});

Deno.test("the table has what was found of those asked, and chance in percent", () => {
  const text = formatHoleScores({
    original: drawn,
    autoencoder: drawn,
    model: { ...drawn, colour: { held: 1, asked: 3 }, overlap: 0.5 },
    smooth: drawn,
  });
  const rows = text.split("\n").map((line) => line.split(/ {2,}/));
  assertEquals(rows[2], ["its colour", "3/3", "3/3", "1/3", "3/3", "0.0 %"]);
  assertEquals(rows[3], ["its size", "2/2", "2/2", "2/2", "2/2", "-"]);
  assertEquals(rows[7]![3], "0.500");
});
