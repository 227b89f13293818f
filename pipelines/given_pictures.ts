/**
 * Pictures that a task starts from.
 *
 * @module
 */
import type { Picture } from "../formats/images/picture.ts";
import { checkPicture } from "../formats/images/picture.ts";
import { checkArea, checkSide, SettingsError } from "./settings.ts";

/** The longest side of a picture that is given. */
const MAX_SIDE = 16384;

/**
 * One or several pictures as a list, their data as long as they say.
 *
 * @throws {SettingsError} If there is none, or one is none.
 */
export function readPictures(
  name: string,
  given: Picture | readonly Picture[] | undefined,
): readonly Picture[] {
  const list: readonly Picture[] = Array.isArray(given)
    ? given
    : given === undefined
    ? []
    : [given as Picture];
  if (list.length === 0) {
    throw new SettingsError(`Cannot start without ${name}: give a picture or a list of pictures`);
  }
  for (const picture of list) checkGiven(name, picture);
  return list;
}

function checkGiven(name: string, picture: Picture): void {
  const isPicture = typeof picture === "object" && picture !== null &&
    picture.data instanceof Uint8Array;
  if (!isPicture) {
    throw new SettingsError(
      `Cannot use ${name}: it must be a picture { width, height, channels, data }, as decodePicture gives it`,
    );
  }
  try {
    checkPicture(picture);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SettingsError(`Cannot use ${name}: ${error.message}`);
  }
  if (picture.width > MAX_SIDE || picture.height > MAX_SIDE) {
    throw new SettingsError(
      `Cannot use ${name} of ${picture.width} x ${picture.height} pixels: a side has at most ${MAX_SIDE}`,
    );
  }
}

/** Sides in pixels. */
export interface Sides {
  readonly width: number;
  readonly height: number;
}

/**
 * The sides that a call works at: as asked, which must be multiples of `multiple`; else a picture's own, rounded down to such,
 * as the reference does.
 *
 * @throws {SettingsError} If there are no such sides.
 */
export function workingSides(
  { width, height }: { readonly width?: number | undefined; readonly height?: number | undefined },
  { otherwise, multiple, fixed = false }: {
    readonly otherwise: Sides;
    readonly multiple: number;
    /** Whether no other sides can be asked for. */
    readonly fixed?: boolean;
  },
): Sides {
  const side = (name: string, asked: number | undefined, own: number): number => {
    if (asked !== undefined) return checkSide(name, asked, multiple);
    const rounded = own - own % multiple;
    if (rounded > 0) return rounded;
    throw new SettingsError(
      `Cannot use a picture whose ${name} is ${own}: the model needs ${multiple} or more${
        fixed ? "" : `; give a ${name}`
      }`,
    );
  };
  const sides = {
    width: side("width", width, otherwise.width),
    height: side("height", height, otherwise.height),
  };
  checkArea(sides);
  return sides;
}
