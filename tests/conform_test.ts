import { assert, assertEquals } from "@std/assert";
import { conform, hasWebgpu, onnxruntimeBackend, referenceBackend, webgpuBackend } from "../mod.ts";

const GOLDENS = new URL("./goldens/", import.meta.url);

/** Tokenizers have a test of their own, since their vocabularies are too large to be here. */
const GROUPS = [
  "ops",
  "rng",
  "resize",
  "schedulers",
  "classifier",
  "components",
  "pipelines",
  "shapes",
];

Deno.test("the reference passes the golden files that are here", async () => {
  await using backend = referenceBackend();
  const report = await conform(GOLDENS, { backend, exact: true, groups: GROUPS });
  const failed = report.cases.filter(({ status }) => status === "failed");
  assertEquals(failed.map(({ file, detail }) => `${file}: ${detail}`), []);
  assert(report.passed > 80, `${report.passed} passed`);
  for (const group of ["ops", "rng", "resize", "schedulers", "classifier", "pipelines", "shapes"]) {
    assert(report.cases.some((each) => each.group === group && each.status === "passed"), group);
  }
});

Deno.test({
  name: "WebGPU passes the golden files that are here",
  ignore: !await hasWebgpu(),
  async fn() {
    await using backend = await webgpuBackend();
    const groups = ["ops", "components", "pipelines", "shapes"];
    const report = await conform(GOLDENS, { backend, exact: false, groups });
    const failed = report.cases.filter(({ status }) => status === "failed");
    assertEquals(failed.map(({ file, detail }) => `${file}: ${detail}`), []);
    assert(report.passed > 20, `${report.passed} passed`);
  },
});

Deno.test("ONNX Runtime passes the golden files that are here", async () => {
  await using backend = onnxruntimeBackend();
  const groups = ["ops", "schedulers", "components", "pipelines", "shapes", "onnx"];
  const report = await conform(GOLDENS, { backend, exact: false, groups });
  const failed = report.cases.filter(({ status }) => status === "failed");
  assertEquals(failed.map(({ file, detail }) => `${file}: ${detail}`), []);
  for (const group of groups) {
    assert(report.cases.some((each) => each.group === group && each.status === "passed"), group);
  }
});

Deno.test("ONNX Runtime passes every operator's table of cases", async () => {
  await using backend = onnxruntimeBackend();
  const { cases, passed } = await conform(null, { backend, exact: false });
  const others = cases.filter(({ status }) => status !== "passed");
  assertEquals(others.map(({ kind, file, detail }) => `${kind} ${file}: ${detail}`), []);
  assert(passed > 250, `${passed} passed`);
});

Deno.test("a case that is off by more than its bound fails, and says where", async () => {
  const inner = referenceBackend();
  await using backend = {
    ...inner,
    name: "faulty",
    upload: inner.upload,
    async compile(...given: Parameters<typeof inner.compile>) {
      const program = await inner.compile(...given);
      return {
        graph: program.graph,
        run(...inputs: Parameters<typeof program.run>) {
          const values = program.run(...inputs);
          for (const value of Object.values(values)) {
            const read = value.read.bind(value);
            value.read = async () => {
              const tensor = await read();
              if (tensor.dtype === "f32") tensor.data[0]! += 1;
              return tensor;
            };
          }
          return values;
        },
        [Symbol.dispose]: () => program[Symbol.dispose](),
      };
    },
  };
  const report = await conform(GOLDENS, {
    backend,
    exact: false,
    groups: ["ops"],
    kinds: ["conv2d"],
  });
  assert(report.failed > 0);
  assertEquals(report.passed, 0);
  assertEquals(report.cases[0]!.detail.slice(0, 5), "y at ");
});
