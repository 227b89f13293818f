import { assertEquals, assertRejects } from "@std/assert";
import { encodePng } from "./encode_png.ts";
import { ImageError } from "./picture.ts";
import { pngChunks, writePngChunks } from "./png_chunks.ts";
import { readPngText } from "./png_text.ts";
import { deflate } from "./zlib.ts";

const PICTURE = { width: 1, height: 1, channels: 1, data: Uint8Array.of(7) } as const;

function bytes(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0));
}

async function withChunk(type: string, data: readonly number[]): Promise<Uint8Array> {
  const chunks = [...pngChunks(await encodePng(PICTURE))];
  chunks.splice(-1, 0, { type, data: Uint8Array.from(data) }); // after the data, as some tools do
  return writePngChunks(chunks);
}

Deno.test("text comes back exactly, Latin-1 or not", async () => {
  const text = {
    Title: "",
    "Ünïcode Ke¥": "café\n£5",
    parameters: 'a "cat", 🐈\nline two\ttab\r\n日本語',
    windows: "\u0080\u0091 are controls in Latin-1, quotes in windows-1252",
    long: "é".repeat(10_000),
    mark: "\ufeffa byte order mark stays",
  };
  const read = await readPngText(await encodePng(PICTURE, { text }));
  assertEquals(Object.fromEntries(read), text);
});

Deno.test("readPngText inflates zTXt and iTXt", async () => {
  const latin1 = await withChunk("zTXt", [
    ...bytes("Comment\0\0"),
    ...await deflate(Uint8Array.from(bytes("déjà vu"))),
  ]);
  assertEquals((await readPngText(latin1)).get("Comment"), "déjà vu");
  const utf8 = await withChunk("iTXt", [
    ...bytes("Comment\0\x01\0ja\0Kommentar\0"),
    ...await deflate(new TextEncoder().encode("日本")),
  ]);
  assertEquals((await readPngText(utf8)).get("Comment"), "日本");
});

Deno.test("readPngText bounds what text inflates to", async () => {
  const bomb = await withChunk("zTXt", [
    ...bytes("Comment\0\0"),
    ...await deflate(new Uint8Array(2 ** 24 + 1)),
  ]);
  await assertRejects(() => readPngText(bomb), ImageError, "more than 16777216 bytes");
});

Deno.test("readPngText refuses damaged text", async () => {
  const cases: readonly [string, readonly number[], string][] = [
    ["tEXt", bytes("no end"), "a field does not end"],
    ["iTXt", bytes("key\0\0\0en"), "a field does not end"],
    ["iTXt", [...bytes("key\0\0\0\0\0"), 0xff], "not UTF-8"],
    ["iTXt", bytes("key\0\x02\0\0\0x"), "compression is not known"],
    ["zTXt", bytes("key\0\x01x"), "compression is not known"],
    ["zTXt", bytes("key\0\0x"), "Cannot inflate"],
  ];
  for (const [type, data, message] of cases) {
    const file = await withChunk(type, data);
    await assertRejects(() => readPngText(file), ImageError, message);
  }
});
