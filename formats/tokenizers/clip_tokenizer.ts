/**
 * CLIP's tokenizer (Radford et al. 2021, "Learning Transferable Visual Models From Natural Language
 * Supervision"): lower-cased byte-pair encoding with an end-of-word mark.
 *
 * It gives the ids of Hugging Face's `tokenizers`, with which diffusers runs models. OpenAI's own,
 * with which they were trained, also repairs broken encodings and HTML, and differs for such texts.
 *
 * @module
 */
import { display } from "../json.ts";
import { ModelError } from "../model_error.ts";
import {
  BYTE_CHARACTERS,
  mergeSymbols,
  type MergeTable,
  mergeTable,
} from "./byte_pair_encoding.ts";
import type { SpecialToken, SpecialTokens } from "./special_tokens.ts";
import { sizeOfVocabulary, type Tokenizer, tokenizerOf } from "./tokenizer.ts";
import type { PlacedMerge } from "./vocabulary_files.ts";

/** What a CLIP tokenizer is made of. */
export interface ClipTokenizerParts {
  /** Where it comes from, for messages. */
  readonly description: string;
  /** Ids by token; `</w>` ends a token that ends a word. */
  readonly vocabulary: ReadonlyMap<string, number>;
  /** Pairs of tokens that are merged, first those that go first. */
  readonly merges: readonly PlacedMerge[];
  /** Start and end token, padding, what stands for the unknown. */
  readonly special: SpecialTokens;
  /** The longest sequence. */
  readonly maxLength: number;
}

const END_OF_WORD = "</w>";

/**
 * CLIP's pattern of a word. White space is Unicode's: JavaScript's `\s` has U+FEFF too and lacks
 * U+0085.
 */
const WORDS =
  /<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;

/**
 * A word that looks like a special token, but was not one by its spelling, falls apart: a second
 * pattern, GPT-2's, goes over each word, and no other word is more than one by it.
 */
const LOOKALIKE = /^(<\|)(\w+)(\|>)$/;

/**
 * Makes a CLIP tokenizer.
 *
 * @throws {ModelError} If a merge is not of the vocabulary or is there twice.
 */
export function clipTokenizer(parts: ClipTokenizerParts): Tokenizer {
  const { description, vocabulary, special, maxLength } = parts;
  const table = readMerges(parts);
  const [start, end, unknown] = [special.id("bos"), special.id("eos"), special.id("unk")];
  const exact = special.tokens.filter(({ normalized }) => !normalized);
  const inexact = special.tokens.filter(({ normalized }) => normalized)
    .map((token) => ({ ...token, content: normalize(token.content) }));
  const splitExact = splitter(exact);
  const splitInexact = splitter(inexact);

  function encodeWord(word: string): readonly number[] {
    const bytes = [...new TextEncoder().encode(word)];
    const symbols = bytes.map((byte, i) => {
      const character = BYTE_CHARACTERS[byte]!;
      return vocabulary.get(i === bytes.length - 1 ? character + END_OF_WORD : character) ??
        unknown;
    });
    return mergeSymbols(symbols, table);
  }

  function* encodeText(text: string): Generator<number> {
    // Half of a surrogate pair has no UTF-8; it becomes U+FFFD, as every encoder makes it.
    for (const piece of splitExact(text.toWellFormed())) {
      if (typeof piece === "number") yield piece;
      else {
        for (const part of splitInexact(normalize(piece))) {
          if (typeof part === "number") yield part;
          else for (const word of wordsOf(part)) yield* encodeWord(word);
        }
      }
    }
  }

  const tokens = new Map([...vocabulary].map(([token, id]) => [id, token]));
  const bytes = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));
  const specialIds = new Set(special.tokens.map(({ id }) => id));
  return tokenizerOf({
    description,
    maxLength,
    padId: special.id("pad"),
    vocabularySize: sizeOfVocabulary(vocabulary.values(), specialIds),
    encode: (text) => [start, ...encodeText(text), end],
    decode(ids) {
      const text = [...ids].filter((id) => !specialIds.has(id)).map((id) => tokens.get(id) ?? "")
        .join("").replaceAll(END_OF_WORD, " ");
      const encoded = Uint8Array.from([...text], (character) => bytes.get(character) ?? 0x20);
      return new TextDecoder().decode(encoded).trim();
    },
  });
}

/** NFC, white space as single spaces, lower case. */
function normalize(text: string): string {
  // Rust lower-cases letter by letter. `toLowerCase` alone makes a sigma that ends a word final.
  return text.normalize("NFC").replace(/\p{White_Space}+/gu, " ").replaceAll("Σ", "σ")
    .toLowerCase();
}

function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(WORDS)].flatMap(([word]) => LOOKALIKE.exec(word)?.slice(1) ?? word);
}

/** Splits a text into ids of special tokens, leftmost, then longest first, and what is between. */
function splitter(tokens: readonly SpecialToken[]): (text: string) => readonly (string | number)[] {
  if (tokens.length === 0) return (text) => [text];
  const ids = new Map(tokens.map(({ content, id }) => [content, id]));
  const longestFirst = [...ids.keys()].sort((a, b) => b.length - a.length);
  const escaped = longestFirst.map((content) => content.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  // Splitting by a group keeps what it matched.
  const pattern = new RegExp(`(${escaped.join("|")})`, "u");
  return (text) => text.split(pattern).map((piece, i) => i % 2 === 1 ? ids.get(piece)! : piece);
}

function readMerges({ description, vocabulary, merges }: ClipTokenizerParts): MergeTable {
  const table = mergeTable();
  for (const [rank, { pair, where }] of merges.entries()) {
    const [left, right, both] = [...pair, pair.join("")].map((token) => {
      const id = vocabulary.get(token);
      if (id !== undefined) return id;
      throw new ModelError(
        `Cannot use ${description}: ${where} merges ${
          display(pair.join(" "))
        }, and the vocabulary ` +
          `has no ${display(token)}`,
      );
    }) as [number, number, number];
    if (!table.add(left, right, { rank, id: both })) {
      throw new ModelError(
        `Cannot use ${description}: ${where} merges ${display(pair.join(" "))} for the second time`,
      );
    }
  }
  return table;
}
