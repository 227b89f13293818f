/** Every line of every op's table, and the operator goldens, on the device that there is. */
import { assert } from "@std/assert";
import { judge } from "../../conformance/comparison.ts";
import { parseGoldenCase } from "../../conformance/golden_case.ts";
import { opDefinitions, runOpCase, runTableCase } from "../../conformance/op_cases.ts";
import { referenceBackend } from "../reference/backend.ts";
import { kernels } from "./kernels/mod.ts";
import {
  hasWebgpu,
  type WebgpuBackend,
  webgpuBackend,
  type WebgpuOptions,
} from "./webgpu_backend.ts";

const absent = !await hasWebgpu();

async function runTables(backend: WebgpuBackend, takes: (op: string) => boolean): Promise<number> {
  await using reference = referenceBackend();
  const failed: string[] = [];
  let count = 0;
  for (const definition of opDefinitions()) {
    if (!takes(definition.name)) continue;
    for (const opCase of definition.cases) {
      const { passed, worst } = judge(
        await runTableCase(definition, { opCase, backend, reference }),
      );
      count++;
      if (!passed) failed.push(`${definition.name}, ${opCase.name}: ${JSON.stringify(worst)}`);
    }
  }
  assert(failed.length === 0, failed.join("\n"));
  return count;
}

Deno.test({
  name: "op tables pass within WebGPU's default limits",
  ignore: absent,
  async fn() {
    await using backend = await webgpuBackend({ limits: "default" });
    assert(backend.device.limits.maxStorageBuffersPerShaderStage === 8);
    assert(await runTables(backend, () => true) > 200);
  },
});

// Ops that have the kernel of a name, whether it is their first choice or not.
const names = new Set(Object.values(kernels).flatMap((each) => each.map(({ name }) => name)));
for (const name of names) {
  Deno.test({
    name: `op tables pass with the kernel ${name}`,
    ignore: absent,
    async fn() {
      const own = Object.entries(kernels).filter(([, each]) =>
        each.length > 1 && each.some((kernel) => kernel.name === name)
      ).map(([op]) => op);
      let chosen = 0;
      const choose: WebgpuOptions["choose"] = (_, candidates) => {
        if (!candidates.includes(name)) return undefined;
        chosen++;
        return name;
      };
      await using backend = await webgpuBackend({ choose });
      await runTables(backend, (op) => own.includes(op));
      assert(own.length === 0 || chosen > 0, `nothing takes ${name}`);
    },
  });
}

const root = new URL("../../../shared/goldens/ops/", import.meta.url);
const present = await Deno.stat(root).then(() => true, () => false);

for (const limits of ["adapter", "default"] as const) {
  Deno.test({
    name: `operator goldens pass with the limits of the ${limits}`,
    ignore: absent || !present,
    async fn() {
      await using backend = await webgpuBackend({ limits });
      const failed: string[] = [];
      let count = 0;
      for await (const { name } of Deno.readDir(root)) {
        if (!name.endsWith(".safetensors")) continue;
        const golden = parseGoldenCase(await Deno.readFile(new URL(name, root)));
        const { passed, worst } = judge(await runOpCase(golden, { backend, exact: false }));
        count++;
        if (!passed) failed.push(`${name}: ${JSON.stringify(worst)}`);
      }
      assert(failed.length === 0, failed.join("\n"));
      assert(count > 200);
    },
  });
}
