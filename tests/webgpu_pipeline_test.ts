import { assert, assertEquals } from "@std/assert";
import { hasWebgpu, pipeline, webgpuBackend } from "../mod.ts";

const ignore = !await hasWebgpu();
const REQUEST = { prompt: "a red circle", seed: 1, steps: 3, width: 64, height: 64 } as const;

Deno.test({
  name: "a picture waits for the device once, whatever the scheduler, if nobody listens",
  ignore,
  async fn() {
    await using backend = await webgpuBackend();
    await using generate = await pipeline("text-to-image", "shapes", { backend });
    await generate(REQUEST);
    for (const scheduler of ["ddim", "euler-a", "heun", "plms", "dpmpp-2m-sde"]) {
      const before = backend.waits;
      await generate({ ...REQUEST, scheduler });
      assertEquals(backend.waits - before, 1, scheduler);
    }
  },
});

Deno.test({
  name: "a second size compiles next to nothing, and the same request gives the same bytes",
  ignore,
  async fn() {
    await using backend = await webgpuBackend();
    await using generate = await pipeline("text-to-image", "shapes", { backend });
    const first = await generate(REQUEST);
    const pipelines = backend.pipelines;
    await generate({ ...REQUEST, width: 96, height: 48 });
    const more = backend.pipelines - pipelines;
    assert(more < 0.1 * pipelines, `${more} of ${pipelines}`);
    const again = await generate(REQUEST);
    assertEquals(again.tensor.data, first.tensor.data);
  },
});

Deno.test({
  name: "progress is told when work is done, and an abort ends the work soon after it",
  ignore,
  async fn() {
    await using backend = await webgpuBackend();
    await using generate = await pipeline("text-to-image", "shapes", { backend });
    await generate(REQUEST);
    const controller = new AbortController();
    let waits = 0;
    const told: number[] = [];
    const before = backend.waits;
    const error = await generate({
      ...REQUEST,
      steps: 50,
      signal: controller.signal,
      onStep: ({ step }) => {
        told.push(step);
        waits = backend.waits - before;
        if (step === 5) controller.abort(new Error("enough"));
      },
    }).then(() => undefined, (reason: unknown) => reason);
    assertEquals(String(error), "Error: enough");
    assertEquals(told, [1, 2, 3, 4, 5]);
    // It was told after waiting, not while the work was still queued.
    assert(waits >= 1, `${waits} waits`);
    // What the loop held is free again: the next picture is drawn as if nothing had been.
    const { bytes } = backend.memory();
    await generate(REQUEST);
    assert(backend.memory().bytes <= bytes * 1.01 + 1e5);
  },
});
