import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { folderFiles, memoryFiles } from "../files.ts";
import { ModelError } from "../model_error.ts";
import { openTokenizer, type OpenTokenizerOptions } from "./open_tokenizer.ts";
import { sizeOfVocabulary } from "./tokenizer.ts";

const GOLDENS = new URL("../../tests/goldens/tokenizers/", import.meta.url);

type Contents = Record<string, string | Uint8Array>;

const open = (contents: Contents, options: OpenTokenizerOptions = {}) =>
  openTokenizer(memoryFiles(new Map(Object.entries(contents)), "folder"), options);

const VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "cat", "##s", "é", "e", "A", "σ", "ς"];
const BERT: Contents = { "vocab.txt": VOCABULARY.join("\n") };

const START = "<|startoftext|>";
const END = "<|endoftext|>";
const TOKENS = [
  "c",
  "a",
  "t",
  "s</w>",
  "t</w>",
  "a</w>",
  "!",
  "!</w>",
  "ca",
  "cat</w>",
  START,
  END,
];
const CLIP: Contents = {
  "vocab.json": JSON.stringify(Object.fromEntries(TOKENS.map((token, id) => [token, id]))),
  "merges.txt": "#version: 0.2\nc a\nca t</w>\n",
};

Deno.test("random texts get the ids of the Python library", async () => {
  const { texts, ids }: { texts: string[]; ids: Record<string, number[][]> } = JSON.parse(
    await Deno.readTextFile(new URL("random_text.json", GOLDENS)),
  );
  assertEquals(Object.keys(ids).length, 3);
  for (const [folder, expected] of Object.entries(ids)) {
    const tokenizer = await openTokenizer(folderFiles(new URL(folder, GOLDENS)));
    for (const [i, text] of texts.entries()) {
      assertEquals(tokenizer.encode(text), expected[i], `${folder}: ${JSON.stringify(text)}`);
    }
  }
});

Deno.test("hostile files are refused with a reason, odd ones read", async () => {
  const root = new URL("hostile/", GOLDENS);
  const index: {
    file: string;
    format: string;
    expect: string;
    optional?: boolean;
    mention?: string[];
  }[] = JSON.parse(await Deno.readTextFile(new URL("index.json", root)));
  assert(index.length > 40);
  for (const { file, format, expect, optional, mention } of index) {
    const className = format === "clip-tokenizer" ? "CLIPTokenizer" : "BertTokenizer";
    let error: unknown;
    try {
      const tokenizer = await openTokenizer(folderFiles(new URL(file, root)), { className });
      assert(tokenizer.encode("the cat").length > 2);
    } catch (thrown) {
      error = thrown;
    }
    if (error === undefined) assert(expect === "accept" || optional, `${file} passed`);
    else {
      assert(error instanceof ModelError, `${file}: ${error}`);
      const { message } = error;
      assert(expect === "reject" || optional, `${file} was refused: ${message}`);
      assert(!mention || mention.some((word) => message.includes(word)), `${file}: ${message}`);
    }
  }
  assertEquals("polluted" in {}, false);
});

Deno.test("padding fills up, cuts the end of the text, and says what was cut", async () => {
  const tokenizer = await open({ ...CLIP, "tokenizer_config.json": '{"model_max_length":6}' });
  assertEquals(tokenizer.vocabularySize, 12);
  assertEquals(tokenizer.maxLength, 6);
  assertEquals(tokenizer.encode("Cat cat"), [10, 9, 9, 11]);
  const short = tokenizer.encodePadded("cat");
  assertEquals([[...short.ids], short.used, short.truncated], [[10, 9, 11, 11, 11, 11], 3, ""]);
  const long = tokenizer.encodePadded("cat cat! a cat a!", 5);
  assertEquals([[...long.ids], long.used], [[10, 9, 9, 7, 11], 5]);
  assertEquals(long.truncated, "a cat a !");
  for (const length of [1, 7, 2.5, NaN]) {
    assertThrows(() => tokenizer.encodePadded("a", length), RangeError, "from 2 to 6");
  }
  const unlimited = await open(BERT);
  assertEquals(unlimited.maxLength, Infinity);
  assertThrows(() => unlimited.encodePadded("a"), RangeError);
  const cut = unlimited.encodePadded("a cats a cats", 4);
  assertEquals([[...cut.ids], cut.truncated], [[2, 4, 5, 3], "##s a cats"]);
});

Deno.test("decoding gives nearly the text", async () => {
  const clip = await openTokenizer(folderFiles(new URL("models/sd1/tokenizer", GOLDENS)));
  assertEquals(clip.decode(clip.encode("A Café,  日本 <|endoftext|>")), "a café , 日本");
  const bert = await openTokenizer(folderFiles(new URL("models/ldm-text/tokenizer", GOLDENS)));
  assertEquals(bert.decode(bert.encode("a red square")), "a red square");
  assertEquals(bert.decode([]), "");
});

Deno.test("which token pads: the option, special_tokens_map.json, tokenizer_config.json, the class", async () => {
  const configured = { ...CLIP, "tokenizer_config.json": '{"pad_token":"c"}' };
  const mapped = { ...configured, "special_tokens_map.json": '{"pad_token":{"content":"!"}}' };
  assertEquals((await open(CLIP)).padId, 11);
  assertEquals((await open(configured)).padId, 0);
  assertEquals((await open(mapped)).padId, 6);
  assertEquals((await open(mapped, { padToken: "a" })).padId, 1);
  // Beside added_tokens_decoder the map is a leftover.
  const decoder = '{"pad_token":"c","added_tokens_decoder":{"11":{"content":"<|endoftext|>"}}}';
  assertEquals((await open({ ...mapped, "tokenizer_config.json": decoder })).padId, 0);
  // A padding token is special wherever a text has it.
  assertEquals((await open(mapped)).encode("cat!!"), [10, 9, 6, 6, 11]);
  assertEquals((await open(CLIP)).encode("cat!"), [10, 9, 7, 11]);
});

Deno.test("a special token is matched exactly, or in the normalised text if its file says so", async () => {
  const eos = (normalized: boolean) =>
    `{"eos_token":{"content":"${END}","normalized":${normalized}},"pad_token":"!","unk_token":"${START}"}`;
  const exact = await open({ ...CLIP, "special_tokens_map.json": eos(false) });
  const inexact = await open({ ...CLIP, "special_tokens_map.json": eos(true) });
  assertEquals(inexact.encode("cat<|EndOfText|>cat"), [10, 9, 11, 9, 11]);
  assertEquals(exact.encode("cat<|endoftext|>cat"), [10, 9, 11, 9, 11]);
  assert(exact.encode("cat<|EndOfText|>cat").length > 5);
});

Deno.test("tokens that are added with ids count", async () => {
  const added = { ...BERT, "added_tokens.json": '{"blue":12}' };
  const tokenizer = await open(added);
  assertEquals(tokenizer.vocabularySize, 13);
  assertEquals(tokenizer.encode("a Blue cat"), [2, 4, 12, 5, 3]);
  const bad = (text: string) => open({ ...BERT, "added_tokens.json": text });
  await assertRejects(() => bad('{"cat":3}'), ModelError, "ids 3 and 5");
  await assertRejects(() => bad('{"blue":-1}'), ModelError, "id -1");
  const map = (text: string) => open({ ...BERT, "special_tokens_map.json": text });
  await assertRejects(
    () => map('{"mask_token":{"content":"a","lstrip":true}}'),
    ModelError,
    "lstrip",
  );
  await assertRejects(() => map('{"additional_special_tokens":["<x>"]}'), ModelError, "<x>");
  await assertRejects(() => map('{"mask_token":"<mask>"}'), ModelError, "<mask>");
});

Deno.test("BERT's settings: case, accents, Chinese", async () => {
  const bert = (settings: string) => open({ ...BERT, "tokenizer_config.json": settings });
  assertEquals((await bert("{}")).encode("A é ΟΣ"), [2, 4, 8, 1, 3]);
  assertEquals((await bert("{}")).encode("Σ ς"), [2, 10, 11, 3]);
  assertEquals((await bert('{"do_lower_case":false}')).encode("A é"), [2, 9, 7, 3]);
  assertEquals((await bert('{"strip_accents":false}')).encode("É"), [2, 7, 3]);
  assertEquals((await bert("{}")).encode("a\u{20000}a"), [2, 4, 1, 4, 3]);
  const whole = await bert('{"tokenize_chinese_chars":false}');
  assertEquals(whole.encode("a\u{20000}a"), [2, 1, 3]);
  assertEquals((await open(BERT)).encode("a\ud800 \ufeffa"), [2, 4, 4, 3]);
});

Deno.test("tokenizer.json goes first, in either form of merges", async () => {
  const vocab = JSON.parse(CLIP["vocab.json"] as string);
  for (const merges of [["c a", "ca t</w>"], [["c", "a"], ["ca", "t</w>"]]]) {
    const model = { type: "BPE", vocab, merges, "end_of_word_suffix": "</w>", dropout: null };
    const json = JSON.stringify({ "added_tokens": [], normalizer: null, model });
    const tokenizer = await open({ "tokenizer.json": json, "vocab.json": "broken" });
    assertEquals(tokenizer.encode("CAT"), [10, 9, 11]);
  }
  const bert = (model: Record<string, unknown>, normalizer: unknown = null) =>
    open({ "tokenizer.json": JSON.stringify({ normalizer, model }) });
  const words = Object.fromEntries(VOCABULARY.map((token, id) => [token, id]));
  const model = { type: "WordPiece", vocab: words };
  assertEquals((await bert(model)).encode("A cats"), [2, 4, 5, 6, 3]);
  const cased = { type: "BertNormalizer", lowercase: false };
  assertEquals((await bert(model, cased)).encode("A cats"), [2, 9, 5, 6, 3]);
  await assertRejects(() => bert({ ...model, type: "Unigram" }), ModelError, "Unigram");
  await assertRejects(() => bert({ type: "WordPiece" }), ModelError, "vocabulary");
  await assertRejects(() => open({ "tokenizer.json": "[]" }), ModelError, "tokenizer.json");
});

Deno.test("classes are known by name or by files; others are refused", async () => {
  await open(BERT, { className: "BertTokenizerFast" });
  await assertRejects(() => open(BERT, { className: "T5Tokenizer" }), ModelError, "T5Tokenizer");
  await assertRejects(() => open(BERT, { className: "constructor" }), ModelError, "known are");
  const named = { ...BERT, "tokenizer_config.json": '{"tokenizer_class":"BertTokenizer"}' };
  await assertRejects(() => open(named, { className: "CLIPTokenizer" }), ModelError, "index says");
  await assertRejects(() => open({}), ModelError, "none of tokenizer.json");
  const left = { ...BERT, "tokenizer_config.json": '{"padding_side":"left"}' };
  await assertRejects(() => open(left), ModelError, "padding_side");
});

Deno.test("texts of any kind are encoded within the vocabulary", async () => {
  let state = 3;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  for (
    const folder of ["models/sd1/tokenizer", "models/sd2v/tokenizer", "models/ldm-text/tokenizer"]
  ) {
    const tokenizer = await openTokenizer(folderFiles(new URL(folder, GOLDENS)));
    for (let round = 0; round < 500; round++) {
      // Code units, so that halves of surrogate pairs are among them.
      const units = Array.from({ length: random(30) }, () => random(random(2) ? 0x10000 : 0x250));
      const text = String.fromCharCode(...units);
      const ids = tokenizer.encode(text);
      assert(ids.every((id) => Number.isInteger(id) && id >= 0 && id < tokenizer.vocabularySize));
      assertEquals(tokenizer.encodePadded(text, 16).ids.length, 16);
    }
  }
});

Deno.test("a word of a hundred thousand letters does not hang", async () => {
  const tokenizer = await openTokenizer(folderFiles(new URL("models/sd1/tokenizer", GOLDENS)));
  const started = performance.now();
  assert(tokenizer.encode("ab".repeat(50_000)).length > 1000);
  assert(performance.now() - started < 5000);
});

Deno.test("a vocabulary may be longer than a list of arguments", async () => {
  assertEquals(sizeOfVocabulary(Array(1_000_000).keys(), [5]), 1_000_000);
  assertEquals(sizeOfVocabulary([3], new Set([7])), 8);
  const words = Array.from({ length: 150_000 }, (_, i) => `${i}`);
  const bert = await open({ "vocab.txt": [...VOCABULARY, ...words].join("\n") });
  assertEquals(bert.vocabularySize, VOCABULARY.length + words.length);
});

Deno.test("special tokens that no regular expression could hold are refused", async () => {
  const long = { ["y".repeat(5_000_000)]: 777 };
  const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`token${i}`, 777 + i]));
  for (const [added, count] of [[long, 3], [many, 50_002]] as const) {
    const files = { ...CLIP, "added_tokens.json": JSON.stringify(added) };
    await assertRejects(() => open(files), ModelError, `it has ${count} special tokens of`);
  }
});
