import { assertEquals, assertThrows } from "@std/assert";
import type { Picture } from "../../formats/images/picture.ts";
import { resize } from "../../formats/images/resize.ts";
import { hostTensor } from "../../graph/tensor_spec.ts";
import { SettingsError } from "../settings.ts";
import { classifierInput, coverSquare, PictureError } from "./picture_input.ts";

/** A picture whose samples tell their places. */
function gradient(width: number, height: number, channels: Picture["channels"] = 3): Picture {
  const data = Uint8Array.from(
    { length: width * height * channels },
    (_, at) => (7 * at + 3 * Math.floor(at / (width * channels))) % 256,
  );
  return { width, height, channels, data };
}

Deno.test("the short side is resized and the middle cut out, halves rounded to even", () => {
  const wide = gradient(23, 8);
  const whole = resize(wide, { width: 46, height: 16, filter: "bicubic" });
  const square = coverSquare(wide, 16);
  assertEquals([square.width, square.height], [16, 16]);
  for (let row = 0; row < 16; row++) {
    const from = (row * 46 + 15) * 3;
    assertEquals(square.data.slice(row * 48, row * 48 + 48), whole.data.slice(from, from + 48));
  }
  // 21 rows too many: 10.5 is rounded to 10, as Python does.
  const tall = coverSquare(gradient(8, 29), 8);
  assertEquals(tall.data, gradient(8, 29).data.slice(10 * 24, 18 * 24));
  assertEquals(coverSquare(gradient(16, 16), 16), gradient(16, 16));
});

Deno.test("pictures become -1..1 without their alpha, and tensors stay as they are", () => {
  const { shape, data } = classifierInput(gradient(8, 8, 4), { size: 8, factor: 8 });
  assertEquals(shape, [1, 3, 8, 8]);
  assertEquals(data[0], Math.fround(gradient(8, 8, 4).data[0]! / 127.5 - 1));
  const tensor = hostTensor([1, 3, 8, 16], new Float32Array(384).fill(0.5));
  assertEquals(classifierInput(tensor, { size: 512, factor: 8 }), tensor);
});

Deno.test("what is no picture, too long, or of other sides is refused", () => {
  const options = { size: 8, factor: 8 };
  for (
    const image of [
      undefined,
      null,
      { ...gradient(8, 8), data: new Uint8Array(3) },
      hostTensor([1, 3, 8, 8], new Float32Array(192).fill(NaN)),
      hostTensor([2, 3, 8, 8], new Float32Array(384)),
      hostTensor([1, 3, 8, 12], new Float32Array(288)),
    ]
  ) {
    assertThrows(() => classifierInput(image as Picture, options), Error, "Cannot");
  }
  assertThrows(
    () => classifierInput(gradient(1, 16384), { size: 512, factor: 8 }),
    PictureError,
    "long",
  );
  assertThrows(() => classifierInput(gradient(8, 8), { size: 12, factor: 8 }), SettingsError);
});
