/**
 * diffusers' weights under an original checkpoint's names: the way back.
 *
 * @module
 */
import { display } from "../json.ts";
import type { KeyMap, KeyPair } from "./key_map.ts";
import { originalShape, partRows } from "./weight_change.ts";
import type { WeightEntry, WeightSource } from "../weight_source.ts";

/**
 * A network's weights as the original would store them: {@linkcode mappedWeights} undone. Weights that the map has no pair
 * for, and those that it says are zero, are left out.
 */
export function originalWeights(source: WeightSource, map: KeyMap): WeightSource {
  const { description } = source;
  const pairs = new Map<string, KeyPair[]>();
  const tensors = new Map<string, WeightEntry>();
  for (const pair of map.pairs) {
    const entry = source.tensors.get(pair.ours);
    if (entry === undefined) continue;
    const known = pairs.get(pair.theirs);
    if (known !== undefined && pair.change?.kind !== "part") continue;
    known === undefined ? pairs.set(pair.theirs, [pair]) : known.push(pair);
    const shape = originalShape(entry.shape, pair.change);
    tensors.set(pair.theirs, { shape, stored: entry.stored });
  }
  return {
    description,
    tensors,
    async read(name, rows) {
      const entry = tensors.get(name);
      if (entry === undefined) {
        throw new RangeError(`Cannot read ${display(name)} of ${description}: no such tensor`);
      }
      const all = await readOriginal(source, { pairs: pairs.get(name)!, shape: entry.shape });
      if (rows === undefined) return all;
      const row = all.length / entry.shape[0]!;
      return all.slice(rows[0] * row, rows[1] * row);
    },
  };
}

async function readOriginal(
  source: WeightSource,
  { pairs, shape }: { readonly pairs: readonly KeyPair[]; readonly shape: readonly number[] },
): Promise<Float32Array<ArrayBuffer>> {
  const [{ ours, change }] = pairs as [KeyPair];
  switch (change?.kind) {
    case undefined:
    case "matrix":
      return await source.read(ours);
    case "transposed": {
      const data = await source.read(ours);
      const [height = 0, width = 0] = shape;
      return data.map((_, at) => data[at % width * height + Math.floor(at / width)]!);
    }
    case "padded": {
      const data = await source.read(ours);
      const [height = 0, width = 1] = shape;
      const padded = change.to[1] ?? 1;
      const result = new Float32Array(height * width);
      for (let row = 0; row < height; row++) {
        result.set(data.subarray(row * padded, row * padded + width), row * width);
      }
      return result;
    }
    case "part":
      return await joinParts(source, { pairs, shape });
  }
}

async function joinParts(
  source: WeightSource,
  { pairs, shape }: { readonly pairs: readonly KeyPair[]; readonly shape: readonly number[] },
): Promise<Float32Array<ArrayBuffer>> {
  const [rows, ...rest] = shape as [number, ...number[]];
  const width = rest.reduce((product, size) => product * size, 1);
  const count = rows / 3;
  const result = new Float32Array(rows * width);
  for (const { ours, change } of pairs) {
    if (change?.kind !== "part") continue;
    const data = await source.read(ours);
    let at = 0;
    for (const [start, end] of partRows([0, count], { ...change, count })) {
      const size = (end - start) * width;
      result.set(data.subarray(at, at + size), start * width);
      at += size;
    }
  }
  return result;
}
