import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodePicture } from "./decode_picture.ts";
import { encodeJpeg } from "./encode_jpeg.ts";
import { jpegCodec } from "./jpeg_codec.ts";
import { nativeJpeg } from "./native_jpeg.ts";
import { ImageError, type Picture } from "./picture.ts";
import { readZoo } from "../../tests/images/zoo.ts";

function waves(channels: Picture["channels"]): Picture {
  const [width, height] = [45, 37];
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    const [x, y, c] = [pixel % width, Math.floor(pixel / width), i % channels];
    data[i] = c === 3 ? 255 : 127 + 100 * Math.sin(x / 7 + c) * Math.cos(y / (5 + c));
  }
  return { width, height, channels, data };
}

/** Peak signal to noise ratio in dB. */
function psnr(a: Uint8Array, b: Uint8Array): number {
  const sum = a.reduce((total, byte, i) => total + (byte - b[i]!) ** 2, 0);
  return 10 * Math.log10(255 ** 2 * a.length / sum);
}

Deno.test("encodeJpeg comes back close, and closer with quality", async () => {
  const picture = waves(3);
  const back = async (quality: number) =>
    psnr((await decodePicture(await encodeJpeg(picture, { quality }))).data, picture.data);
  const [low, high, best] = [await back(30), await back(90), await back(100)];
  // Steps of quantisation q leave errors of about q / sqrt(12): q is 1 or 2 at 100.
  assert(best > 45 && high > 38 && low > 28, `${low} ${high} ${best} dB`);
  assert(low < high && high < best, `${low} ${high} ${best} dB`);
});

Deno.test("encodeJpeg writes grey and opaque pictures with alpha as RGB", async () => {
  const { data } = waves(4);
  const rgb = waves(3);
  assertEquals(await encodeJpeg({ ...waves(4), data }), await encodeJpeg(rgb));
  const grey = waves(1);
  const back = await decodePicture(await encodeJpeg(grey));
  assert(psnr(back.data.filter((_, i) => i % 3 === 0), grey.data) > 38);
});

Deno.test("encodeJpeg gives the same bytes each time", async () => {
  assertEquals(await encodeJpeg(waves(3)), await encodeJpeg(waves(3)));
});

Deno.test("encodeJpeg refuses what JPEG cannot say", async () => {
  const clear = waves(4);
  clear.data[4 * (45 * 2 + 3) + 3] = 254;
  await assertRejects(() => encodeJpeg(clear), ImageError, "pixel at (3, 2) has alpha 254");
  for (const quality of [0, 101, 50.5, NaN]) {
    await assertRejects(() => encodeJpeg(waves(1), { quality }), RangeError, `quality ${quality}`);
  }
  const data = new Uint8Array(65536);
  const wide = { width: 65536, height: 1, channels: 1, data } as const;
  await assertRejects(() => encodeJpeg(wide), ImageError, "at most 65535");
});

Deno.test("the platform's codec and imagescript's agree", async () => {
  const native = nativeJpeg();
  const codec = await jpegCodec();
  assertEquals([native.name, codec.name], ["native", "imagescript"]);
  for (const { name, file, picture } of await readZoo<{ name: string }>("jpeg_zoo.json")) {
    const pixels = await native.decode(file);
    assertEquals([pixels.width, pixels.height], [picture.width, picture.height], name);
    const worst = pixels.data.reduce((m, v, i) => Math.max(m, Math.abs(v - picture.data[i]!)), 0);
    assert(worst <= 4, `${name}: ${worst}`);
  }
  const { width, height, data } = waves(4);
  const decoded = await codec.decode(await native.encode({ width, height, data }, 95));
  assert(psnr(decoded.data, waves(3).data) > 30);
});

Deno.test("the platform's codec leaves orientation alone", async () => {
  const native = nativeJpeg();
  for (const { file } of await readZoo("orientation.json")) {
    const { width, height } = await native.decode(file);
    assertEquals([width, height], [24, 16]);
  }
});

Deno.test("the pinned imagescript is the one that is imported", async () => {
  const config = await Deno.readTextFile(new URL("../../deno.json", import.meta.url));
  const source = await Deno.readTextFile(new URL("imagescript_jpeg.ts", import.meta.url));
  const pinned = /npm:imagescript@([\d.]+)/.exec(source)![1];
  assertEquals(
    JSON.parse(config).imports["imagescript/png"],
    `npm:imagescript@${pinned}/png/node.js`,
  );
});
