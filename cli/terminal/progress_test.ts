import { assert, assertEquals } from "@std/assert";
import { makeConsole } from "./console.ts";
import { duration, progressLine, showProgress } from "./progress.ts";

Deno.test("a line has a bar, the speed and the time left", () => {
  assertEquals(
    progressLine({ label: "drawing", done: 5, total: 20, seconds: 2 }, 80),
    "drawing [==========                              ]  5/20  2.50 it/s  0:06 left",
  );
  assertEquals(
    progressLine({ label: "drawing", done: 20, total: 20, seconds: 90 }, 80),
    "drawing [========================================] 20/20  4.50 s/it  0:00 left",
  );
});

Deno.test("before the first step there is no speed", () => {
  assertEquals(
    progressLine({ label: "drawing", done: 0, total: 9, seconds: 3 }, 30),
    "drawing [               ] 0/9",
  );
});

Deno.test("a narrow terminal has no bar, and no line is as wide as the terminal", () => {
  const state = { label: "drawing", done: 5, total: 20, seconds: 2 };
  assertEquals(progressLine(state, 45), "drawing  5/20  2.50 it/s  0:06 left");
  for (const columns of [0, 1, 2, 10, 30, 44, 45, 60, 79, 80, 200]) {
    assert(progressLine(state, columns).length <= Math.max(0, columns - 1), `${columns}`);
  }
});

Deno.test("times", () => {
  assertEquals([0, 7.4, 59.6, 750, 3723, -1].map(duration), [
    "0:00",
    "0:07",
    "1:00",
    "12:30",
    "1:02:03",
    "0:00",
  ]);
});

Deno.test("progress goes by the clock it is given", () => {
  const written: string[] = [];
  const console = makeConsole({
    writeOut: () => {},
    writeError: (text) => written.push(text),
    isTerminal: true,
    hasColour: false,
    columns: () => 40,
  });
  let time = 1000;
  const progress = showProgress(console, { label: "a", now: () => time });
  time = 1500;
  progress.update(1, 4);
  progress.end();
  assertEquals(written, ["\r\x1b[Ka [==       ] 1/4  2.00 it/s  0:02 left", "\r\x1b[K"]);
});
