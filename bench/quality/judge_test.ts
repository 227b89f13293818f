import { assert, assertEquals, assertThrows } from "@std/assert";
import { TorchGenerator } from "../../random/torch_generator.ts";
import { judgePicture } from "./judge.ts";
import { SHAPES } from "../../assets/shape_distance.ts";
import {
  caption,
  COLOUR_NAMES,
  describeScene,
  drawScene,
  parseCaption,
  type Relation,
  RELATIONS,
  sampleScene,
  type Scene,
  type SceneWords,
  type ThingWords,
} from "../../assets/shapes_world.ts";

const generator = new TorchGenerator(20);

function drawn(scene: Scene, size = 128) {
  return { height: size, width: size, data: drawScene(scene, size) };
}

/** Prompts that differ from what a scene shows in one visible way each. */
function* untruths(scene: Scene): Generator<SceneWords> {
  const words = describeScene(scene);
  const next = <T>(list: readonly T[], value: T): T =>
    list[(list.indexOf(value) + 1) % list.length]!;
  const alike = new Set(words.things.map((thing) => JSON.stringify(thing))).size === 1;
  yield { ...words, background: next(COLOUR_NAMES, scene.background) };
  for (let i = 0; i < words.things.length; i++) {
    const change = (part: Partial<ThingWords>) =>
      words.things.map((thing, j) => j === i ? { ...thing, ...part } : thing);
    const { shape, colour, size } = words.things[i]!;
    yield { ...words, things: change({ shape: next(SHAPES, shape) }) };
    yield { ...words, things: change({ colour: next(COLOUR_NAMES, colour) }) };
    // No caption says `medium`, so another size than the true one is said.
    yield { ...words, things: change({ size: size === "small" ? "large" : "small" }) };
  }
  const { relation, ...others } = words;
  if (relation === undefined) {
    yield { ...words, things: [...words.things, words.things[0]!], relation: "above" };
    return;
  }
  yield { ...others, things: [words.things[0]!] };
  // Of two things that are alike, either may be the first.
  const opposite = {
    "above": "below",
    "below": "above",
    "left of": "right of",
    "right of": "left of",
  } as const;
  const wrong = (Object.keys(RELATIONS) as Relation[])
    .filter((other) => other !== relation && !(alike && other === opposite[relation]));
  for (const other of wrong) yield { ...words, relation: other };
}

Deno.test("a drawn scene shows its caption, in every size of picture", () => {
  for (let i = 0; i < 150; i++) {
    const { scene, caption: prompt } = sampleScene(generator);
    const size = [128, 96, 64][i % 3]!;
    const judgement = judgePicture(drawn(scene, size), prompt);
    assertEquals({ prompt, ...judgement.aspects, score: judgement.score }, {
      prompt,
      ...Object.fromEntries(Object.keys(judgement.aspects).map((aspect) => [aspect, true])),
      score: 1,
    });
    // Small pictures are edge for the most part, where a pixel is neither thing nor background.
    assert(judgement.overlap > (size === 128 ? 0.9 : 0.8), `${prompt}: ${judgement.overlap}`);
    assert(judgement.shown, prompt);
  }
});

Deno.test("a drawn scene does not show what differs in one visible way", () => {
  for (let i = 0; i < 40; i++) {
    const { scene } = sampleScene(generator);
    const picture = drawn(scene, 96);
    for (const words of untruths(scene)) {
      const text = `${caption(describeScene(scene))}, not ${caption(words)}`;
      const { shown, score } = judgePicture(picture, caption(words));
      assert(!shown && score < 1, text);
    }
  }
});

Deno.test("a blurred and noisy scene still shows its caption", () => {
  for (let i = 0; i < 40; i++) {
    const { scene, caption: prompt } = sampleScene(generator);
    const picture = drawn(scene);
    const noise = generator.randn(picture.data.length);
    const data = blur(blur(picture.data, 128), 128)
      .map((value, k) => Math.min(Math.max(value + 6 * noise[k]!, 0), 255));
    assert(judgePicture({ ...picture, data }, prompt).shown, prompt);
  }
});

Deno.test("each aspect is judged by itself", () => {
  const scene: Scene = {
    background: "gray",
    things: [
      { shape: "star", colour: "red", size: "small", x: -0.5, y: 0 },
      { shape: "ring", colour: "blue", size: "medium", x: 0.5, y: 0 },
    ],
  };
  const aspects = (prompt: string) => judgePicture(drawn(scene), prompt).aspects;
  const all = { count: true, colour: true, shape: true, relation: true, size: true };
  assertEquals(aspects("a small red star left of a blue ring"), all);
  assertEquals(aspects("a blue ring right of a small red star"), all);
  assertEquals(aspects("a small red star right of a blue ring"), { ...all, relation: false });
  assertEquals(aspects("a small red star left of a blue heart"), { ...all, shape: false });
  assertEquals(aspects("a small red star left of a pink ring"), { ...all, colour: false });
  assertEquals(aspects("a large red star left of a blue ring"), { ...all, size: false });
  assertEquals(aspects("a small red star left of a blue ring on a white background"), {
    ...all,
    background: false,
  });
  assertEquals(aspects("a red star"), { count: false, colour: true, shape: true });
});

Deno.test("an empty picture and noise show nothing", () => {
  const empty = drawn({ background: "white", things: [] });
  const noise = {
    ...empty,
    data: Uint8Array.from(generator.randint(128 * 128 * 3, { high: 256 })),
  };
  for (
    const prompt of ["a red heart", "a red heart above a small blue ring on a white background"]
  ) {
    assert(!judgePicture(empty, prompt).shown);
    assert(!judgePicture(noise, prompt).shown);
  }
  const { background, things } = parseCaption("a red heart on a white background");
  assertEquals(judgePicture(empty, caption({ things, background: background! })).aspects, {
    count: false,
    colour: false,
    shape: false,
    background: true,
  });
});

Deno.test("data of another size than the sides say is refused", () => {
  const picture = { height: 4, width: 4, data: new Uint8Array(64) };
  assertThrows(() => judgePicture(picture, "a red heart"), RangeError, "4 x 4 with 64 bytes");
});

/** The mean of every pixel and its eight neighbours; the rim stays. */
function blur(data: Uint8Array, size: number): Uint8Array {
  return data.map((value, i) => {
    const [row, column] = [Math.floor(i / 3 / size), Math.floor(i / 3) % size];
    if (Math.min(row, column) === 0 || Math.max(row, column) === size - 1) return value;
    let sum = 0;
    for (const down of [-size, 0, size]) {
      for (const right of [-1, 0, 1]) sum += data[i + 3 * (down + right)]!;
    }
    return sum / 9 + 0.5;
  });
}
