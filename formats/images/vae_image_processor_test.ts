import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { hostTensor } from "../../graph/tensor_spec.ts";
import type { Picture } from "./picture.ts";
import { postprocess, preprocessPictures, preprocessTensor } from "./vae_image_processor.ts";

function flat(width: number, height: number, ...colour: number[]): Picture {
  const channels = colour.length as Picture["channels"];
  const data = Uint8Array.from(
    { length: width * height * channels },
    (_, i) => colour[i % channels]!,
  );
  return { width, height, channels, data };
}

Deno.test("preprocessPictures batches pictures of different sizes to the first one's", () => {
  const { shape, data } = preprocessPictures([flat(17, 9, 0, 255, 51), flat(40, 40, 255, 0, 51)]);
  assertEquals(shape, [2, 3, 8, 16]);
  const plane = 8 * 16;
  assertEquals([0, 1, 2, 3, 4, 5].map((c) => data[c * plane]), [
    -1,
    1,
    Math.fround(2 * Math.fround(0.2) - 1),
    1,
    -1,
    Math.fround(2 * Math.fround(0.2) - 1),
  ]);
});

Deno.test("preprocessPictures refuses batches that do not fit together", () => {
  assertThrows(() => preprocessPictures([]), RangeError, "no pictures");
  assertThrows(
    () => preprocessPictures([flat(8, 8, 1), flat(8, 8, 1, 2, 3)]),
    RangeError,
    "[1,8,8] and, at 1, [3,8,8]",
  );
  assertThrows(
    () => preprocessPictures([flat(8, 8, 1), flat(8, 9, 1)], { resize: false }),
    RangeError,
    "[1,9,8]",
  );
  assertThrows(() => preprocessPictures([flat(7, 8, 1)]), RangeError, "a side is 0");
});

Deno.test("preprocessTensor leaves latents alone, and what is in -1..1 already", () => {
  const latents = hostTensor([1, 4, 1, 1], [1, 2, 3, 4]);
  assertStrictEquals(preprocessTensor(latents).data, latents.data);
  const signed = hostTensor([1, 1, 1, 2], [-0.5, 0.5]);
  assertEquals([...preprocessTensor(signed, { scaleFactor: 1 }).data], [-0.5, 0.5]);
  const unit = hostTensor([1, 1, 1, 2], [0, 0.75]);
  assertEquals([...preprocessTensor(unit, { scaleFactor: 1 }).data], [-1, 0.5]);
  assertEquals([...unit.data], [0, 0.75]);
});

Deno.test("preprocessTensor reads three dimensions as one picture, or as grey pictures", () => {
  const tensor = hostTensor([3, 1, 2], [0, 0.25, 0.5, 0.75, 1, 0]);
  assertEquals(preprocessTensor(tensor, { scaleFactor: 1 }).shape, [1, 3, 1, 2]);
  const grey = { scaleFactor: 1, convert: "grey" } as const;
  assertEquals(preprocessTensor(tensor, grey).shape, [3, 1, 1, 2]);
  assertEquals(preprocessTensor(hostTensor([1, 2], [0, 1]), grey).shape, [1, 1, 1, 2]);
  assertThrows(() => preprocessTensor(hostTensor([2], [0, 1])), RangeError, "shape [2]");
  assertThrows(() => preprocessTensor(tensor, { mode: "fill" }), RangeError, "mode fill");
});

Deno.test("postprocess clamps, rounds half to even, and undoes preprocessPictures", () => {
  const values = [-2, 2, NaN, -0.75, 0.5];
  const { tensor, pictures } = postprocess(hostTensor([1, 1, 1, 5], values));
  assertEquals([...tensor.data].slice(0, 3), [0, 1, NaN]);
  assertEquals([...pictures[0]!.data], [0, 255, 0, 32, 191]); // of 31.875 and 191.25
  const halves = hostTensor([1, 1, 1, 4], [0.5, 1.5, 2.5, 254.5].map((x) => x / 255));
  const [picture] = postprocess(halves, { normalize: false }).pictures;
  assertEquals([...picture!.data], [0, 2, 2, 254]);

  const all: Picture = {
    width: 16,
    height: 16,
    channels: 1,
    data: Uint8Array.from({ length: 256 }, (_, i) => i),
  };
  assertEquals(postprocess(preprocessPictures([all])).pictures, [all]);
});

Deno.test("postprocess refuses what is no batch of pictures", () => {
  assertThrows(() => postprocess(hostTensor([1, 2, 1, 1], [0, 0])), RangeError, "[1,2,1,1]");
  assertThrows(() => postprocess(hostTensor([3, 1, 1], [0, 0, 0])), RangeError, "[3,1,1]");
});
