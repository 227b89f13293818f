/**
 * What a tokenizer is: text to ids of a vocabulary, and padded to the length that a text encoder
 * was trained with.
 *
 * @module
 */

/** Ids of one text at a fixed length. */
export interface PaddedIds {
  /** As many ids as asked for: start token, text, end token, padding. */
  readonly ids: Int32Array<ArrayBuffer>;
  /** How many of them are not padding. */
  readonly used: number;
  /** The end of the text, which did not fit; empty if all of it did. */
  readonly truncated: string;
}

/** Turns text into ids. */
export interface Tokenizer {
  /** Where it comes from, for messages. */
  readonly description: string;
  /** One more than the largest id. */
  readonly vocabularySize: number;
  /** The longest sequence of ids that the model takes; infinite if the files do not say. */
  readonly maxLength: number;
  /** The id that fills up. */
  readonly padId: number;
  /** Ids of a text between a start and an end token, however many they are. */
  encode(text: string): readonly number[];
  /**
   * Ids of a text, cut or filled up to a length. What is cut is the end of the text: the end token
   * stays.
   *
   * @param length Default: `maxLength`.
   * @throws {RangeError} If the length is not a whole number from 2 to `maxLength`.
   */
  encodePadded(text: string, length?: number): PaddedIds;
  /** The text that ids stand for, without start, end and padding; only nearly what was encoded. */
  decode(ids: Iterable<number>): string;
}

/** One more than the largest id. A vocabulary may be longer than a list of arguments, which `Math.max` takes. */
export function sizeOfVocabulary(...ids: readonly Iterable<number>[]): number {
  let largest = -1;
  for (const list of ids) for (const id of list) largest = Math.max(largest, id);
  return largest + 1;
}

/** Adds padding to what a vocabulary provides. */
export function tokenizerOf(parts: Omit<Tokenizer, "encodePadded">): Tokenizer {
  const { description, padId, maxLength } = parts;
  return {
    ...parts,
    encodePadded(text, length = maxLength) {
      if (!Number.isSafeInteger(length) || length < 2 || length > maxLength) {
        throw new RangeError(
          `Cannot pad ids to a length of ${length}: it must be from 2 to ${maxLength} for ` +
            description,
        );
      }
      const all = parts.encode(text);
      const ids = new Int32Array(length).fill(padId);
      if (all.length <= length) {
        ids.set(all);
        return { ids, used: all.length, truncated: "" };
      }
      ids.set(all.slice(0, length - 1));
      ids[length - 1] = all.at(-1)!; // the end token
      return { ids, used: length, truncated: parts.decode(all.slice(length - 1, -1)) };
    },
  };
}
