import { assert, assertEquals } from "@std/assert";
import { singleLogarithm } from "./single_logarithm.ts";

Deno.test("logarithms are NumPy's to the last bit", () => {
  // numpy.log of float32, with AVX2 or AVX-512.
  const logarithms = [
    [1.0000000031710769e-30, -69.07755279541016],
    [0.029167000204324722, -3.534717321395874],
    [0.7071068286895752, -0.34657350182533264],
    [1, 0],
    [1.4142135381698608, 0.3465735912322998],
    [1.4142136573791504, 0.34657368063926697],
    [14.614640235900879, 2.682023763656616],
    [34.40900802612305, 3.538318395614624], // the nearest single is 3.5383186340332031
    [4096, 8.317766189575195],
  ] as const;
  for (const [x, log] of logarithms) assertEquals(singleLogarithm(x), log);
});

Deno.test("logarithms are right within 4 units in the last place, and so at the edges", () => {
  for (let x = 1e-5; x < 1e6; x *= 1.37) {
    const single = Math.fround(x);
    const exact = Math.log(single);
    assert(Math.abs(singleLogarithm(single) - exact) < 4 * 2 ** -23 * Math.abs(exact), `${x}`);
  }
  assertEquals(singleLogarithm(0), -Infinity);
  assertEquals(singleLogarithm(Infinity), Infinity);
  assertEquals(singleLogarithm(-1), NaN);
});
