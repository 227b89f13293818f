import { assertEquals } from "@std/assert";
import { BYTE_CHARACTERS, mergeSymbols, mergeTable } from "./byte_pair_encoding.ts";

/** One merge at a time, as the definition says. */
function slowly(symbols: readonly number[], table: ReturnType<typeof mergeTable>): number[] {
  const all = [...symbols];
  for (;;) {
    const pairs = all.slice(1).map((right, i) => ({ i, merge: table.get(all[i]!, right) }));
    const least = pairs.filter(({ merge }) => merge !== undefined)
      .sort((a, b) => a.merge!.rank - b.merge!.rank || a.i - b.i)[0];
    if (least === undefined) return all;
    all.splice(least.i, 2, least.merge!.id);
  }
}

Deno.test("merging in passes equals merging one by one, in odd tables too", () => {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  for (let round = 0; round < 500; round++) {
    const table = mergeTable();
    // Ranks that have nothing to do with which symbol is made of which.
    const ranks = Array.from({ length: 12 }, (_, i) => i).sort(() => random(3) - 1);
    for (let i = 0; i < 12; i++) {
      table.add(random(3 + i), random(3 + i), { rank: ranks[i]!, id: 3 + i });
    }
    const symbols = Array.from({ length: random(20) }, () => random(3));
    assertEquals(mergeSymbols(symbols, table), slowly(symbols, table));
  }
});

Deno.test("a pair has one merge", () => {
  const table = mergeTable();
  assertEquals(table.add(1, 2, { rank: 0, id: 3 }), true);
  assertEquals(table.add(1, 2, { rank: 1, id: 4 }), false);
  assertEquals(table.get(1, 2), { rank: 0, id: 3 });
  assertEquals(table.get(2, 1), undefined);
});

Deno.test("every byte has a character of its own", () => {
  assertEquals(new Set(BYTE_CHARACTERS).size, 256);
  // From OpenAI's vocabulary: space, newline, a, é's two bytes, soft hyphen.
  const characters = [0x20, 0x0a, 0x61, 0xc3, 0xa9, 0xad].map((byte) => BYTE_CHARACTERS[byte]);
  assertEquals(characters, ["Ġ", "Ċ", "a", "Ã", "©", "Ń"]);
});
