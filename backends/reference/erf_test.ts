import { assert, assertEquals } from "@std/assert";
import { erf } from "./erf.ts";

/** From C's `erf`, which errs by less than a unit in the last place. */
const TABLE: readonly (readonly [x: number, erf: number])[] = [
  [1e-300, 1.1283791670955126e-300],
  [1e-10, 1.1283791670955126e-10],
  [0.001, 0.0011283787909692365],
  [0.1, 0.1124629160182849],
  [0.4769362762044699, 0.5],
  [1, 0.8427007929497149],
  [1.5, 0.9661051464753108],
  [2, 0.9953222650189527],
  [2.5, 0.999593047982555],
  [2.999999, 0.999977909363748],
  [3, 0.9999779095030014],
  [3.000001, 0.9999779096422541],
  [3.3, 0.9999969422902035],
  [4, 0.9999999845827421],
  [5, 0.9999999999984626],
  [5.9, 0.9999999999999999],
  [6.1, 1],
  [Infinity, 1],
];

Deno.test("erf is right to 1e-15 of its value, and odd", () => {
  for (const [x, value] of TABLE) {
    assert(Math.abs(erf(x) / value - 1) < 1e-15, `erf(${x}) = ${erf(x)}`);
    assertEquals(erf(-x), -erf(x));
  }
});

Deno.test("erf of zero and of no number", () => {
  assertEquals(erf(0), 0);
  assertEquals(erf(NaN), NaN);
});
