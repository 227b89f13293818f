import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import { pattern } from "./pattern.ts";
import { ssim } from "./ssim.ts";

Deno.test("the similarity is scipy's, with the paper's window in double precision", () => {
  const { one, noisy, dull, negative } = pattern();
  assertAlmostEquals(ssim(one, noisy), 0.5665473593280929, 1e-10);
  assertAlmostEquals(ssim(one, dull), 0.7882925692592566, 1e-10);
  assertAlmostEquals(ssim(one, negative), -0.9656583007780544, 1e-10);
});

Deno.test("it is 1 for the same picture, and the same either way around", () => {
  const { one, noisy } = pattern();
  assertAlmostEquals(ssim(one, one), 1, 1e-12);
  assertAlmostEquals(ssim(one, noisy), ssim(noisy, one), 1e-12);
});

Deno.test("of flat pictures it compares the levels alone", () => {
  const flat = (level: number) => ({
    height: 11,
    width: 11,
    data: new Uint8Array(363).fill(level),
  });
  const c1 = (0.01 * 255) ** 2;
  const expected = (2 * 100 * 150 + c1) / (100 ** 2 + 150 ** 2 + c1);
  // Variances are differences of large numbers, beside a constant of 58.5.
  assertAlmostEquals(ssim(flat(100), flat(150)), expected, 1e-9);
});

Deno.test("luma alone is compared", () => {
  const size = 16;
  const picture = (shift: readonly [number, number, number]) => ({
    height: size,
    width: size,
    data: Uint8Array.from({ length: 3 * size * size }, (_, at) => {
      return (37 * Math.floor(at / 3)) % 90 + 40 + shift[at % 3]!;
    }),
  });
  // 299 - 31 * 587 + 157 * 114 = 1000 * the change of luma = 0
  const [plain, recoloured] = [picture([0, 0, -40]), picture([1, -31, 117])];
  assertAlmostEquals(ssim(plain, recoloured), 1, 1e-9);
  assert(ssim(plain, picture([60, 0, -40])) < 0.99);
});

Deno.test("pictures smaller than the window are refused", () => {
  const small = { height: 10, width: 40, data: new Uint8Array(1200) };
  assertThrows(() => ssim(small, small), RangeError, "11 pixels a side");
  const { one } = pattern();
  assertThrows(() => ssim(one, small), RangeError, "wanted one size");
});
