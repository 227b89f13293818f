import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  allocate,
  BYTES,
  describe,
  f32,
  hostTensor,
  i32,
  sameShape,
  sizeOf,
} from "./tensor_spec.ts";

Deno.test("sizes multiply, and a scalar has one element", () => {
  assertEquals([sizeOf([2, 3, 4]), sizeOf([]), sizeOf([5, 0])], [24, 1, 0]);
});

Deno.test("shapes are equal axis by axis", () => {
  assertEquals(sameShape([2, 3], [2, 3]), true);
  assertEquals(sameShape([2, 3], [3, 2]), false);
  assertEquals(sameShape([2, 3], [2, 3, 1]), false);
  assertEquals(sameShape([], []), true);
});

Deno.test("specs read as type and sizes", () => {
  assertEquals(describe(f32(2, 3)), "f32[2, 3]");
  assertEquals(describe(i32()), "i32[]");
});

Deno.test("every type has an array of its width", () => {
  for (const dtype of ["f32", "f16", "i32", "u8"] as const) {
    const data = allocate(dtype, 3);
    assertEquals([data.length, data.BYTES_PER_ELEMENT], [3, BYTES[dtype]], dtype);
  }
});

Deno.test("a host tensor holds as many numbers as its shape says", () => {
  const data = new Float32Array(6);
  assertStrictEquals(hostTensor([2, 3], data).data, data);
  assertEquals(hostTensor([2], [1, 0.5]).data, Float32Array.of(1, 0.5));
  assertThrows(
    () => hostTensor([2, 3], [1, 2]),
    RangeError,
    "Cannot make a tensor of shape [2, 3] from 2 numbers: it holds 6",
  );
});
