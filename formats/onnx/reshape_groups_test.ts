import { assertEquals } from "@std/assert";
import { reshapeGroups } from "./reshape_groups.ts";
import type { Size } from "./sizes.ts";

const free = (one: number, other: number): Size => ({ traced: [one, other], from: [] });
const [n, h, w] = [free(2, 3), free(4, 6), free(8, 4)];

const groups = (from: readonly Size[], to: readonly Size[]) =>
  reshapeGroups(from, to).map((group) => [group.from, group.to]);

Deno.test("axes that are joined or split are a group", () => {
  assertEquals(groups([n, 5, h, w], [n, 5, free(32, 24)]), [[[0], [0]], [[1], [1]], [[2, 3], [2]]]);
  assertEquals(groups([n, free(32, 24), 6], [n, h, w, 2, 3]), [
    [[0], [0]],
    [[1], [1, 2]],
    [[2], [3, 4]],
  ]);
  assertEquals(groups([n, 5, h, w], [free(10, 15), 1, h, w]), [
    [[0, 1], [0]],
    [[2], [1, 2]],
    [[3], [3]],
  ]);
});

Deno.test("axes of size 1 come and go", () => {
  assertEquals(groups([n], [n, 1, 1]), [[[0], [0]], [[], [1]], [[], [2]]]);
  assertEquals(groups([1, n, 1], [n]), [[[0, 1], [0]], [[2], []]]);
  assertEquals(groups([1], []), [[[0], []]]);
});

Deno.test("a cut has to be one in both traces", () => {
  // 4 = 4 in the first trace only.
  assertEquals(groups([free(4, 2), 6], [4, free(6, 3)]), [[[0, 1], [0, 1]]]);
});
