/** What can be known of kernels without a device: every candidate, planned for every line of its op's table. */
import { assert, assertEquals } from "@std/assert";
import type { NodeOf } from "../../../graph/graph.ts";
import { ops } from "../../../graph/ops/mod.ts";
import type { OpDefinition } from "../../../graph/op.ts";
import type { TensorSpec } from "../../../graph/tensor_spec.ts";
import {
  DEFAULT_LIMITS,
  type GpuTraits,
  type Kernel,
  type KernelPlan,
  type Operand,
  PLAIN,
} from "../kernel.ts";
import { plainTail } from "../tail.ts";
import { type KernelOp, kernels } from "./mod.ts";

const devices: readonly GpuTraits[] = [
  { limits: DEFAULT_LIMITS, software: true },
  { limits: DEFAULT_LIMITS, software: false },
];

function plan(
  kernel: Kernel<KernelOp>,
  options: {
    readonly op: KernelOp;
    readonly inputs: readonly TensorSpec[];
    readonly attributes: unknown;
    readonly half?: boolean;
    readonly gpu: GpuTraits;
  },
): KernelPlan | undefined {
  const { op, inputs, attributes, half = false, gpu } = options;
  const definition = ops[op] as unknown as OpDefinition<KernelOp>;
  const node = {
    id: inputs.length,
    op,
    attributes,
    inputs: inputs.map((_, at) => at),
    output: definition.infer(inputs, attributes as never),
    site: "",
  } as unknown as NodeOf<KernelOp>;
  const operands = inputs.map(({ shape, dtype }, at): Operand => ({
    shape,
    dtype,
    layout: at === 1 && (op === "conv2d" || op === "linear")
      ? { order: "outputLast", half }
      : PLAIN,
    parts: [{ start: 0, end: shape[0] ?? 1 }],
  }));
  return kernel.plan({ node, operands, tail: plainTail(node.output.dtype) }, gpu);
}

for (const [name, candidates] of Object.entries(kernels)) {
  const op = name as KernelOp;
  Deno.test(`kernels of ${op} keep within the default limits, and the last one always answers`, () => {
    const list = candidates as readonly Kernel<KernelOp>[];
    const { cases } = ops[op];
    for (const gpu of devices) {
      for (const { inputs, attributes, name: line } of cases) {
        for (const half of [false, true]) {
          for (const kernel of list) {
            const answer = plan(kernel, { op, inputs, attributes, half, gpu });
            if (kernel === list.at(-1)) {
              assert(answer !== undefined, `${line}: ${kernel.name} does not answer`);
            }
            for (const pass of answer?.passes ?? []) check(pass.wgsl, pass.workgroups);
          }
        }
      }
    }
  });
}

function check(wgsl: string, workgroups: readonly number[]): void {
  assert((wgsl.match(/var<storage/g) ?? []).length <= 8, wgsl);
  assert(Number(/@workgroup_size\((\d+)\)/.exec(wgsl)![1]) <= 256, wgsl);
  const shared = [...wgsl.matchAll(/var<workgroup> \w+: array<\w+, (\d+)>/g)]
    .reduce((sum, match) => sum + 4 * Number(match[1]), 0);
  assert(shared <= 16384, wgsl);
  assert(workgroups.every((count) => count >= 1 && count <= 65535), workgroups.join());
  assert(!wgsl.includes("undefined") && !wgsl.includes("NaN"), wgsl);
}

Deno.test("sizes are uniforms: a second picture size is no second shader", () => {
  const conv = (h: number, w: number, n: number) => ({
    op: "conv2d",
    inputs: [
      { shape: [n, 320, h, w], dtype: "f32" },
      { shape: [640, 320, 3, 3], dtype: "f32" },
      { shape: [640], dtype: "f32" },
    ],
    attributes: { stride: [1, 1], padding: [1, 1, 1, 1], groups: 1 },
  } as const);
  const attention = (length: number) => ({
    op: "attention",
    inputs: [
      { shape: [2, 8, length, 40], dtype: "f32" },
      { shape: [2, 8, 77, 40], dtype: "f32" },
      { shape: [2, 8, 77, 40], dtype: "f32" },
    ],
    attributes: { scale: 0.1, causal: false },
  } as const);
  const norm = (side: number) => ({
    op: "groupNorm",
    inputs: [{ shape: [2, 320, side, side], dtype: "f32" }],
    attributes: { groups: 32, epsilon: 1e-5 },
  } as const);
  const pairs = [[conv(64, 64, 2), conv(96, 40, 2)], [attention(4096), attention(1000)], [
    norm(64),
    norm(72),
  ]] as const;
  for (const gpu of devices) {
    for (const [one, other] of pairs) {
      for (const kernel of kernels[one.op] as readonly Kernel<KernelOp>[]) {
        const [a, b] = [plan(kernel, { ...one, gpu }), plan(kernel, { ...other, gpu })];
        assertEquals(a?.passes.map(({ wgsl }) => wgsl), b?.passes.map(({ wgsl }) => wgsl));
        assert(
          a === undefined ||
            a.passes.some(({ uniforms }, at) =>
              uniforms.some((word, index) => word !== b!.passes[at]!.uniforms[index])
            ),
        );
      }
    }
  }
});
