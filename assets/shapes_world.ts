/**
 * Shapes: a world of captioned pictures, small enough to learn on a CPU. A scene is a background colour and one or two
 * evenly lit things; its caption names them. The embedded models are trained on it, so what they draw can be judged.
 *
 * Coordinates: x to the right, y down, the picture is [-1, 1] x [-1, 1].
 *
 * @module
 */
import { type Shape, shapeDistance, SHAPES } from "./shape_distance.ts";

/** Red, green and blue of every colour, 0 to 255. */
export const COLOURS = {
  red: [220, 50, 47],
  orange: [245, 140, 30],
  yellow: [250, 215, 60],
  green: [60, 160, 70],
  cyan: [60, 200, 210],
  blue: [45, 85, 205],
  purple: [130, 65, 170],
  pink: [245, 150, 190],
  white: [245, 245, 245],
  black: [25, 25, 30],
  gray: [135, 135, 140],
  brown: [125, 80, 45],
} as const;

/** A colour's name. */
export type Colour = keyof typeof COLOURS;

/** The names of the colours, in the order of the vocabulary. */
export const COLOUR_NAMES = Object.keys(COLOURS) as readonly Colour[];

/** Radius of each size. A caption leaves `medium` unsaid. */
export const RADII = { small: 0.22, medium: 0.34, large: 0.5 } as const;

/** A size. */
export type Size = keyof typeof RADII;

/** Where the first thing is, seen from the second: steps to the right and down. */
export const RELATIONS = {
  "above": [0, -1],
  "below": [0, 1],
  "left of": [-1, 0],
  "right of": [1, 0],
} as const;

/** How two things lie to each other. */
export type Relation = keyof typeof RELATIONS;

/** What a caption says of a thing. */
export interface ThingWords {
  /** Its silhouette. */
  readonly shape: Shape;
  /** Its colour. */
  readonly colour: Colour;
  /** Its size, `medium` where none is said. */
  readonly size: Size;
}

/** What a caption says. */
export interface SceneWords {
  /** One thing, or two in the order of their naming. */
  readonly things: readonly ThingWords[];
  /** Of the first thing to the second; absent with one thing. */
  readonly relation?: Relation;
  /** Colour of the background, if it is said. */
  readonly background?: Colour;
}

/** A thing and its place. */
export interface Thing extends ThingWords {
  /** Its middle, to the right. */
  readonly x: number;
  /** Its middle, down. */
  readonly y: number;
}

/** All that a picture is drawn from. */
export interface Scene {
  /** Colour of the background. */
  readonly background: Colour;
  /** Later ones are drawn over earlier ones. */
  readonly things: readonly Thing[];
}

/** A source of uniform numbers in [0, 1). */
export interface UniformGenerator {
  /** The next `size` numbers. */
  rand(size: number): ArrayLike<number>;
}

/** The caption of what is given: "a small cyan ring left of a red heart on a gray background". */
export function caption({ things, relation, background }: SceneWords): string {
  const named = things.map(({ shape, colour, size }) => {
    const words = size === "medium" ? [colour, shape] : [size, colour, shape];
    return [/^[aeiou]/.test(words[0]!) ? "an" : "a", ...words].join(" ");
  });
  const place = background === undefined ? "" : ` on a ${background} background`;
  return named.join(` ${relation} `) + place;
}

/** The words for a scene: of two things, the relation is along the axis on which they are further apart. */
export function describeScene({ things, background }: Scene): SceneWords {
  const words = things.map(({ shape, colour, size }) => ({ shape, colour, size }));
  const [one, two] = things;
  if (one === undefined || two === undefined) return { things: words, background };
  return { things: words, relation: relationOf(one, two), background };
}

/** The relation of one place to another, along the axis on which they are further apart. */
export function relationOf(
  one: { readonly x: number; readonly y: number },
  two: { readonly x: number; readonly y: number },
): Relation {
  const [right, down] = [one.x - two.x, one.y - two.y];
  if (Math.abs(right) > Math.abs(down)) return right < 0 ? "left of" : "right of";
  return down < 0 ? "above" : "below";
}

/**
 * Reads a caption.
 *
 * @throws {SyntaxError} If it is not of the world's grammar.
 */
export function parseCaption(text: string): SceneWords {
  const match = CAPTION.exec(text.trim());
  if (match?.groups === undefined) {
    throw new SyntaxError(
      `Cannot read "${text}": wanted "a [small|large] <colour> <shape> [<relation> a …] [on a <colour> background]"`,
    );
  }
  const { size1, colour1, shape1, relation, size2, colour2, shape2, background } = match.groups;
  const thing = (shape: string, colour: string, size: string | undefined): ThingWords => ({
    shape: shape as Shape,
    colour: colour as Colour,
    size: (size ?? "medium") as Size,
  });
  const things = [thing(shape1!, colour1!, size1)];
  if (relation !== undefined) things.push(thing(shape2!, colour2!, size2));
  return {
    things,
    ...(relation === undefined ? {} : { relation: relation as Relation }),
    ...(background === undefined ? {} : { background: background as Colour }),
  };
}

/** The grammar of captions; its alternatives are the keys above, so that a match holds nothing else. */
const CAPTION = (() => {
  const [colour, shape] = [COLOUR_NAMES.join("|"), SHAPES.join("|")];
  const thing = (i: number) =>
    `an? (?:(?<size${i}>small|large) )?(?<colour${i}>${colour}) (?<shape${i}>${shape})`;
  const relation = `(?<relation>${Object.keys(RELATIONS).join("|")})`;
  return new RegExp(
    `^${thing(1)}(?: ${relation} ${thing(2)})?(?: on an? (?<background>${colour}) background)?$`,
  );
})();

/** A scene that a caption describes, with every thing at its most usual place. */
export function arrangeScene({ things, relation, background }: SceneWords): Scene {
  const used = things.map(({ colour }) => colour);
  const free = COLOUR_NAMES.find((colour) => !used.includes(colour))!;
  const [right, down] = relation === undefined ? [0, 0] : RELATIONS[relation];
  return {
    background: background ?? free,
    things: things.map((words, i) => {
      const side = i === 0 ? GAP : -GAP;
      return { ...words, x: side * right, y: side * down };
    }),
  };
}

/** Half the mean distance of two things. */
const GAP = 0.49;

/** A scene and its caption, which may leave the background unsaid, from the distribution that the models were trained on. */
export function sampleScene(
  generator: UniformGenerator,
): { readonly scene: Scene; readonly caption: string } {
  const between = (low: number, high: number) => low + (high - low) * generator.rand(1)[0]!;
  const choose = <T>(list: readonly T[]): T => list[Math.floor(between(0, list.length))]!;
  const background = choose(COLOUR_NAMES);
  const others = COLOUR_NAMES.filter((colour) => colour !== background);
  const thing = (sizes: readonly Size[]): ThingWords => ({
    shape: choose(SHAPES),
    colour: choose(others),
    size: choose(sizes),
  });
  const things: Thing[] = [];
  if (between(0, 1) < 0.45) {
    const words = thing(["small", "medium", "medium", "large"]);
    const room = 0.8 * (0.95 - 1.12 * RADII[words.size]);
    things.push({ ...words, x: between(-room, room), y: between(-room, room) });
  } else {
    const [right, down] = RELATIONS[choose(Object.keys(RELATIONS) as Relation[])];
    const gap = between(0.44, 0.54);
    const jitter = () => between(-0.14, 0.14);
    for (const side of [gap, -gap]) {
      const words = thing(["small", "medium", "medium"]);
      things.push({
        ...words,
        x: right === 0 ? jitter() : side * right,
        y: down === 0 ? jitter() : side * down,
      });
    }
  }
  const scene = { background, things };
  const { background: _, ...unsaid } = describeScene(scene);
  return { scene, caption: caption(between(0, 1) < 0.6 ? describeScene(scene) : unsaid) };
}

/**
 * Draws a scene: every thing is composited over the background with a soft shadow, an edge one pixel wide, and light from
 * the upper left.
 *
 * @param size Width and height in pixels.
 * @returns Red, green and blue of every pixel, `[size, size, 3]`.
 */
export function drawScene({ background, things }: Scene, size = 128): Uint8Array {
  const pixels = new Uint8Array(size * size * 3);
  const centre = (i: number) => (i + 0.5) / size * 2 - 1;
  for (let row = 0; row < size; row++) {
    const y = centre(row);
    for (let column = 0; column < size; column++) {
      const x = centre(column);
      const shade = 1.04 - 0.10 * (y + 1) / 2;
      let rgb = COLOURS[background].map((value) => value / 255 * shade);
      for (const { shape, colour, size: words, ...at } of things) {
        const r = RADII[words];
        const [right, down] = [x - at.x, y - at.y];
        const behind = shapeDistance(shape, { x: right - 0.03, y: down - 0.05, r });
        const shadow = clamp(0.5 - behind / 0.08, 0, 1);
        const cover = clamp(0.5 - shapeDistance(shape, { x: right, y: down, r }) * size / 2, 0, 1);
        const light = 1 + 0.16 * clamp(-(0.6 * right + 0.8 * down) / r, -1, 1);
        rgb = rgb.map((value, k) =>
          value * (1 - 0.22 * shadow) * (1 - cover) + cover * COLOURS[colour][k]! / 255 * light
        );
      }
      pixels.set(rgb.map((value) => clamp(value, 0, 1) * 255 + 0.5), (row * size + column) * 3);
    }
  }
  return pixels;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
