import { assertEquals } from "@std/assert";
import { crc32 } from "./crc32.ts";

/** The definition, bit by bit: division by the polynomial. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

Deno.test("the checksum is the polynomial's remainder, whatever the length and alignment", () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => (i * 151 + 7) & 255);
  for (let start = 0; start < 5; start++) {
    for (let length = 0; length < 40; length++) {
      const part = bytes.subarray(start, start + length);
      assertEquals(crc32(part), bitwise(part), `${start}, ${length}`);
    }
  }
  assertEquals(crc32(new TextEncoder().encode("123456789")), 0xcbf43926); // known
});
