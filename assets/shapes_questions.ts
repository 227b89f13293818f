/**
 * Questions about scenes of the Shapes world, each with the answers to choose from.
 *
 * @module
 */
import { SHAPES } from "./shape_distance.ts";
import {
  caption,
  COLOUR_NAMES,
  parseCaption,
  type Relation,
  sampleScene,
  type Scene,
  type SceneWords,
  type ThingWords,
  type UniformGenerator,
} from "./shapes_world.ts";

/** What is asked: the shape or the colour of a thing alone, or how two things lie to each other. */
export const QUESTION_KINDS = ["shape", "colour", "relation"] as const;

/** A kind of question. */
export type QuestionKind = typeof QUESTION_KINDS[number];

/** A scene and what may be said of it. */
export interface Question {
  /** The scene. */
  readonly scene: Scene;
  /** Its caption. */
  readonly caption: string;
  /** The answers; for the relation the right one is `as captioned`, the other `reversed`. */
  readonly labels: readonly string[];
  /** The scene's caption as each answer would have it. */
  readonly prompts: readonly string[];
  /** The right answer, by position. */
  readonly truth: number;
}

const OPPOSITES: Readonly<Record<Relation, Relation>> = {
  "above": "below",
  "below": "above",
  "left of": "right of",
  "right of": "left of",
};

/** Labels of a kind of question. */
export function questionLabels(kind: QuestionKind): readonly string[] {
  switch (kind) {
    case "shape":
      return SHAPES;
    case "colour":
      return COLOUR_NAMES;
    case "relation":
      return ["as captioned", "reversed"];
  }
}

/**
 * Draws scenes until one is right for the question. Colours are asked of things whose background is unsaid: it has another
 * colour, and would tell one wrong answer.
 */
export function sampleQuestion(kind: QuestionKind, generator: UniformGenerator): Question {
  while (true) {
    const { scene, caption: text } = sampleScene(generator);
    const words = parseCaption(text);
    const fits = kind === "relation"
      ? words.relation !== undefined
      : words.things.length === 1 && (kind === "shape" || words.background === undefined);
    if (!fits) continue;
    const { labels, truth, variants } = answers(kind, words);
    return { scene, caption: text, labels, truth, prompts: variants.map(caption) };
  }
}

function answers(
  kind: QuestionKind,
  words: SceneWords,
): Pick<Question, "labels" | "truth"> & { readonly variants: readonly SceneWords[] } {
  const labels = questionLabels(kind);
  const [thing, ...others] = words.things as readonly [ThingWords, ...ThingWords[]];
  switch (kind) {
    case "shape":
      return {
        labels,
        truth: SHAPES.indexOf(thing.shape),
        variants: SHAPES.map((shape) => ({ ...words, things: [{ ...thing, shape }, ...others] })),
      };
    case "colour":
      return {
        labels,
        truth: COLOUR_NAMES.indexOf(thing.colour),
        variants: COLOUR_NAMES.map((colour) => ({
          ...words,
          things: [{ ...thing, colour }, ...others],
        })),
      };
    case "relation":
      return {
        labels,
        truth: 0,
        variants: [words, { ...words, relation: OPPOSITES[words.relation!] }],
      };
  }
}
