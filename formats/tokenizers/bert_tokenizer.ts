/**
 * BERT's tokenizer (Devlin et al. 2019; WordPiece after Wu et al. 2016), as latent diffusion's
 * text-to-image model uses it.
 *
 * Hugging Face's own JavaScript library does the work. Where it gives other ids than their Rust
 * library, with which diffusers runs models, the text is changed before.
 *
 * @module
 */
import { Tokenizer as WordPiece } from "@huggingface/tokenizers";
import type { SpecialTokens } from "./special_tokens.ts";
import { sizeOfVocabulary, type Tokenizer, tokenizerOf } from "./tokenizer.ts";

/** What a BERT tokenizer is made of. */
export interface BertTokenizerParts {
  /** Where it comes from, for messages. */
  readonly description: string;
  /** Ids by token; `##` begins a token that continues a word. */
  readonly vocabulary: ReadonlyMap<string, number>;
  /** Start (`cls`) and end (`sep`) token, padding, what stands for the unknown. */
  readonly special: SpecialTokens;
  /** The longest sequence. */
  readonly maxLength: number;
  /** Lower-cases the text. */
  readonly lowercase: boolean;
  /** Strips accents; null: if it is lower-cased. */
  readonly stripAccents: boolean | null;
  /** Makes a word of each Chinese character. */
  readonly splitChinese: boolean;
}

/**
 * Chinese characters beyond U+FFFF in the Rust library's ranges, which leave out U+2B820 to
 * U+2B91F. The JavaScript library looks at halves of surrogate pairs and so never finds them.
 */
const ASTRAL_CHINESE =
  /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/** Makes a BERT tokenizer. */
export function bertTokenizer(parts: BertTokenizerParts): Tokenizer {
  const { vocabulary, special, lowercase, splitChinese } = parts;
  const [start, end, unknown] = [special.id("cls"), special.id("sep"), special.id("unk")];
  const nameOf = (id: number): string => special.tokens.find((token) => token.id === id)!.content;
  const library = new WordPiece({
    added_tokens: special.tokens.map((token) => ({
      ...token,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
    })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: splitChinese,
      strip_accents: parts.stripAccents,
      lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    model: {
      type: "WordPiece",
      unk_token: nameOf(unknown),
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary),
    },
    post_processor: null,
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  }, {});

  function prepare(text: string): string {
    // Half of a surrogate pair is no character; as U+FFFD it is dropped.
    let prepared = text.toWellFormed();
    // Rust lower-cases letter by letter. `toLowerCase` makes a sigma that ends a word final.
    if (lowercase) prepared = prepared.replaceAll("Σ", "σ");
    return splitChinese ? prepared.replace(ASTRAL_CHINESE, " $& ") : prepared;
  }

  return tokenizerOf({
    description: parts.description,
    maxLength: parts.maxLength,
    padId: special.id("pad"),
    vocabularySize: sizeOfVocabulary(vocabulary.values(), special.tokens.map(({ id }) => id)),
    encode: (text) => [start, ...library.encode(prepare(text)).ids, end],
    decode(ids) {
      const all = [...ids];
      return all.length === 0 ? "" : library.decode(all, { skip_special_tokens: true }).trim();
    },
  });
}
