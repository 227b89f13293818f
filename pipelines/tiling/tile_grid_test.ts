import { assert, assertEquals, assertThrows } from "@std/assert";
import { SettingsError } from "../settings.ts";
import { enlargedGrid, gridOverhead, tileGrid, tilesOf, widestMargin } from "./tile_grid.ts";

Deno.test("tiles cover every position, overlap enough, and start evenly", () => {
  for (const [height, width] of [[16, 24], [33, 70], [100, 16], [17, 17], [64, 65], [5, 200]]) {
    for (const [size, overlap, align] of [[16, 8, 1], [16, 4, 4], [24, 12, 8], [16, 0, 1]]) {
      const whole = { height: height!, width: width! };
      const grid = tileGrid(whole, { size: size!, overlap: overlap!, align: align! });
      const seen = new Uint8Array(whole.height * whole.width);
      for (const { top, left } of tilesOf(grid)) {
        assert(top + grid.tile.height <= whole.height && left + grid.tile.width <= whole.width);
        for (let y = 0; y < grid.tile.height; y++) {
          for (let x = 0; x < grid.tile.width; x++) seen[(top + y) * whole.width + left + x] = 1;
        }
      }
      assert(seen.every((each) => each === 1), JSON.stringify([whole, grid]));
      for (const [starts, side] of [[grid.tops, grid.tile.height], [grid.lefts, grid.tile.width]]) {
        (starts as number[]).slice(1).forEach((start, at) => {
          const shared = (starts as number[])[at]! + (side as number) - start;
          // Alignment may take a little of it.
          assert(shared > overlap! - align!, `${shared} of ${overlap}`);
        });
      }
    }
  }
});

Deno.test("tiles start at multiples where they can", () => {
  const grid = tileGrid({ height: 100, width: 100 }, { size: 32, overlap: 16, align: 8 });
  assertEquals(grid.tops.slice(0, -1).filter((top) => top % 8 !== 0), []);
  assertEquals(grid.tops.at(-1), 68);
});

Deno.test("the original latent diffusion's grid, and one on something larger", () => {
  const grid = tileGrid({ height: 128, width: 256 }, { size: 128, overlap: 64 });
  assertEquals(grid.lefts, [0, 64, 128]);
  assertEquals(gridOverhead(grid), 1.5);
  assertEquals(enlargedGrid(grid, 4).lefts, [0, 256, 512]);
  assertEquals(enlargedGrid(grid, 4).tile, { height: 512, width: 512 });
});

Deno.test("a whole that is smaller than a tile is one", () => {
  const grid = tileGrid({ height: 20, width: 9 }, { size: 64, overlap: 32 });
  assertEquals(grid.tile, { height: 20, width: 9 });
  assertEquals(gridOverhead(grid), 1);
});

Deno.test("margins leave something of each overlap and of the first tile", () => {
  const half = tileGrid({ height: 64, width: 64 }, { size: 32, overlap: 16 });
  assertEquals(widestMargin(half, 100), 7);
  assertEquals(widestMargin(half, 3), 3);
  // Three quarters overlap: the second tile starts 8 behind the first.
  const narrow = tileGrid({ height: 64, width: 64 }, { size: 32, overlap: 24 });
  assertEquals(widestMargin(narrow, 100), 8);
  assertEquals(widestMargin(tileGrid({ height: 64, width: 64 }, { size: 32, overlap: 0 }), 9), 0);
});

Deno.test("tiles that cannot be laid are refused", () => {
  const whole = { height: 64, width: 64 };
  for (
    const options of [{ size: 0, overlap: 0 }, { size: 16, overlap: 16 }, { size: 1.5, overlap: 0 }]
  ) {
    assertThrows(() => tileGrid(whole, options), SettingsError);
  }
  assertThrows(
    () => tileGrid({ height: 4096, width: 4096 }, { size: 8, overlap: 7 }),
    SettingsError,
    "more than 65536",
  );
});
