/**
 * Damages files: what a bad disk, a cut download or a fuzzer does to them.
 *
 * @module
 */

/** Numbers in 0..1. */
export type Random = () => number;

/** A whole number from 0 to less than `count`. */
export function below(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** One of several. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[below(random, items.length)]!;
}

type Bytes = Uint8Array<ArrayBuffer>;
type Mutation = (bytes: Bytes, random: Random) => Bytes;

/** Where lengths and offsets overflow: signs, powers of two, the last exact double. */
const LENGTHS: readonly bigint[] = [
  0n,
  1n,
  2n ** 15n,
  2n ** 16n - 1n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** What stands in place of a value of JSON, or of a word of a list. */
const VALUES: readonly string[] = [
  "null",
  "true",
  "0",
  "-0",
  "-1",
  "0.5",
  "1.5",
  "2",
  "7",
  "64",
  "4096",
  "65536",
  "16777216",
  "4294967296",
  "9007199254740993",
  "1e30",
  "1e400",
  "-1e400",
  "NaN",
  "-Infinity",
  '""',
  '"x"',
  '"__proto__"',
  '"constructor"',
  '"../../etc/passwd"',
  '"\\ud800"',
  "[]",
  "{}",
  '{"__proto__":{"x":1}}',
  "[[1]]",
  "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
];

/** Values of JSON that are not lists or objects, keys among them; and plain words. */
const TOKENS = /"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[A-Za-z_]+/g;

const MUTATIONS: readonly Mutation[] = [
  flipBits,
  setBytes,
  truncate,
  remove,
  repeat,
  move,
  insertNoise,
  setLength,
  replaceToken,
  replaceToken,
  swapTokens,
  nest,
];

/** Damages a file in one to three ways; the file itself stays as it is. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let mutated: Bytes = Uint8Array.from(bytes);
  // One mostly: two hide each other.
  for (let i = pick(random, [1, 1, 1, 2, 3]); i > 0; i--) {
    mutated = pick(random, MUTATIONS)(mutated, random);
  }
  return mutated;
}

function flipBits(bytes: Bytes, random: Random): Bytes {
  if (bytes.length === 0) return bytes;
  for (let i = 1 + below(random, 4); i > 0; i--) {
    const at = below(random, bytes.length);
    bytes[at] = bytes[at]! ^ 1 << below(random, 8);
  }
  return bytes;
}

function setBytes(bytes: Bytes, random: Random): Bytes {
  const at = below(random, bytes.length);
  const extreme = pick(random, [0, 1, 0x7f, 0x80, 0xff, below(random, 256)]);
  return bytes.fill(extreme, at, at + 1 + below(random, 4));
}

function truncate(bytes: Bytes, random: Random): Bytes {
  return bytes.slice(0, below(random, bytes.length + 1));
}

/** Part of a file: its start and what follows it. Short ones are more likely. */
function range(bytes: Bytes, random: Random): [number, number] {
  const start = below(random, bytes.length + 1);
  const most = random() < 0.8 ? 16 : bytes.length;
  return [start, Math.min(bytes.length, start + below(random, most + 1))];
}

function remove(bytes: Bytes, random: Random): Bytes {
  const [start, end] = range(bytes, random);
  return join(bytes.subarray(0, start), bytes.subarray(end));
}

function repeat(bytes: Bytes, random: Random): Bytes {
  const [start, end] = range(bytes, random);
  return join(bytes.subarray(0, end), bytes.subarray(start));
}

/** A part appears at another place too. */
function move(bytes: Bytes, random: Random): Bytes {
  const [start, end] = range(bytes, random);
  const to = below(random, bytes.length + 1);
  return join(bytes.subarray(0, to), bytes.subarray(start, end), bytes.subarray(to));
}

function insertNoise(bytes: Bytes, random: Random): Bytes {
  const at = below(random, bytes.length + 1);
  const noise = Uint8Array.from({ length: 1 + below(random, 8) }, () => below(random, 256));
  return join(bytes.subarray(0, at), noise, bytes.subarray(at));
}

/** A field of 2, 4 or 8 bytes becomes an extreme, in either byte order. Many fields are near the start. */
function setLength(bytes: Bytes, random: Random): Bytes {
  const size = pick(random, [2, 4, 8]);
  const room = bytes.length - size;
  if (room < 0) return bytes;
  const at = random() < 0.5 ? below(random, room + 1) : Math.min(room, below(random, 32));
  const value = pick(random, LENGTHS);
  const isLittle = random() < 0.5;
  for (let i = 0; i < size; i++) {
    const shift = BigInt(8 * (isLittle ? i : size - 1 - i));
    bytes[at + i] = Number(value >> shift & 0xffn);
  }
  return bytes;
}

/** Latin-1 keeps each byte as one character. */
function asText(bytes: Bytes): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function asBytes(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
}

/** Words of a text, and where they are. Long files are looked at in part: text is at their start. */
function tokensOf(text: string): readonly RegExpExecArray[] {
  return [...text.slice(0, 20_000).matchAll(TOKENS)];
}

function replaceToken(bytes: Bytes, random: Random): Bytes {
  const text = asText(bytes);
  const tokens = tokensOf(text);
  if (tokens.length === 0) return flipBits(bytes, random);
  const { index, 0: token } = pick(random, tokens);
  const value = random() < 0.15 ? pick(random, tokens)[0] : pick(random, VALUES);
  return asBytes(text.slice(0, index) + value + text.slice(index + token.length));
}

function swapTokens(bytes: Bytes, random: Random): Bytes {
  const text = asText(bytes);
  const tokens = tokensOf(text);
  if (tokens.length < 2) return flipBits(bytes, random);
  const [one, two] = [below(random, tokens.length), below(random, tokens.length)];
  const [first, second] = [tokens[Math.min(one, two)]!, tokens[Math.max(one, two)]!];
  if (first === second) return bytes;
  return asBytes(
    text.slice(0, first.index) + second[0] +
      text.slice(first.index + first[0].length, second.index) + first[0] +
      text.slice(second.index + second[0].length),
  );
}

/** Brackets around a value, more than any parser's stack takes. */
function nest(bytes: Bytes, random: Random): Bytes {
  const text = asText(bytes);
  const tokens = tokensOf(text);
  if (tokens.length === 0) return flipBits(bytes, random);
  const { index, 0: token } = pick(random, tokens);
  const depth = pick(random, [1, 3, 70, 10_000]);
  const [open, close] = pick(random, [["[", "]"], ['{"a":', "}"]] as const);
  const nested = open.repeat(depth) + token + close.repeat(depth);
  return asBytes(text.slice(0, index) + nested + text.slice(index + token.length));
}

function join(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
