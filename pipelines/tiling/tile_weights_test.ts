import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { tileGrid, tilesOf } from "./tile_grid.ts";
import { inverseWeightSums, tileWeights, type TileWeightsOptions } from "./tile_weights.ts";

/** What a tile counts at each position of the whole. */
function sharesOfTile(tile: number, options: TileWeightsOptions) {
  const grid = tileGrid({ height: 24, width: 40 }, { size: 16, overlap: 8 });
  const weights = tileWeights(grid.tile, options);
  const inverse = inverseWeightSums(grid, options);
  const { top, left } = tilesOf(grid)[tile]!;
  const shares = new Float64Array(24 * 40);
  for (let y = 0; y < 16; y++) {
    for (let x = 0; x < 16; x++) {
      const at = (top + y) * 40 + left + x;
      shares[at] = weights[y * 16 + x]! * inverse[at]!;
    }
  }
  return { grid, shares };
}

Deno.test("all tiles together count 1 everywhere", () => {
  for (
    const options of [{}, { margin: 3 }, { weighting: "distance" }] satisfies TileWeightsOptions[]
  ) {
    const { grid } = sharesOfTile(0, options);
    const sums = new Float64Array(24 * 40);
    for (const tile of tilesOf(grid).keys()) {
      sharesOfTile(tile, options).shares.forEach((share, at) => sums[at]! += share);
    }
    for (const sum of sums) assertAlmostEquals(sum, 1, 1e-5);
  }
});

Deno.test("one tile fades into the next evenly, at the edges of the whole too", () => {
  const { shares } = sharesOfTile(0, {});
  for (const y of [0, 1, 4]) {
    const row = Array.from(shares.subarray(y * 40, y * 40 + 17));
    // Of 16 columns the last 8 overlap: 15/16, 13/16, …, 1/16, then nothing.
    row.slice(8).forEach((share, at) =>
      assertAlmostEquals(share, Math.max(0, 15 - 2 * at) / 16, 1e-6)
    );
  }
});

Deno.test("the original's weights step at the edges of the whole: that is why they are not the default", () => {
  const { shares } = sharesOfTile(0, { weighting: "distance" });
  assertAlmostEquals(shares[15]!, 0.5, 1e-6);
  assertEquals(shares[16], 0);
  // delta_border of 16 positions, clipped to 0.01..0.5
  const weights = tileWeights({ height: 16, width: 16 }, { weighting: "distance" });
  assertAlmostEquals(weights[0]!, 0.01, 1e-8);
  assertAlmostEquals(weights[3 * 16 + 7]!, 3 / 15, 1e-7);
  assertAlmostEquals(weights[7 * 16 + 8]!, 7 / 15, 1e-7);
});

Deno.test("a margin counts for nothing where another tile is, and wholly where none is", () => {
  const { shares } = sharesOfTile(0, { margin: 3 });
  assertAlmostEquals(shares[0]!, 1, 1e-6);
  assert(shares[15]! < 1e-3 && shares[13]! < 1e-3);
  assert(shares[12]! > 0.1);
});
