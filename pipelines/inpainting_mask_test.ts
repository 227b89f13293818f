import { assertEquals } from "@std/assert";
import { hostTensor, type HostTensorOf } from "../graph/tensor_spec.ts";
import { binarized, greyMask, maskOf, reduceMask, withHoles } from "./inpainting_mask.ts";

function mask(shape: readonly number[], values: readonly number[]): HostTensorOf<"f32"> {
  return hostTensor(shape, Float32Array.from(values)) as HostTensorOf<"f32">;
}

Deno.test("a mask becomes grey, and white is what is repainted unless it is inverted", () => {
  const rgb = { width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 255, 255, 255, 0, 0) };
  const picture = { ...rgb, channels: 3 as const };
  assertEquals([...greyMask(picture, { invert: false }).data], [255, 76]);
  assertEquals([...greyMask(picture, { invert: true }).data], [0, 179]);
  assertEquals(picture.data[0], 255);
});

Deno.test("each reduction sees another part of a cell", () => {
  // Two masks of 4 x 2: a thin column beside a cell's first pixel, and a grey cell.
  const pixels = mask([2, 1, 2, 4], [
    ...[0, 1, 0, 0],
    ...[0, 1, 0, 0],
    ...[0.25, 0.5, 1, 0],
    ...[0.75, 0.5, 0, 0],
  ]);
  const reduce = (by: "nearest" | "max" | "mean") => {
    const { shape, data } = reduceMask(pixels, { factor: 2, by });
    assertEquals(shape, [2, 1, 1, 2]);
    return [...data];
  };
  assertEquals(reduce("nearest"), [0, 0, 0.25, 1]);
  assertEquals(reduce("max"), [1, 0, 0.75, 1]);
  assertEquals(reduce("mean"), [0.5, 0, 0.5, 0.25]);
});

Deno.test("rows of cells follow each other, in one mask and from one to the next", () => {
  const pixels = mask([2, 1, 4, 2], [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
  const { shape, data } = reduceMask(pixels, { factor: 2, by: "nearest" });
  assertEquals(shape, [2, 1, 2, 1]);
  assertEquals([...data], [0, 1, 1, 0]);
});

Deno.test("half is repainted", () => {
  assertEquals([...binarized(mask([1, 1, 1, 3], [0.49, 0.5, 1])).data], [0, 1, 1]);
});

Deno.test("holes are cut into each picture, with one mask for all or one each", () => {
  const images = mask([2, 1, 1, 2], [0.5, -0.5, 0.25, 0.75]);
  const one = withHoles(images, { masks: mask([1, 1, 1, 2], [1, 0]), hole: 0 });
  assertEquals([...one.data], [0, -0.5, 0, 0.75]);
  const each = withHoles(images, { masks: mask([2, 1, 1, 2], [1, 0, 0, 1]), hole: -1 });
  assertEquals([...each.data], [-1, -0.5, 0.25, -1]);
  const single = mask([1, 1, 1, 2], [0.5, -0.5]);
  const both = withHoles(single, { masks: mask([2, 1, 1, 2], [1, 0, 0, 1]), hole: 0 });
  assertEquals([both.shape, [...both.data]], [[2, 1, 1, 2], [0, -0.5, 0.5, 0]]);
});

Deno.test("a mask of another size is brought to the picture's", () => {
  const small = { width: 1, height: 1, channels: 1, data: Uint8Array.of(200) } as const;
  const { width, height, data } = maskOf(small, { width: 3, height: 2 });
  assertEquals([width, height, ...data], [3, 2, 200, 200, 200, 200, 200, 200]);
});
