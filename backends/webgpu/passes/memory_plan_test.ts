import { assert, assertEquals } from "@std/assert";
import { MT19937 } from "../../../random/mt19937.ts";
import { type Lifetime, planMemory } from "./memory_plan.ts";

Deno.test("a value takes the slot of one that is dead", () => {
  const { slots, assigned } = planMemory([
    { words: 10, from: 0, to: 1 },
    { words: 20, from: 1, to: 2 },
    { words: 8, from: 2, to: 3 },
  ]);
  assertEquals(slots, [10, 20]);
  assertEquals(assigned, [0, 1, 0]);
});

Deno.test("a value is never where its step's inputs are", () => {
  const { assigned } = planMemory([{ words: 1, from: 0, to: 1 }, { words: 1, from: 1, to: 1 }]);
  assert(assigned[0] !== assigned[1]);
});

Deno.test("values that live at once never share a slot, and every slot holds its values", () => {
  const words = new MT19937(5);
  const below = (limit: number) => words.next() % limit;
  for (let round = 0; round < 50; round++) {
    const values: Lifetime[] = Array.from({ length: 60 }, () => {
      const from = below(40);
      return { words: 1 + below(1000), from, to: from + below(8) };
    });
    const { slots, assigned } = planMemory(values);
    values.forEach((value, at) => {
      assert(slots[assigned[at]!]! >= value.words);
      values.forEach((other, which) => {
        if (at === which || assigned[at] !== assigned[which]) return;
        assert(value.to < other.from || other.to < value.from);
      });
    });
    const everything = values.reduce((sum, value) => sum + value.words, 0);
    assert(slots.reduce((sum, size) => sum + size, 0) < everything / 2);
  }
});
