/**
 * Puts what a picture shows into the Shapes world's words.
 *
 * @module
 */
import { matchShapes, type ShapeMatch } from "./match_shape.ts";
import { type Rgb, type RgbPicture, segmentPicture } from "./segment_picture.ts";
import type { Shape } from "../../assets/shape_distance.ts";
import { type Colour, COLOUR_NAMES, COLOURS } from "../../assets/shapes_world.ts";

/** A thing seen. */
export interface ObservedThing {
  /** The nearest of the world's colours. */
  readonly colour: Colour;
  /** The centroid, to the right, in the world's coordinates. */
  readonly x: number;
  /** The centroid, down. */
  readonly y: number;
  /** The best match of each shape; radii are in the world's coordinates. */
  readonly matches: Readonly<Record<Shape, { readonly overlap: number; readonly r: number }>>;
  /** The shape that matches best. */
  readonly shape: Shape;
}

/** All that is judged of a picture. */
export interface Observation {
  /** The nearest of the world's colours. */
  readonly background: Colour;
  /** The things, the largest first. */
  readonly things: readonly ObservedThing[];
}

/**
 * Looks at a picture. Nothing is known of what it should show.
 *
 * @throws {RangeError} If the picture's data has another size than its sides say.
 */
export function observePicture(picture: RgbPicture): Observation {
  const { height, width } = picture;
  const unit = Math.min(height, width) / 2;
  const { background, segments } = segmentPicture(picture);
  const things = segments.map(({ colour, mask }) => {
    const matches = matchShapes(mask, width);
    let [area, x, y] = [0, 0, 0];
    mask.forEach((bit, pixel) => {
      area += bit;
      x += bit * (pixel % width + 0.5);
      y += bit * (Math.floor(pixel / width) + 0.5);
    });
    return {
      colour: nearestColour(colour),
      x: (x / area - width / 2) / unit,
      y: (y / area - height / 2) / unit,
      matches: byShape(matches, unit),
      shape: matches[0]!.shape,
    };
  });
  return { background: nearestColour(background), things };
}

function byShape(matches: readonly ShapeMatch[], unit: number): ObservedThing["matches"] {
  const entries = matches.map(({ shape, overlap, r }) => [shape, { overlap, r: r / unit }]);
  return Object.fromEntries(entries);
}

/** The named colour that is nearest in RGB. */
function nearestColour([red, green, blue]: Rgb): Colour {
  const distance = (name: Colour) => {
    const [r, g, b] = COLOURS[name];
    return Math.hypot(red - r, green - g, blue - b);
  };
  return COLOUR_NAMES.reduce((best, name) => distance(name) < distance(best) ? name : best);
}
