import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ModelError } from "../model_error.ts";
import { type KeyMap, layer, place, renamed, sameLayers } from "./key_map.ts";
import { mappedWeights } from "./mapped_weights.ts";
import { originalWeights } from "./original_weights.ts";
import { partRows } from "./weight_change.ts";
import type { WeightSource } from "../weight_source.ts";

/** Tensors whose elements count up from 0, and what was read of them. */
function counting(shapes: Readonly<Record<string, readonly number[]>>): {
  readonly source: WeightSource;
  readonly reads: string[];
} {
  const reads: string[] = [];
  const tensors = new Map(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, stored: "F16" }]),
  );
  const source: WeightSource = {
    description: "counting",
    tensors,
    read(name, rows) {
      const [count = 1, ...rest] = tensors.get(name)!.shape;
      const row = rest.reduce((a, b) => a * b, 1);
      const [start, end] = rows ?? [0, count];
      reads.push(`${name} ${start}-${end}`);
      return Promise.resolve(
        Float32Array.from({ length: (end - start) * row }, (_, at) => start * row + at),
      );
    },
  };
  return { source, reads };
}

const qkv = (heads: number): KeyMap => ({
  pairs: (["q", "k", "v"] as const).map((ours, part) => ({
    ours,
    theirs: "qkv",
    change: { kind: "part", part: part as 0 | 1 | 2, heads, rank: 3 },
  })),
});

Deno.test("parts of a fused projection lie one below the other, or head by head", async () => {
  // Rows 0..11 of width 1: with one head q is 0-3, k 4-7, v 8-11; with two, each head has q, k, v of two rows.
  const { source, reads } = counting({ qkv: [12, 1, 1] });
  const one = mappedWeights(source, qkv(1));
  assertEquals(one.tensors.get("k"), { shape: [4, 1], stored: "F16" });
  assertEquals([...await one.read("k")], [4, 5, 6, 7]);
  const two = mappedWeights(source, qkv(2));
  assertEquals([...await two.read("q")], [0, 1, 6, 7]);
  assertEquals([...await two.read("v")], [4, 5, 10, 11]);
  reads.length = 0;
  assertEquals([...await two.read("v", [1, 3])], [5, 10]);
  assertEquals(reads, ["qkv 5-6", "qkv 10-11"]);
});

Deno.test("runs of rows stay together as long as they can", () => {
  assertEquals(partRows([0, 6], { part: 1, heads: 1, count: 6 }), [[6, 12]]);
  assertEquals(partRows([1, 5], { part: 2, heads: 2, count: 6 }), [[7, 9], [15, 17]]);
  assertEquals(partRows([3, 3], { part: 0, heads: 2, count: 6 }), []);
});

Deno.test("matrices lose trailing ones, and keep rows that are linear layers already", async () => {
  const { source } = counting({ "a.weight": [2, 3, 1, 1], "a.bias": [2], "b.weight": [2, 3] });
  const change = { kind: "matrix", rank: 4 } as const;
  const map = { pairs: [...layer("x", "a", change), ...layer("y", "b", change)] };
  const weights = mappedWeights(source, map);
  assertEquals(weights.tensors.get("x.weight")?.shape, [2, 3]);
  assertEquals(weights.tensors.get("y.weight")?.shape, [2, 3]);
  assertEquals([...await weights.read("x.weight", [1, 2])], [3, 4, 5]);
  assertEquals([...weights.tensors.keys()], ["x.weight", "x.bias", "y.weight"]);
});

Deno.test("transposed and padded weights, whole and by rows", async () => {
  const { source } = counting({ t: [2, 3], p: [2, 3], v: [2] });
  const map: KeyMap = {
    pairs: [
      { ours: "t", theirs: "t", change: { kind: "transposed" } },
      { ours: "p", theirs: "p", change: { kind: "padded", from: [2, 3], to: [3, 4] } },
      { ours: "v", theirs: "v", change: { kind: "padded", from: [2], to: [4] } },
    ],
    zeros: new Map([["z", [2, 2]]]),
  };
  const weights = mappedWeights(source, map);
  assertEquals([...await weights.read("t")], [0, 3, 1, 4, 2, 5]);
  assertEquals([...await weights.read("t", [1, 2])], [1, 4]);
  assertEquals([...await weights.read("p")], [0, 1, 2, 0, 3, 4, 5, 0, 0, 0, 0, 0]);
  assertEquals([...await weights.read("p", [1, 3])], [3, 4, 5, 0, 0, 0, 0, 0]);
  assertEquals([...await weights.read("v")], [0, 1, 0, 0]);
  assertEquals([...await weights.read("z", [0, 1])], [0, 0]);
});

Deno.test("every change can be undone, numbers and shapes", async () => {
  const { source } = counting({
    "qkv": [12, 4, 1],
    "t": [2, 3],
    "p": [2, 3],
    "m.weight": [4, 2, 1, 1],
    "m.bias": [4],
  });
  for (const heads of [1, 2, 4]) {
    const map: KeyMap = {
      pairs: [
        ...qkv(heads).pairs,
        { ours: "t", theirs: "t", change: { kind: "transposed" } },
        { ours: "p", theirs: "p", change: { kind: "padded", from: [2, 3], to: [5, 4] } },
        ...layer("n", "m", { kind: "matrix", rank: 4 }),
      ],
      zeros: new Map([["zero", [3]]]),
    };
    const back = originalWeights(mappedWeights(source, map), map);
    assertEquals(back.tensors, source.tensors);
    for (const name of source.tensors.keys()) {
      assertEquals(await back.read(name), await source.read(name), name);
    }
    assertEquals(await back.read("qkv", [3, 5]), await source.read("qkv", [3, 5]));
  }
});

Deno.test("what does not fit is refused, with name and shape", async () => {
  const { source } = counting({ qkv: [10, 4, 1], m: [2, 2], t: [2, 2, 2] });
  assertThrows(() => mappedWeights(source, qkv(1)), ModelError, "[10, 4, 1], which cannot be q");
  const transposed: KeyMap = {
    pairs: [{ ours: "t", theirs: "t", change: { kind: "transposed" } }],
  };
  assertThrows(() => mappedWeights(source, transposed), ModelError, "[2, 2, 2]");
  const weights = mappedWeights(source, { pairs: [{ ours: "m", theirs: "m" }] });
  await assertRejects(() => weights.read("other"), RangeError, "no such tensor");
  await assertRejects(() => weights.read("m", [1, 3]), RangeError, "rows 1 to 3");
  await assertRejects(() => weights.read("m", [-1, 1]), RangeError, "rows -1 to 1");
});

Deno.test("tables are placed and renamed; the first of two originals counts", () => {
  const table = place(sameLayers("norm"), { ours: "a.0", theirs: "" });
  assertEquals(table[1], { ours: "a.0.norm.bias", theirs: "norm.bias" });
  const map = renamed({ pairs: table }, (name) => name.toUpperCase());
  assertEquals(map.pairs[0]!.theirs, "NORM.WEIGHT");
  const { source } = counting({ old: [1], new: [2] });
  const either: KeyMap = {
    pairs: [{ ours: "w", theirs: "new" }, { ours: "w", theirs: "old" }],
  };
  assertEquals(mappedWeights(source, either).tensors.get("w")?.shape, [2]);
});
