import { assert, assertEquals, assertRejects } from "@std/assert";
import { FileError } from "../file_source.ts";
import { TransientError, withRetries } from "./transient_error.ts";

const patience = { attempts: 3, pause: 1 };

/** Fails so often before it succeeds, and counts. */
function failing(times: number, wait?: number): { run: () => Promise<string>; count: number } {
  const state = {
    count: 0,
    run: () =>
      state.count++ < times
        ? Promise.reject(new TransientError("down", wait === undefined ? {} : { wait }))
        : Promise.resolve("up"),
  };
  return state;
}

Deno.test("what fails for a while is tried again, but not forever", async () => {
  assertEquals(await withRetries(failing(2).run, { patience }), "up");
  const down = failing(3);
  await assertRejects(() => withRetries(down.run, { patience }), FileError, "down (3 attempts)");
  assertEquals(down.count, 3);
});

Deno.test("what fails for good is not tried again", async () => {
  let count = 0;
  const run = () => {
    count++;
    return Promise.reject(new FileError("gone", { kind: "missing" }));
  };
  await assertRejects(() => withRetries(run, { patience }), FileError, "gone");
  assertEquals(count, 1);
});

Deno.test("an attempt that brings a lot is no failure; one that only repeats is", async () => {
  const far = failing(20);
  assertEquals(
    await withRetries(far.run, { patience, gained: () => far.count * 2 ** 20 }),
    "up",
  );
  const round = failing(20);
  await assertRejects(() =>
    withRetries(round.run, { patience, gained: () => (round.count % 2) * 2 ** 21 })
  );
  assert(round.count < 6);
});

Deno.test("pauses grow, heed the server, and end with an abort", async () => {
  const start = performance.now();
  await withRetries(failing(2).run, { patience: { attempts: 3, pause: 20 } });
  assert(performance.now() - start >= 60 - 2); // timers may be early by one
  const later = performance.now();
  await withRetries(failing(1, 40).run, { patience });
  assert(performance.now() - later >= 40 - 2);
  const abort = new AbortController();
  const waiting = withRetries(failing(1, 50_000).run, { patience, signal: abort.signal });
  setTimeout(() => abort.abort(new Error("enough")), 5);
  await assertRejects(() => waiting, Error, "enough");
});
