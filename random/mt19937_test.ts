import { assertEquals } from "@std/assert";
import { MT19937 } from "./mt19937.ts";

Deno.test("the first and the 10000th word of the default seed are those of the C++ standard", () => {
  const engine = new MT19937(5489);
  const words = Array.from({ length: 10000 }, () => engine.next());
  assertEquals(words[0], 3499211612);
  assertEquals(words[9999], 4123659995); // [rand.predef] of the C++ standard
});

Deno.test("only the low 32 bits of the seed count", () => {
  assertEquals(new MT19937(-1).next(), new MT19937(2 ** 32 - 1).next());
});
