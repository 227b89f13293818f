import { assertEquals } from "@std/assert";
import { fromBFloat16, fromFloat8 } from "./half.ts";

Deno.test("every brain float keeps its bits", () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const words = new Uint32Array(fromBFloat16(bits).buffer);
  assertEquals(words.every((word, i) => word === i * 65536), true);
});

Deno.test("8-bit floats are what the paper's tables say", () => {
  // Table 1 of Micikevicius et al. 2022: largest, least normal, least subnormal, specials.
  const e4m3 = (byte: number) => fromFloat8(Uint8Array.of(byte), "F8_E4M3")[0];
  assertEquals([0x7e, 0x08, 0x01, 0x00, 0x38, 0xb8].map(e4m3), [448, 2 ** -6, 2 ** -9, 0, 1, -1]);
  assertEquals([0x7f, 0xff].map(e4m3), [NaN, NaN]);
  assertEquals(Object.is(e4m3(0x80), -0), true);
  const e5m2 = (byte: number) => fromFloat8(Uint8Array.of(byte), "F8_E5M2")[0];
  assertEquals([0x7b, 0x04, 0x01, 0x3c, 0xbc].map(e5m2), [57344, 2 ** -14, 2 ** -16, 1, -1]);
  assertEquals([0x7c, 0xfc, 0x7d].map(e5m2), [Infinity, -Infinity, NaN]);
});
