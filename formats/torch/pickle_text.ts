/**
 * Values that protocols 0 and 1 write as text.
 *
 * @module
 */
import type { Fail } from "./torch_checkpoint_error.ts";

/** The most bytes or digits of an integer: conversion takes more than linear time. Python itself stops at 4300 digits. */
const LONGEST_INTEGER = 2048;

/** An exact number if there is one. */
function shortest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A long integer of binary opcodes: two's complement, little-endian. */
export function parseLong(bytes: Uint8Array, fail: Fail): number | bigint {
  if (bytes.length > LONGEST_INTEGER) {
    throw fail(
      `its pickle has an integer of ${bytes.length} bytes; ${LONGEST_INTEGER} is the limit`,
    );
  }
  if (bytes.length === 0) return 0;
  let digits = "0x";
  for (let i = bytes.length - 1; i >= 0; i--) digits += bytes[i]!.toString(16).padStart(2, "0");
  return shortest(BigInt.asIntN(8 * bytes.length, BigInt(digits)));
}

/** An integer in decimal, of the opcodes INT and LONG; `00` and `01` of INT are truth values. */
export function parseInteger(text: string, fail: Fail): number | bigint | boolean {
  if (text === "00" || text === "01") return text === "01";
  const digits = text.endsWith("L") ? text.slice(0, -1) : text;
  if (digits.length > LONGEST_INTEGER || !/^[-+]?\d+$/.test(digits)) {
    throw fail(`its pickle has ${JSON.stringify(text.slice(0, 40))} for an integer`);
  }
  return shortest(BigInt(digits.replace("+", "")));
}

/** What Python's `repr` makes of a float. */
export function parseFloatText(text: string, fail: Fail): number {
  const special = /^([-+]?)(inf|nan)$/.exec(text);
  if (special !== null) {
    return special[2] === "nan" ? NaN : special[1] === "-" ? -Infinity : Infinity;
  }
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) {
    throw fail(`its pickle has ${JSON.stringify(text.slice(0, 40))} for a number`);
  }
  return Number(text);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
]);

/** What Python 2's `repr` makes of a string: quoted, with escapes. */
export function parseQuoted(text: string, fail: Fail): string {
  const quote = text[0];
  const wrong = () => fail(`its pickle has ${JSON.stringify(text.slice(0, 40))} for a string`);
  if (text.length < 2 || (quote !== "'" && quote !== '"') || text.at(-1) !== quote) throw wrong();
  return text.slice(1, -1).replace(/\\(x[\da-fA-F]{2}|.|$)/gs, (_, escape: string) => {
    if (escape.length === 3) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    const character = ESCAPES.get(escape);
    if (character === undefined) throw wrong();
    return character;
  });
}

/** Python's `raw-unicode-escape`: Latin-1, and code points beyond it as `\uXXXX` or `\UXXXXXXXX`. */
export function parseRawUnicode(text: string, fail: Fail): string {
  const escape = /\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})/g;
  const decoded = text.replace(escape, (whole, short, long) => {
    const code = Number.parseInt(short ?? long, 16);
    if (code > 0x10ffff) throw fail(`its pickle has ${JSON.stringify(whole)} in a string`);
    // Halves of a pair are written one by one.
    return short === undefined ? String.fromCodePoint(code) : String.fromCharCode(code);
  });
  if (!decoded.isWellFormed()) {
    throw fail("its pickle has a string that is not well-formed Unicode");
  }
  return decoded;
}

/** Bytes that Python 2 calls a string: text where they are UTF-8, and bytes where not. */
export function textOrBytes(bytes: Uint8Array<ArrayBuffer>): string | Uint8Array {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}
