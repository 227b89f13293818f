/**
 * Cuts tensors on the device into tiles and puts tiles together, one at a time.
 *
 * Where a tile lies is data, an input of row and column numbers: one program cuts all tiles and one adds all of them up,
 * however many there are.
 *
 * @module
 */
import type { Backend, Program, Value } from "../../backends/backend.ts";
import { add, gather, mul, pad } from "../../graph/ops/mod.ts";
import { f32, hostTensor, i32, type TensorSpec } from "../../graph/tensor_spec.ts";
import { type Tensor, trace } from "../../graph/trace.ts";
import type { Arithmetic } from "../arithmetic.ts";
import { type Sides, type TileGrid, tilesOf } from "./tile_grid.ts";
import { inverseWeightSums, tileWeights, type TileWeightsOptions } from "./tile_weights.ts";

/** What tiles are cut and joined with. */
export interface TilingOptions {
  readonly arithmetic: Arithmetic;
  readonly backend: Backend;
  /** What the sizes before height and width are: `[n, c]`. */
  readonly channels: readonly [n: number, c: number];
}

/** Cuts tiles out of a whole. */
export interface TileCutter extends Disposable {
  /** Tile number `at` of a whole `[n, c, height, width]`, row by row. It is the caller's. */
  cut(whole: Value, at: number): Value;
}

/** Puts tiles together. */
export interface TileJoiner extends Disposable {
  /**
   * The weighted mean of all tiles at each position of the whole. `make` gives tile number `at`, `[n, c, height, width]`; the
   * joiner frees it before it asks for the next. The result is the caller's.
   */
  join(make: (at: number) => Value): Value;
}

/** Cuts a `tile` of some sides out of a `whole`, by the numbers of its `rows` and `columns`. */
export function cutProgram(
  arithmetic: Arithmetic,
  { spec, tile }: { readonly spec: TensorSpec; readonly tile: Sides },
): Promise<Program> {
  return arithmetic.program(
    `cut ${spec.shape.join()} ${tile.height},${tile.width}`,
    () =>
      trace(({ whole, rows, columns }) => ({
        tile: gather(gather(whole, { axis: 2, indices: rows }), { axis: 3, indices: columns }),
      }), { whole: spec, rows: i32(tile.height), columns: i32(tile.width) }),
  );
}

/** Prepares cutting on a grid. */
export async function tileCutter(grid: TileGrid, options: TilingOptions): Promise<TileCutter> {
  const { arithmetic, backend, channels } = options;
  const { whole, tile } = grid;
  const spec = f32(...channels, whole.height, whole.width);
  const program = await cutProgram(arithmetic, { spec, tile });
  using stack = new DisposableStack();
  const upload = (data: Int32Array<ArrayBuffer>) =>
    stack.use(backend.upload({ dtype: "i32", shape: [data.length], data }));
  const from = (start: number, count: number) =>
    upload(Int32Array.from({ length: count }, (_, at) => start + at));
  const rows = grid.tops.map((top) => from(top, tile.height));
  const columns = grid.lefts.map((left) => from(left, tile.width));
  const owned = stack.move();
  return {
    cut: (whole, at) =>
      program.run({
        whole,
        rows: rows[Math.floor(at / columns.length)]!,
        columns: columns[at % columns.length]!,
      }).tile!,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** Prepares joining on a grid. */
export async function tileJoiner(
  grid: TileGrid,
  options: TilingOptions & TileWeightsOptions,
): Promise<TileJoiner> {
  const { arithmetic, backend, channels } = options;
  const { whole, tile } = grid;
  const count = tilesOf(grid).length;
  const spec = f32(...channels, whole.height, whole.width);
  const inputs = {
    tile: f32(...channels, tile.height, tile.width),
    weights: f32(1, 1, tile.height, tile.width),
    rows: i32(whole.height),
    columns: i32(whole.width),
  };
  const key = `${spec.shape.join()} ${tile.height},${tile.width}`;
  const first = await arithmetic.program(
    `place ${key}`,
    () => trace<string>((given) => ({ sum: spread(given as Record<string, Tensor>) }), inputs),
  );
  const next = await arithmetic.program(
    `add tile ${key}`,
    () =>
      trace<string>((given) => {
        const named = given as Record<string, Tensor>;
        return { sum: add(named.sum!, spread(named)) };
      }, { ...inputs, sum: spec }),
  );
  const last = await arithmetic.program(
    `weigh ${spec.shape.join()}`,
    () =>
      trace(({ sum, inverse }) => ({ whole: mul(sum, inverse) }), {
        sum: spec,
        inverse: f32(1, 1, whole.height, whole.width),
      }),
  );
  using stack = new DisposableStack();
  const place = (tensor: Parameters<Backend["upload"]>[0]) => stack.use(backend.upload(tensor));
  const weights = place(hostTensor(inputs.weights.shape, tileWeights(tile, options)));
  const inverse = place(
    hostTensor([1, 1, whole.height, whole.width], inverseWeightSums(grid, options)),
  );
  /** For each position of the whole the one of the bordered tile; where the tile is not, its border. */
  const onto = (start: number, side: number, wholeSide: number) =>
    place({
      dtype: "i32",
      shape: [wholeSide],
      data: Int32Array.from(
        { length: wholeSide },
        (_, at) => at < start || at >= start + side ? 0 : at - start + 1,
      ),
    });
  const rows = grid.tops.map((top) => onto(top, tile.height, whole.height));
  const columns = grid.lefts.map((left) => onto(left, tile.width, whole.width));
  const owned = stack.move();
  return {
    join(make) {
      let sum: Value | undefined;
      try {
        for (let at = 0; at < count; at++) {
          using made = make(at);
          const fixed = {
            tile: made,
            weights,
            rows: rows[Math.floor(at / columns.length)]!,
            columns: columns[at % columns.length]!,
          };
          const before = sum;
          sum = before === undefined
            ? first.run(fixed).sum!
            : next.run({ ...fixed, sum: before }).sum!;
          before?.[Symbol.dispose]();
        }
        return last.run({ sum: sum!, inverse }).whole!;
      } finally {
        sum?.[Symbol.dispose]();
      }
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** A weighted tile at its place, zeros around it. */
function spread({ tile, weights, rows, columns }: Record<string, Tensor>): Tensor {
  const bordered = pad(mul(tile!, weights!), { pads: [[0, 0], [0, 0], [1, 1], [1, 1]] });
  const down = gather(bordered, { axis: 2, indices: rows! });
  return gather(down, { axis: 3, indices: columns! });
}
