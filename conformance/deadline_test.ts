import { assertEquals, assertRejects } from "@std/assert";
import { withinDeadline } from "./deadline.ts";

Deno.test("what ends in time is what it is, errors too", async () => {
  assertEquals(await withinDeadline(() => Promise.resolve(3)), 3);
  const fail = () => withinDeadline(() => Promise.reject(new RangeError("mine")));
  await assertRejects(fail, RangeError, "mine");
});

Deno.test("what never ends is given up", async () => {
  const hang = () => withinDeadline(() => new Promise<never>(() => {}), { tick: 1 });
  await assertRejects(hang, Error, "Cannot wait for it any longer: it takes over 0.02 s");
});

Deno.test("a machine that stands still for a while does not make it late", async () => {
  const stall = async () => {
    for (const started = performance.now(); performance.now() - started < 60;);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return 4;
  };
  assertEquals(await withinDeadline(stall, { tick: 2 }), 4);
});
