import { assert, assertEquals } from "@std/assert";
import {
  f32,
  hasWebgpu,
  hostTensor,
  mul,
  pipeline,
  scheduler,
  sizeOf,
  TorchGenerator,
  trace,
  webgpuBackend,
} from "../mod.ts";
import { Arithmetic } from "../pipelines/arithmetic.ts";
import { denoise } from "../pipelines/denoise.ts";

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
  name: "RePaint draws thousands of times without a wait, in memory that does not grow",
  ignore,
  async fn() {
    await using backend = await webgpuBackend();
    using arithmetic = new Arithmetic(backend);
    const shape = [1, 3, 8, 8];
    const network = await arithmetic.program(
      "network",
      () => trace(({ x, scale }) => mul(x, scale), { x: f32(...shape), scale: f32() }),
    );
    const plan = scheduler("RePaintScheduler").plan(250, { jumpLength: 10, jumpNSample: 10 });
    const draws = plan.rows.reduce((sum, row) => sum + row.draws, 0);
    assert(draws > 10_000, `${draws} draws`);
    const generator = new TorchGenerator(1);
    const draw = () => generator.randn(sizeOf(shape));
    const tensor = () => hostTensor(shape, draw());
    const allocated: number[] = [];
    const mask = hostTensor([1, 1, 8, 8], Float32Array.from({ length: 64 }, (_, at) => at % 2));
    const run = () =>
      denoise(plan, {
        backend,
        start: { noise: tensor() },
        known: { image: tensor(), mask },
        draw,
        evaluate(x, { timestep, index }) {
          if (index % 1000 === 500) allocated.push(backend.memory().bytes);
          return network.run({ x, scale: hostTensor([], [0.3 * timestep / 1000]) }).output!;
        },
        compileUpdate: (key, build) => arithmetic.program(key, build),
      });
    const before = backend.waits;
    using sample = await run();
    assertEquals(backend.waits - before, 0);
    assert(allocated.length >= 2);
    // A few samples more or less, of the thousands drawn between.
    assert(allocated.at(-1)! <= 2 * allocated[0]!, allocated.join());
    const { data } = await sample.read();
    assert(data.every(Number.isFinite));
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

Deno.test({
  name: "an autoencoder in tiles gives what it gives on the reference",
  ignore,
  async fn() {
    const image = {
      width: 48,
      height: 32,
      channels: 3,
      data: Uint8Array.from({ length: 48 * 32 * 3 }, (_, at) => 128 + 100 * Math.sin(at / 40)),
    } as const;
    await using onGpu = await pipeline("image-to-image", "shapes", { backend: "webgpu" });
    await using onReference = await pipeline("image-to-image", "shapes", { backend: "reference" });
    for (const [method, tiles] of [["seamless", 2], ["blended", 6]] as const) {
      const autoencoderTiles = { size: 32, overlap: 16, method };
      const options = { prompt: "a ring", seed: 1, steps: 20, strength: 0.05, image };
      const made = await onGpu({ ...options, autoencoderTiles });
      const wanted = await onReference({ ...options, autoencoderTiles });
      assertEquals([made.cost!.encoder!.tiles, made.cost!.decoder!.tiles], [tiles, tiles]);
      const worst = made.tensor.data.reduce(
        (most, x, at) => Math.max(most, Math.abs(x - wanted.tensor.data[at]!)),
        0,
      );
      assert(worst < 1e-4, `${method}: ${worst}`);
    }
  },
});
