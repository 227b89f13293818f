import { assertEquals, assertThrows } from "@std/assert";
import { randnTensor } from "./randn_tensor.ts";
import { TorchGenerator } from "./torch_generator.ts";

const generators = (...seeds: number[]) => seeds.map((seed) => new TorchGenerator(seed));

Deno.test("image i comes from generator i alone", () => {
  const together = randnTensor([2, 4, 3, 3], generators(1, 2));
  assertEquals(together.subarray(0, 36), randnTensor([1, 4, 3, 3], generators(1)));
  assertEquals(together.subarray(36), randnTensor([1, 4, 3, 3], generators(2)));
});

Deno.test("one generator draws the whole batch, in a list or not", () => {
  const expected = new TorchGenerator(1).randn(72);
  assertEquals(randnTensor([2, 4, 3, 3], new TorchGenerator(1)), expected);
  assertEquals(randnTensor([2, 4, 3, 3], generators(1)), expected);
});

Deno.test("a wrong number of generators is refused", () => {
  assertThrows(
    () => randnTensor([3, 4], generators(1, 2)),
    RangeError,
    "with 2 generators: give one, or 3",
  );
});
