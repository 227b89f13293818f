import { assert, assertEquals } from "@std/assert";
import { countChangedOutside, fillFrom } from "./hole.ts";
import { smoothFill } from "./smooth_fill.ts";

const [HEIGHT, WIDTH] = [24, 32];
const HOLE = { left: 5, top: 4, right: 28, bottom: 19 };

function drawn(level: (x: number, y: number, channel: number) => number) {
  return {
    height: HEIGHT,
    width: WIDTH,
    data: Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, at) => {
      const pixel = Math.floor(at / 3);
      return level(pixel % WIDTH, Math.floor(pixel / WIDTH), at % 3);
    }),
  };
}

/** Anything in the hole. */
function spoilt(picture: ReturnType<typeof drawn>, hole = HOLE) {
  return fillFrom(picture, { filling: drawn((x, y) => 97 * x + 31 * y), hole });
}

Deno.test("what is harmonic comes back: slopes and saddles, whatever was in the hole", () => {
  const slope = drawn((x, y, channel) => 20 + 3 * x + 4 * y + 10 * channel);
  assertEquals(smoothFill(spoilt(slope), HOLE), slope);
  const saddle = drawn((x, y) => 128 + ((x - 16) ** 2 - (y - 12) ** 2) / 4 + 0.5);
  const filled = smoothFill(spoilt(saddle), HOLE);
  // The pixels around the hole were rounded, and so is what is in it.
  assert(filled.data.every((value, at) => Math.abs(value - saddle.data[at]!) <= 1));
});

Deno.test("a filling stays between the levels around it, and nothing else changes", () => {
  const picture = drawn((x, y) => (x < 16 ? 50 : 200) + (y % 2));
  const filled = smoothFill(spoilt(picture), HOLE);
  assertEquals(countChangedOutside([spoilt(picture), filled], HOLE), 0);
  assert(filled.data.every((value) => value >= 50 && value <= 201));
  const middle = filled.data[3 * (11 * WIDTH + 16)]!;
  assert(middle > 100 && middle < 150, `${middle}`);
});

Deno.test("a hole at the picture's edge is filled from its other sides, and a whole picture is gray", () => {
  const flat = drawn(() => 77);
  const corner = { left: 0, top: 0, right: 10, bottom: 10 };
  assertEquals(smoothFill(spoilt(flat, corner), corner), flat);
  const all = smoothFill(flat, { left: 0, top: 0, right: WIDTH, bottom: HEIGHT });
  assert(all.data.every((value) => value === 128));
});
