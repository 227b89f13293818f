import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { psnr } from "./psnr.ts";
import { pattern } from "./pattern.ts";

function flat(level: number, size = 2) {
  return { height: size, width: size, data: new Uint8Array(3 * size * size).fill(level) };
}

Deno.test("the ratio is that of the formula, by hand and by numpy", () => {
  // Off by one everywhere: 20 log10(255).
  assertAlmostEquals(psnr([[flat(100), flat(101)]]), 20 * Math.log10(255), 1e-12);
  // As far as bytes can be apart: 0 dB.
  assertAlmostEquals(psnr([[flat(0), flat(255)]]), 0, 1e-12);
  assertEquals(psnr([[flat(7), flat(7)]]), Infinity);
  const { one, noisy, dull } = pattern();
  assertAlmostEquals(psnr([[one, noisy]]), 13.04247844845796, 1e-10);
  assertAlmostEquals(psnr([[one, dull]]), 15.276837230307866, 1e-10);
});

Deno.test("errors of several pairs are pooled before the ratio is taken", () => {
  const { one, noisy, dull } = pattern();
  assertAlmostEquals(psnr([[one, noisy], [one, dull]]), 14.01752351568251, 1e-10);
  assertAlmostEquals(
    psnr([[flat(100), flat(100)], [flat(100), flat(102)]]),
    10 * Math.log10(255 ** 2 / 2),
    1e-12,
  );
});

Deno.test("pictures of different sizes, and none, are refused", () => {
  assertThrows(() => psnr([[flat(1), flat(1, 3)]]), RangeError, "2 x 2 (12 bytes) and 3 x 3");
  const short = { ...flat(1), data: new Uint8Array(4) };
  assertThrows(() => psnr([[short, short]]), RangeError, "2 x 2 (4 bytes)");
  assertThrows(() => psnr([]), RangeError, "none");
});
