import { assertEquals } from "@std/assert";
import { nearNames } from "./near_names.ts";

const NAMES = ["down_blocks.0.resnets.1", "down_blocks.1.resnets.0", "mid_block.attentions.0", "o"];

Deno.test("nearNames puts the likeliest first", () => {
  assertEquals(nearNames("down_block.0.resnets.1", { among: NAMES })[0], NAMES[0]);
  assertEquals(nearNames("mid_block.attention.0", { among: NAMES }), [NAMES[2]]);
  assertEquals(nearNames("down_blocks.0.resnets.1", { among: NAMES, count: 1 }), [NAMES[0]]);
});

Deno.test("nearNames has nothing for what is like nothing", () => {
  assertEquals(nearNames("vae", { among: NAMES }), []);
  assertEquals(nearNames("", { among: NAMES }), []);
});
