import { assertEquals } from "@std/assert";
import { philox4x32 } from "./philox.ts";

// Random123's known answers, kat_vectors of version 1.09: counter, key, result.
const KNOWN_ANSWERS = [
  [
    "00000000 00000000 00000000 00000000",
    "00000000 00000000",
    "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
  ],
  [
    "ffffffff ffffffff ffffffff ffffffff",
    "ffffffff ffffffff",
    "408f276d 41c83b0e a20bc7c6 6d5451fd",
  ],
  [
    "243f6a88 85a308d3 13198a2e 03707344",
    "a4093822 299f31d0",
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  ],
] as const;

const words = (text: string) => text.split(" ").map((word) => parseInt(word, 16));

Deno.test("Philox4x32-10 gives the known answers", () => {
  for (const [counter, key, result] of KNOWN_ANSWERS) {
    assertEquals([...philox4x32({ counter: words(counter), key: words(key) })], words(result));
  }
});
