/**
 * Text that a PNG carries beside the picture: chunks `tEXt`, `zTXt` and `iTXt`
 * (W3C PNG, third edition, section 11.3.3).
 *
 * @module
 */
import { ImageError } from "./picture.ts";
import { type PngChunk, pngChunks } from "./png_chunks.ts";
import { inflate } from "./zlib.ts";

/** Longest text that a compressed chunk may inflate to, in bytes. */
const MAX_TEXT = 2 ** 24;

/**
 * Reads all text of a PNG, by keyword; of equal keywords the last counts.
 *
 * @throws {ImageError} If the file is damaged, or a text chunk is not as the format says.
 */
export async function readPngText(bytes: Uint8Array): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const { type, data } of pngChunks(bytes)) {
    if (type !== "tEXt" && type !== "zTXt" && type !== "iTXt") continue;
    const [keyword, rest] = splitAtNul(data, type);
    texts.set(fromLatin1(keyword), await readText(type, rest));
  }
  return texts;
}

async function readText(type: "tEXt" | "zTXt" | "iTXt", rest: Uint8Array): Promise<string> {
  switch (type) {
    case "tEXt":
      return fromLatin1(rest);
    case "zTXt":
      return fromLatin1(await expand(rest[0] === 0, rest.subarray(1)));
    case "iTXt": {
      const [compressed, method] = rest;
      const [, afterLanguage] = splitAtNul(rest.subarray(2), type);
      const [, text] = splitAtNul(afterLanguage, type);
      const utf8 = compressed === 0 ? text : await expand(compressed === 1 && method === 0, text);
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(utf8);
      } catch (cause) {
        throw new ImageError("Cannot read iTXt: its text is not UTF-8", { cause });
      }
    }
  }
}

function expand(known: boolean, data: Uint8Array): Promise<Uint8Array> {
  if (!known) throw new ImageError("Cannot read a PNG's text: its compression is not known");
  return inflate([data], { atMost: MAX_TEXT });
}

/**
 * The chunk that says `text` under `keyword`: `tEXt` if Latin-1 can say it, else `iTXt` in UTF-8.
 *
 * @throws {ImageError} If the keyword is not 1 to 79 printable Latin-1 characters without outer or
 * double spaces, or if the text has a NUL.
 */
export function textChunk(keyword: string, text: string): PngChunk {
  if (!/^[\x20-\x7e\xa1-\xff]{1,79}$/.test(keyword) || /^ | {2}| $/.test(keyword)) {
    throw new ImageError(
      `Cannot write the PNG keyword ${JSON.stringify(keyword)}: ` +
        "1 to 79 printable Latin-1 characters are wanted, with single spaces inside only",
    );
  }
  if (text.includes("\0")) {
    throw new ImageError(`Cannot write the PNG text ${JSON.stringify(keyword)}: it has a NUL`);
  }
  // Latin-1 as the format has it: no control character but the newline.
  return /^[\n\x20-\x7e\xa0-\xff]*$/.test(text)
    ? { type: "tEXt", data: toLatin1(`${keyword}\0${text}`) }
    : {
      type: "iTXt",
      data: join(toLatin1(`${keyword}\0\0\0\0\0`), new TextEncoder().encode(text)),
    };
}

function splitAtNul(data: Uint8Array, type: string): readonly [Uint8Array, Uint8Array] {
  const end = data.indexOf(0);
  if (end < 0) throw new ImageError(`Cannot read ${type}: a field does not end`);
  return [data.subarray(0, end), data.subarray(end + 1)];
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function toLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Not by TextDecoder, whose "latin1" is windows-1252. In slices: arguments are bounded in number. */
function fromLatin1(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 4096) {
    text += String.fromCharCode(...bytes.subarray(start, start + 4096));
  }
  return text;
}
