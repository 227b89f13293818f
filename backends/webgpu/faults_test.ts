import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { add, silu, softmax } from "../../graph/ops/mod.ts";
import { f32, hostTensor } from "../../graph/tensor_spec.ts";
import { trace } from "../../graph/trace.ts";
import { Arena } from "./arena.ts";
import { DeviceError } from "./device_error.ts";
import { Gpu } from "./gpu.ts";
import { DEFAULT_LIMITS } from "./kernel.ts";
import { hasWebgpu, webgpuBackend } from "./webgpu_backend.ts";

const ignore = !await hasWebgpu();

const none = {
  description: "none",
  tensors: new Map(),
  read: () => Promise.reject(new Error("there are no weights")),
};

async function device(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  return await adapter!.requestDevice();
}

/**
 * A device whose next allocations fail, as many as `next` says: software devices never run out of memory. A buffer that was
 * not allocated is one that the implementation knows to be invalid.
 */
function forgetful(real: GPUDevice, failing: { next: number }): GPUDevice {
  let failed = 0;
  return new Proxy(real, {
    get(target, name) {
      if (name === "createBuffer") {
        return (descriptor: GPUBufferDescriptor) => {
          if (failing.next === 0) return target.createBuffer(descriptor);
          failing.next--;
          failed++;
          // Map-read with storage is not allowed: the buffer is invalid.
          return target.createBuffer({ ...descriptor, usage: 1 | 2 | 128 });
        };
      }
      if (name === "popErrorScope") {
        return async () => {
          const failing = failed > 0;
          if (failing) failed--;
          const found = await target.popErrorScope();
          return failing ? { message: "not enough memory left" } : found;
        };
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test({
  name: "a failed allocation says what was asked for, and spoils nothing else",
  ignore,
  async fn() {
    const real = await device();
    const failing = { next: 0 };
    const backend = await webgpuBackend({ device: forgetful(real, failing) });
    using parameters = await backend.load(none);
    const graph = trace(({ x }) => silu(x), { x: f32(5000) });
    using program = await backend.compile(graph, parameters);
    const x = hostTensor([5000], new Float32Array(5000).fill(1));
    failing.next = 1;
    const value = backend.upload(x);
    const error = await assertRejects(() => value.read(), DeviceError);
    assertEquals(error.kind, "memory");
    assert(/20224 bytes for f32\[5000\]/.test(error.message), error.message);
    // Whoever uses the tensor all the same gets an error again, never zeros.
    await assertRejects(() => value.read(), DeviceError);
    using spoiled = program.run({ x: value }).output!;
    await assertRejects(() => spoiled.read(), DeviceError);
    value[Symbol.dispose]();

    failing.next = 1;
    const larger = trace(({ x }) => silu(x), { x: f32(700000) });
    const refused = await assertRejects(() => backend.compile(larger, parameters), DeviceError);
    assertEquals(refused.kind, "memory");
    assert(refused.message.includes("2800128 bytes"), refused.message);

    using output = program.run({ x }).output!;
    const { data } = await output.read();
    assert(Math.abs(data[0]! as number - 1 / (1 + Math.exp(-1))) < 1e-6);
    await backend[Symbol.asyncDispose]();
    real.destroy();
  },
});

Deno.test({
  name: "programs that share a buffer that was not allocated are refused, whoever waits first",
  ignore,
  async fn() {
    const real = await device();
    const failing = { next: 0 };
    const backend = await webgpuBackend({ device: forgetful(real, failing) });
    using parameters = await backend.load(none);
    const compile = (size: number) =>
      backend.compile(
        trace(({ x }) => softmax(silu(x), { axis: 0 }), { x: f32(size) }),
        parameters,
      );
    failing.next = 1;
    const all = await Promise.allSettled([compile(5000), compile(4000), backend.settled()]);
    for (const each of all.slice(0, 2)) {
      assert(each.status === "rejected" && each.reason instanceof DeviceError);
      assertEquals(each.reason.kind, "memory");
    }
    using program = await compile(3000);
    using output = program.run({ x: hostTensor([3000], new Float32Array(3000)) }).output!;
    await output.read();
    await backend[Symbol.asyncDispose]();
    real.destroy();
  },
});

Deno.test({
  name: "a buffer that was not allocated is not shared, while a program has it",
  ignore,
  async fn() {
    const real = await device();
    const failing = { next: 1 };
    const gpu = new Gpu(forgetful(real, failing), { limits: DEFAULT_LIMITS, software: true });
    const arena = new Arena(gpu);
    const spoiled = arena.acquire([1000]);
    await assertRejects(() => gpu.faults(), DeviceError);
    await assertRejects(() => gpu.allocated(spoiled), DeviceError, "1024 bytes");
    const sound = arena.acquire([500]);
    assert(sound[0] !== spoiled[0]);
    await gpu.allocated(sound);
    arena.release([...spoiled, ...sound]);
    assertEquals(gpu.memory().bytes, 0);
    gpu.close({ destroy: true });
  },
});

Deno.test({
  name: "the constant part is computed again after a run that the device refused",
  ignore,
  async fn() {
    const real = await device();
    const failing = { next: 0 };
    const backend = await webgpuBackend({ device: forgetful(real, failing) });
    using parameters = await backend.load(none);
    const graph = trace(({ c, x }) => add(softmax(c, { axis: 0 }), x), { c: f32(2), x: f32(2) });
    using program = await backend.compile(graph, parameters, { constant: ["c"] });
    using c = backend.upload(hostTensor([2], [0, 0]));
    const x = hostTensor([2], [1, 2]);
    failing.next = 1;
    const refused = program.run({ c, x }).output!;
    await assertRejects(() => refused.read(), DeviceError);
    refused[Symbol.dispose]();
    using output = program.run({ c, x }).output!;
    assertEquals([...(await output.read()).data], [1.5, 2.5]);
    await backend[Symbol.asyncDispose]();
    real.destroy();
  },
});

Deno.test({
  name: "a tensor larger than a buffer is refused at once",
  ignore,
  async fn() {
    await using backend = await webgpuBackend({ limits: { maxBufferSize: 4096 } });
    const error = assertThrows(
      () => backend.upload(hostTensor([2000], new Float32Array(2000))),
      DeviceError,
    );
    assertEquals(error.kind, "memory");
    assert(error.message.includes("f32[2000]") && error.message.includes("4096"), error.message);
  },
});

Deno.test({
  name: "a tensor of more windows than a device binds is refused when a program is compiled",
  ignore,
  async fn() {
    await using backend = await webgpuBackend({ limits: { maxStorageBufferBindingSize: 4096 } });
    using parameters = await backend.load(none);
    const graph = trace(({ x }) => silu(x), { x: f32(60_000) });
    const error = await assertRejects(() => backend.compile(graph, parameters), DeviceError);
    assertEquals(error.kind, "binding");
    assert(error.message.includes("240000 bytes"), error.message);
  },
});

Deno.test({
  name: "a shader that does not compile is shown with what the compiler says",
  ignore,
  async fn() {
    const real = await device();
    const gpu = new Gpu(real, { limits: DEFAULT_LIMITS, software: true });
    const error = await assertRejects(
      () => gpu.pipeline("fn main() { let x = 1u + ; }", "conv2d/broken"),
      DeviceError,
    );
    assertEquals(error.kind, "shader");
    assert(error.message.includes("conv2d/broken"), error.message);
    assert(error.message.includes("1: fn main()"), error.message);
    const limit = await assertRejects(
      () => gpu.pipeline("@compute @workgroup_size(100000) fn main() {}", "too wide"),
      DeviceError,
    );
    assertEquals(limit.kind, "shader");
    // It is still of use.
    await gpu.pipeline("@compute @workgroup_size(1) fn main() {}", "empty");
    gpu.close({ destroy: true });
  },
});

Deno.test({
  name: "after a loss every call is an error, and none hangs",
  ignore,
  async fn() {
    const real = await device();
    const backend = await webgpuBackend({ device: real });
    const parameters = await backend.load(none);
    const graph = trace(({ a, b }) => add(a, b), { a: f32(2), b: f32(2) });
    const program = await backend.compile(graph, parameters);
    const inputs = { a: hostTensor([2], [1, 2]), b: hostTensor([2], [3, 4]) };
    const { output } = program.run(inputs);
    real.destroy();
    await real.lost;
    const lost = async (call: () => unknown) => {
      const error = await assertRejects(async () => await call(), DeviceError);
      assertEquals(error.kind, "lost");
      assert(error.message.includes("destroyed"), error.message);
    };
    await lost(() => output!.read());
    await lost(() => program.run(inputs));
    await lost(() => backend.upload(inputs.a));
    await lost(() => backend.settled());
    await lost(() => backend.compile(graph, parameters));
    output![Symbol.dispose]();
    program[Symbol.dispose]();
    await backend[Symbol.asyncDispose]();
  },
});

Deno.test({
  name: "a loss during a wait ends the wait",
  ignore,
  async fn() {
    const real = await device();
    const backend = await webgpuBackend({ device: real });
    const value = backend.upload(hostTensor([2], [1, 2]));
    const reading = assertRejects(() => value.read(), DeviceError);
    real.destroy();
    await reading;
    await backend[Symbol.asyncDispose]();
    // Deno's own poll of the buffer ends a little later than our wait.
    await new Promise((resolve) => setTimeout(resolve, 100));
  },
});

Deno.test({
  name: "a disposed backend is an error, and a second disposal is none",
  ignore,
  async fn() {
    const backend = await webgpuBackend();
    const value = backend.upload(hostTensor([2], [1, 2]));
    await backend[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
    await assertRejects(() => value.read(), DeviceError, "disposed");
    assertThrows(() => backend.upload(hostTensor([1], [1])), DeviceError, "disposed");
    value[Symbol.dispose]();
  },
});

Deno.test({
  name: "an injected device outlives its backend",
  ignore,
  async fn() {
    const real = await device();
    const first = await webgpuBackend({ device: real });
    await first[Symbol.asyncDispose]();
    const second = await webgpuBackend({ device: real });
    using value = second.upload(hostTensor([2], [1, 2]));
    assertEquals([...(await value.read()).data], [1, 2]);
    await second[Symbol.asyncDispose]();
    real.destroy();
  },
});
