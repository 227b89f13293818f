/**
 * An original checkpoint's weights under diffusers' names.
 *
 * @module
 */
import { display } from "../json.ts";
import { ModelError } from "../model_error.ts";
import type { KeyMap, KeyPair } from "./key_map.ts";
import { changedShape, partRows } from "./weight_change.ts";
import type { WeightEntry, WeightSource } from "../weight_source.ts";

type Rows = readonly [start: number, end: number];

/**
 * The weights that a map finds in a checkpoint, under our names and in our shapes. Nothing is read before it is asked for,
 * and of a fused projection only the rows that are asked for. Pairs whose original is not there are left out: the network
 * then says what it misses.
 *
 * @throws {ModelError} If a weight's shape does not allow what the map says, such as one that is not three times as high
 * as wide.
 *
 * @example
 * ```ts
 * import { layer, type KeyMap } from "./key_map.ts";
 * import { mappedWeights } from "./mapped_weights.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const data = Float32Array.of(1, 2, 3, 4);
 * const source = {
 *   description: "model.ckpt",
 *   tensors: new Map([["out.2.weight", { shape: [2, 2], stored: "F32" }]]),
 *   read: () => Promise.resolve(data),
 * };
 * const map: KeyMap = { pairs: layer("conv_out", "out.2") };
 * const weights = mappedWeights(source, map);
 * assertEquals([...weights.tensors.keys()], ["conv_out.weight"]);
 * assertEquals(await weights.read("conv_out.weight"), data);
 * ```
 */
export function mappedWeights(source: WeightSource, map: KeyMap): WeightSource {
  const { description } = source;
  const pairs = new Map<string, KeyPair>();
  const tensors = new Map<string, WeightEntry>();
  for (const pair of map.pairs) {
    const entry = source.tensors.get(pair.theirs);
    if (entry === undefined || pairs.has(pair.ours)) continue;
    const shape = changedShape(entry.shape, pair.change);
    if (shape === undefined) {
      throw new ModelError(
        `Cannot use ${display(pair.theirs)} of ${description}: its shape is [${
          entry.shape.join(", ")
        }], which cannot be ${pair.ours}`,
      );
    }
    pairs.set(pair.ours, pair);
    tensors.set(pair.ours, { shape, stored: entry.stored });
  }
  for (const [name, shape] of map.zeros ?? []) {
    if (!tensors.has(name)) tensors.set(name, { shape, stored: "F32" });
  }

  return {
    description,
    tensors,
    ...(source.metadata === undefined ? {} : { metadata: source.metadata }),
    async read(name, rows) {
      const entry = tensors.get(name);
      if (entry === undefined) {
        throw new RangeError(`Cannot read ${display(name)} of ${description}: no such tensor`);
      }
      checkRows(entry.shape, { name, rows, description });
      const pair = pairs.get(name);
      if (pair === undefined) return new Float32Array(sizeOfRows(entry.shape, rows));
      return await readChanged(source, { pair, shape: entry.shape, rows });
    },
  };
}

function checkRows(
  shape: readonly number[],
  { name, rows, description }: {
    readonly name: string;
    readonly rows: Rows | undefined;
    readonly description: string;
  },
): void {
  if (rows === undefined) return;
  const [start, end] = rows;
  const exact = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (exact && start >= 0 && end >= start && end <= (shape[0] ?? -1)) return;
  throw new RangeError(
    `Cannot read rows ${start} to ${end} of ${display(name)} of ${description}: ` +
      `its shape is [${shape.join(", ")}]`,
  );
}

function sizeOfRows(shape: readonly number[], rows: Rows | undefined): number {
  const [count = 1, ...rest] = shape;
  const wanted = rows === undefined ? count : rows[1] - rows[0];
  return rest.reduce((product, size) => product * size, wanted);
}

async function readChanged(
  source: WeightSource,
  { pair: { theirs, change }, shape, rows }: {
    readonly pair: KeyPair;
    readonly shape: readonly number[];
    readonly rows: Rows | undefined;
  },
): Promise<Float32Array<ArrayBuffer>> {
  switch (change?.kind) {
    case undefined:
    case "matrix":
      return await source.read(theirs, rows);
    case "part": {
      const [count = 0] = shape;
      const runs = partRows(rows ?? [0, count], { ...change, count });
      if (runs.length === 1) return await source.read(theirs, runs[0]);
      const result = new Float32Array(sizeOfRows(shape, rows));
      let at = 0;
      for (const run of runs) {
        const piece = await source.read(theirs, run);
        result.set(piece, at);
        at += piece.length;
      }
      return result;
    }
    case "transposed":
      return transpose(await source.read(theirs), { shape, rows });
    case "padded":
      return pad(await source.read(theirs), { ...change, rows });
  }
}

/** Rows of ours `[height, width]` from the original's `[width, height]`. */
function transpose(
  data: Float32Array,
  { shape, rows }: { readonly shape: readonly number[]; readonly rows: Rows | undefined },
): Float32Array<ArrayBuffer> {
  const [height = 0, width = 0] = shape;
  const [start, end] = rows ?? [0, height];
  const result = new Float32Array((end - start) * width);
  for (let row = start; row < end; row++) {
    for (let column = 0; column < width; column++) {
      result[(row - start) * width + column] = data[column * height + row]!;
    }
  }
  return result;
}

/** Rows of ours: the original's with zeros right of them and below. Vectors and matrices. */
function pad(
  data: Float32Array,
  { from, to, rows }: {
    readonly from: readonly number[];
    readonly to: readonly number[];
    readonly rows: Rows | undefined;
  },
): Float32Array<ArrayBuffer> {
  const [start, end] = rows ?? [0, to[0]!];
  const [width, padded] = [from[1] ?? 1, to[1] ?? 1];
  const result = new Float32Array((end - start) * padded);
  for (let row = start; row < Math.min(end, from[0]!); row++) {
    result.set(data.subarray(row * width, (row + 1) * width), (row - start) * padded);
  }
  return result;
}
