import { assertAlmostEquals, assertEquals } from "@std/assert";
import { referenceBackend } from "../../backends/reference/backend.ts";
import { hostTensor } from "../../graph/tensor_spec.ts";
import { TorchGenerator } from "../../random/torch_generator.ts";
import { Arithmetic } from "../arithmetic.ts";
import { tileCutter, tileJoiner } from "./cut_and_join.ts";
import { enlargedGrid, tileGrid } from "./tile_grid.ts";

Deno.test("tiles that are cut and joined are the whole again", async () => {
  await using backend = referenceBackend();
  using arithmetic = new Arithmetic(backend);
  const grid = tileGrid({ height: 11, width: 19 }, { size: 8, overlap: 3 });
  const given = hostTensor([2, 3, 11, 19], new TorchGenerator(1).randn(2 * 3 * 11 * 19));
  const options = { arithmetic, backend, channels: [2, 3] } as const;
  for (const margin of [0, 1]) {
    using cutter = await tileCutter(grid, options);
    using joiner = await tileJoiner(grid, { ...options, margin });
    using whole = backend.upload(given);
    using joined = joiner.join((at) => cutter.cut(whole, at));
    const { shape, data } = await joined.read();
    assertEquals(shape, given.shape);
    given.data.forEach((x, at) => assertAlmostEquals(data[at]!, x, 1e-5));
  }
});

Deno.test("a tile is the part of the whole where it lies", async () => {
  await using backend = referenceBackend();
  using arithmetic = new Arithmetic(backend);
  const grid = tileGrid({ height: 6, width: 10 }, { size: 6, overlap: 2 });
  assertEquals(grid.lefts, [0, 4]);
  using cutter = await tileCutter(grid, { arithmetic, backend, channels: [1, 1] });
  using whole = backend.upload(
    hostTensor([1, 1, 6, 10], Float32Array.from({ length: 60 }, (_, at) => at)),
  );
  using tile = cutter.cut(whole, 1);
  const { data } = await tile.read();
  assertEquals(Array.from(data.subarray(0, 7)), [4, 5, 6, 7, 8, 9, 14]);
});

Deno.test("what tiles say of something larger fades from one to the next", async () => {
  await using backend = referenceBackend();
  using arithmetic = new Arithmetic(backend);
  const grid = enlargedGrid(tileGrid({ height: 4, width: 6 }, { size: 4, overlap: 2 }), 2);
  using joiner = await tileJoiner(grid, { arithmetic, backend, channels: [1, 1] });
  using joined = joiner.join((at) =>
    backend.upload(hostTensor([1, 1, 8, 8], new Float32Array(64).fill(at)))
  );
  const { data } = await joined.read();
  const row = Array.from(data.subarray(0, 12), (x) => Math.round(8 * x) / 8);
  assertEquals(row, [0, 0, 0, 0, 1 / 8, 3 / 8, 5 / 8, 7 / 8, 1, 1, 1, 1]);
});
