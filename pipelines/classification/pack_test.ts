import { assert, assertEquals } from "@std/assert";
import { chooseRows, layoutOf } from "./pack.ts";

Deno.test("a layout has room for every evaluation, in as few batches as there can be", () => {
  for (let rows = 1; rows <= 16; rows++) {
    for (const prompts of [1, 2, 5, 7, 16, 37]) {
      for (const columns of [1, 3, 25]) {
        const layout = layoutOf({ prompts, columns }, { rows });
        assert(layout.prompts * layout.columns <= rows, "a batch has room");
        const groups = Math.ceil(prompts / layout.prompts);
        assertEquals(layout.batches, groups * Math.ceil(columns / layout.columns));
        assert(layout.batches * rows >= prompts * columns, "batches have room");
        for (let group = 1; group <= rows; group++) {
          const wide = Math.floor(rows / group);
          assert(layout.batches <= Math.ceil(prompts / group) * Math.ceil(columns / wide));
        }
      }
    }
  }
  assertEquals(layoutOf({ prompts: 5, columns: 12 }, { rows: 16 }), {
    prompts: 5,
    columns: 3,
    batches: 4,
  });
});

Deno.test("where rows share a timestep, a batch has one column", () => {
  assertEquals(layoutOf({ prompts: 3, columns: 12 }, { rows: 16, oneTimestep: true }), {
    prompts: 3,
    columns: 1,
    batches: 12,
  });
});

Deno.test("rows are chosen so that few stay empty", () => {
  // Two prompts at 25 timesteps: 50 rows in five batches of ten, and not four of sixteen.
  assertEquals(chooseRows([{ prompts: 2, columns: 25 }], { most: 16 }), 10);
  assertEquals(chooseRows([{ prompts: 2, columns: 1 }], { most: 16 }), 2);
  assertEquals(chooseRows([{ prompts: 100, columns: 20 }], { most: 1 }), 1);
});
