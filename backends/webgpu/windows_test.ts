import { assert, assertEquals } from "@std/assert";
import { judge } from "../../conformance/comparison.ts";
import { opDefinitions, runTableCase } from "../../conformance/op_cases.ts";
import { referenceBackend } from "../reference/backend.ts";
import { DeviceError } from "./device_error.ts";
import { DEFAULT_LIMITS, type Pass } from "./kernel.ts";
import { hasWebgpu, webgpuBackend } from "./webgpu_backend.ts";
import { windowed } from "./windows.ts";

const PASS: Pass = {
  label: "test",
  wgsl: `@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
fn f() { out[x_at[i]] = x[i + u32(x[0])] * 2.0; }`,
  uniforms: new Uint32Array(4),
  buffers: [{ kind: "input", index: 0, part: 0 }, { kind: "output" }],
  workgroups: [1, 1, 1],
};

Deno.test("a buffer larger than a binding is seen through windows, and only that", () => {
  const limits = { ...DEFAULT_LIMITS, maxStorageBufferBindingSize: 1024 };
  assertEquals(windowed(PASS, { bytes: [1024, 1024], limits }), undefined);
  const { wgsl, windows } = windowed(PASS, { bytes: [2500, 1000], limits })!;
  assertEquals(windows, [
    { buffer: 0, start: 0, bytes: 1024 },
    { buffer: 0, start: 1024, bytes: 1024 },
    { buffer: 0, start: 2048, bytes: 452 },
    { buffer: 1, start: 0, bytes: 1000 },
  ]);
  assert(wgsl.includes("out[x_at[i]] = load_x(u32(i + u32(load_x(u32(0))))) * 2.0;"), wgsl);
  assert(wgsl.includes("if (i < 256u) { return x[i]; }"), wgsl);
  const both = windowed(PASS, { bytes: [2000, 2000], limits })!;
  assert(both.wgsl.includes("store_out(u32(x_at[i]), load_x("), both.wgsl);
});

Deno.test({
  name: "ops compute the same through windows",
  ignore: !await hasWebgpu(),
  async fn() {
    await using reference = referenceBackend();
    // So small that most tensors of the tables need several windows; more buffers than the default hold them.
    await using backend = await webgpuBackend({ limits: { maxStorageBufferBindingSize: 2048 } });
    let compared = 0;
    let refused = 0;
    for (const definition of opDefinitions()) {
      for (const opCase of definition.cases) {
        try {
          const { passed, worst } = judge(
            await runTableCase(definition, { opCase, backend, reference }),
          );
          assert(passed, `${definition.name}, ${opCase.name}: ${JSON.stringify(worst)}`);
          compared++;
        } catch (error) {
          // More windows than the device binds: refused, never computed wrong.
          if (!(error instanceof DeviceError) || error.kind !== "binding") throw error;
          refused++;
        }
      }
    }
    assert(compared > 200, `${compared} compared, ${refused} refused`);
  },
});
