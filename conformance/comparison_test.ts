import { assert, assertEquals } from "@std/assert";
import { boundOf, judge, magnitude } from "./comparison.ts";

const compare = (actual: number[], expected: number[], bound: number | number[]) =>
  judge([{ name: "y", actual, expected, bound }]);

Deno.test("all within their bounds pass; the worst is the one nearest its bound", () => {
  assertEquals(compare([1, 2.5, 3], [1, 2, 3.25], [0.1, 1, 0.3]), {
    passed: true,
    worst: { name: "y", index: 2, actual: 3, expected: 3.25, difference: 0.25, bound: 0.3 },
  });
});

Deno.test("one beyond its bound fails", () => {
  const { passed, worst } = compare([1, 2, 3], [1, 2.5, 3], 0.25);
  assertEquals(passed, false);
  assertEquals([worst?.index, worst?.difference], [1, 0.5]);
});

Deno.test("with a bound of 0 only equal numbers pass", () => {
  assert(compare([1, 2], [1, 2], 0).passed);
  const { passed, worst } = compare([1, 2.000001, 2], [1, 2, 2], 0);
  assertEquals([passed, worst?.index], [false, 1]);
});

Deno.test("NaN fails whatever the bound, and is worst of all", () => {
  for (const [actual, expected] of [[NaN, 1], [1, NaN], [NaN, NaN]] as const) {
    for (const bound of [0, 1e9, Infinity]) {
      const { passed, worst } = compare([5, actual], [0, expected], bound);
      assertEquals([passed, worst?.index], [false, 1]);
    }
  }
});

Deno.test("infinities differ from all numbers", () => {
  assertEquals(compare([Infinity], [1], 1e30).passed, false);
  assertEquals(compare([-Infinity], [Infinity], 1e30).passed, false);
});

Deno.test("unlike numbers of elements fail, also where one has none", () => {
  for (const [actual, expected] of [[[1], [1, 2]], [[], [1]], [[1], []]] as const) {
    const { passed, worst } = compare([...actual], [...expected], 1);
    assertEquals([passed, worst?.name], [false, "y (number of elements)"]);
    assertEquals([worst?.actual, worst?.expected], [actual.length, expected.length]);
  }
});

Deno.test("several outputs are judged together, and none at all has not passed", () => {
  const good = { name: "a", actual: [1], expected: [1], bound: 0.1 };
  const bad = { name: "b", actual: [1], expected: [2], bound: 0.1 };
  assertEquals(judge([good, bad]).passed, false);
  assertEquals(judge([bad, good]).worst?.name, "b");
  assertEquals(judge([]), { passed: false, worst: undefined });
});

Deno.test("bounds grow with the recorded error and the magnitude", () => {
  const numbers = { error: 1e-6, magnitude: 10 };
  const close = (actual: number, expected: number) => assert(Math.abs(actual - expected) < 1e-12);
  close(boundOf("network", { ...numbers, exact: true }), 8e-6 + 4e-5);
  close(boundOf("network", { ...numbers, exact: false }), 32e-6 + 4e-4);
  close(boundOf("sampling", { ...numbers, exact: true }), 16e-6 + 2e-4);
  close(boundOf("sampling", { ...numbers, exact: false }), 64e-6 + 1e-3);
});

Deno.test("the magnitude is the largest one", () => {
  assertEquals([magnitude([1, -3, 2]), magnitude([])], [3, 0]);
});
