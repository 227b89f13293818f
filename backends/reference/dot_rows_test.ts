import { assertEquals } from "@std/assert";
import { dotRows } from "./dot_rows.ts";

Deno.test("dotRows adds every row's product in plain order, whatever the number of rows", () => {
  const [length, first, at] = [7, 3, 2];
  const vector = Float32Array.from({ length: at + length }, (_, i) => Math.fround(Math.sin(i)));
  for (let count = 0; count <= 9; count++) {
    const rows = Float32Array.from({ length: first + count * length }, (_, i) => 1 / (i + 1));
    const sums = Float64Array.from({ length: count + 1 }, (_, r) => r / 3);
    const expected = sums.slice();
    for (let r = 0; r < count; r++) {
      for (let k = 0; k < length; k++) {
        expected[r]! += rows[first + r * length + k]! * vector[at + k]!;
      }
    }
    dotRows(sums, { count, rows, first, vector, at, length });
    assertEquals(sums, expected); // the number after the last row stays
  }
});
