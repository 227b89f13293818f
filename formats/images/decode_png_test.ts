import { assert, assertEquals, assertRejects } from "@std/assert";
import { makeRandom, readFirst, readZoo } from "../../tests/images/zoo.ts";
import { decodePng } from "./decode_png.ts";
import { encodePng } from "./encode_png.ts";
import { ImageError } from "./picture.ts";
import { type PngChunk, pngChunks, writePngChunks } from "./png_chunks.ts";
import { deflate } from "./zlib.ts";

function header(
  width: number,
  height: number,
  options: { depth?: number; colour?: number; interlace?: number } = {},
): PngChunk {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  data.set([options.depth ?? 8, options.colour ?? 0, 0, 0, options.interlace ?? 0], 8);
  return { type: "IHDR", data };
}

const END: PngChunk = { type: "IEND", data: new Uint8Array(0) };

async function idat(bytes: Uint8Array): Promise<PngChunk> {
  return { type: "IDAT", data: await deflate(bytes) };
}

Deno.test("decodePng gives Pillow's bytes for every colour type, depth and interlace", async () => {
  const zoo = await readZoo<{ name: string }>("png_zoo.json");
  assert(zoo.length > 60);
  for (const { name, file, picture } of zoo) assertEquals(await decodePng(file), picture, name);
});

Deno.test("decodePng refuses every truncation", async () => {
  const { file } = await readFirst("png_zoo.json");
  for (let length = 0; length < file.length; length++) {
    await assertRejects(() => decodePng(file.subarray(0, length)), ImageError);
  }
});

Deno.test("decodePng refuses any changed byte: CRCs cover all but lengths and the signature", async () => {
  const { file } = await readFirst("png_zoo.json");
  for (let i = 0; i < file.length; i++) {
    const changed = file.slice();
    changed[i] = changed[i]! ^ 0x11;
    await assertRejects(() => decodePng(changed), ImageError, undefined, `byte ${i}`);
  }
});

Deno.test("decodePng either decodes or refuses damage that has a right CRC", async () => {
  const random = makeRandom(1);
  const zoo = await readZoo<{ name: string }>("png_zoo.json");
  let refused = 0;
  for (let round = 0; round < 600; round++) {
    const { file } = zoo[round % zoo.length]!;
    const chunks = [...pngChunks(file)].map(({ type, data }) => ({ type, data: data.slice() }));
    const { data } = chunks[Math.floor(random() * (chunks.length - 1))]!;
    if (data.length > 0) data[Math.floor(random() * data.length)]! ^= 1 << Math.floor(random() * 8);
    try {
      const picture = await decodePng(writePngChunks(chunks), { maxPixels: 1e6 });
      assertEquals(picture.data.length, picture.width * picture.height * picture.channels);
    } catch (error) {
      assert(error instanceof ImageError, `round ${round}: ${error}`);
      refused++;
    }
  }
  assert(refused > 300, `only ${refused} refused`);
});

Deno.test("decodePng looks at the size before it decodes", async () => {
  const bomb = writePngChunks([
    header(20000, 20000, { depth: 1 }),
    await idat(new Uint8Array(1000)),
    END,
  ]);
  const error = await assertRejects(() => decodePng(bomb), ImageError);
  assertEquals(
    error.message,
    "Cannot decode a PNG of 20000 x 20000 pixels: that is 400000000, the cap is 67108864 pixels",
  );
  const small = await encodePng({ width: 3, height: 3, channels: 1, data: new Uint8Array(9) });
  await assertRejects(() => decodePng(small, { maxPixels: 8 }), ImageError, "cap is 8 pixels");
  assertEquals((await decodePng(small, { maxPixels: 9 })).width, 3);
});

Deno.test("decodePng takes no memory for pixels that the data cannot hold", async () => {
  const lie = writePngChunks([
    header(8000, 8000, { depth: 16, colour: 6 }),
    await idat(new Uint8Array(1000)),
    END,
  ]);
  await assertRejects(() => decodePng(lie), ImageError, "ends early");
});

Deno.test("decodePng stops inflating where the picture ends", async () => {
  const bomb = writePngChunks([header(2, 2), await idat(new Uint8Array(1e7)), END]);
  await assertRejects(() => decodePng(bomb), ImageError, "more than 6 bytes");
  const short = writePngChunks([header(2, 2), await idat(new Uint8Array(5)), END]);
  await assertRejects(() => decodePng(short), ImageError, "gives 5 bytes, 6 are wanted");
});

Deno.test("decodePng takes a palette of more colours than the bits can name", async () => {
  const colours = Uint8Array.from({ length: 48 }, (_, i) => i); // 16 of them, for 1 bit
  const palette = { type: "PLTE", data: colours };
  const pixels = await idat(Uint8Array.of(0, 0b01000000));
  const file = writePngChunks([header(2, 1, { colour: 3, depth: 1 }), palette, pixels, END]);
  assertEquals([...(await decodePng(file)).data], [0, 1, 2, 3, 4, 5]);
});

const data = await idat(new Uint8Array(6));
const REFUSED: Readonly<Record<string, readonly [readonly PngChunk[], string]>> = {
  "no side": [[header(0, 2), data, END], "sides are positive"],
  "a side of 2^31": [[header(2 ** 31, 1), data, END], "cap"],
  "no such depth": [[header(2, 2, { depth: 3 }), data, END], "with 3 bits does not exist"],
  "no such colour": [[header(2, 2, { colour: 5 }), data, END], "colour type 5"],
  "no such interlace": [[header(2, 2, { interlace: 2 }), data, END], "interlace method"],
  "no header": [[data, END], "IDAT comes before IHDR"],
  "two headers": [[header(2, 2), header(2, 2), data, END], "two IHDR"],
  "a short header": [[{ type: "IHDR", data: new Uint8Array(12) }, data, END], "12 bytes"],
  "no data": [[header(2, 2), END], "ends early"],
  "data apart": [
    [header(2, 2), data, { type: "tEXt", data: Uint8Array.of(65, 0) }, data, END],
    "apart",
  ],
  "no palette": [[header(2, 2, { colour: 3 }), data, END], "a palette of 0 bytes"],
  "a palette of odd length": [
    [header(2, 2, { colour: 3 }), { type: "PLTE", data: new Uint8Array(4) }, data, END],
    "a palette of 4 bytes",
  ],
  "a palette of more than 256 colours": [
    [header(2, 2, { colour: 3 }), { type: "PLTE", data: new Uint8Array(771) }, data, END],
    "1 to 256 colours",
  ],
  "an index outside of the palette": [
    [
      header(2, 2, { colour: 3 }),
      { type: "PLTE", data: new Uint8Array(3) },
      await idat(Uint8Array.of(0, 0, 1, 0, 0, 0)),
      END,
    ],
    "index 1 is outside",
  ],
  "transparency beside alpha": [
    [header(1, 1, { colour: 4 }), { type: "tRNS", data: new Uint8Array(2) }, data, END],
    "does not go with",
  ],
  "an unknown critical chunk": [
    [header(2, 2), { type: "ABCD", data: new Uint8Array(0) }, data, END],
    "ABCD is a critical chunk",
  ],
  "an animation": [
    [header(2, 2), { type: "acTL", data: new Uint8Array(8) }, data, END],
    "animated",
  ],
  "a filter that does not exist": [
    [header(2, 2), await idat(Uint8Array.of(5, 0, 0, 0, 0, 0)), END],
    "no filter has the number 5",
  ],
  "data that is not zlib": [
    [header(2, 2), { type: "IDAT", data: Uint8Array.of(1, 2, 3, 4) }, END],
    "damaged",
  ],
};
for (const [name, [chunks, message]] of Object.entries(REFUSED)) {
  Deno.test(`decodePng refuses ${name}`, async () => {
    await assertRejects(() => decodePng(writePngChunks(chunks)), ImageError, message);
  });
}

Deno.test("decodePng checks the sum of the inflated data", async () => {
  const chunk = await idat(Uint8Array.of(0, 1, 2, 0, 3, 4));
  chunk.data[chunk.data.length - 1]! ^= 1; // the last byte of Adler-32
  const file = writePngChunks([header(2, 2), chunk, END]);
  await assertRejects(() => decodePng(file), ImageError, "Cannot inflate");
  const cut = { type: "IDAT", data: chunk.data.subarray(0, -4) };
  const short = writePngChunks([header(2, 2), cut, END]);
  await assertRejects(() => decodePng(short), ImageError, "ends early or its checksum");
});
