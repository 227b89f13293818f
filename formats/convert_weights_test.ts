import { assertEquals, assertRejects } from "@std/assert";
import { convertWeights } from "./convert_weights.ts";
import { memoryFiles } from "./file_source.ts";
import { ModelError } from "./model_error.ts";
import { openSafetensors } from "./safetensors.ts";
import { streamSafetensors } from "./stream_safetensors.ts";
import { joinBytes } from "./torch/testing/write_zip.ts";
import type { WeightSource } from "./weight_source.ts";
import { type WritableTensor, writeSafetensors } from "./write_safetensors.ts";

async function opened(tensors: Record<string, WritableTensor>): Promise<WeightSource> {
  const files = memoryFiles(new Map([["a.safetensors", writeSafetensors(tensors)]]));
  return await openSafetensors(files, "a.safetensors");
}

/** What the written file holds, and how much was read at a time. */
async function converted(
  source: WeightSource,
  options: Parameters<typeof convertWeights>[1],
): Promise<{ readonly bytes: Uint8Array; readonly reads: number[] }> {
  const reads: number[] = [];
  const watched: WeightSource = {
    ...source,
    async read(name, rows) {
      const data = await source.read(name, rows);
      reads.push(data.length);
      return data;
    },
  };
  const parts: Uint8Array[] = [];
  for await (const part of streamSafetensors(convertWeights(watched, options)).pieces) {
    parts.push(part);
  }
  return { bytes: joinBytes(parts), reads };
}

const FLOATS = Float32Array.of(1 / 3, -65504, 65519.99, 1e-9, NaN, Infinity, -Infinity, -0, 5e-8);

Deno.test("numbers with a fraction become what was asked for, whole numbers stay", async () => {
  const whole = {
    "position_ids": { dtype: "I64", shape: [1, 3], data: BigInt64Array.of(0n, 1n, -76n) },
    "counter": { dtype: "U64", shape: [], data: BigUint64Array.of(2n ** 24n - 1n) },
    "mask": { dtype: "BOOL", shape: [2], data: Uint8Array.of(0, 1) },
    "small": { dtype: "I8", shape: [2], data: Int8Array.of(-128, 127) },
    "wide": { dtype: "U16", shape: [2], data: Uint16Array.of(0, 65535) },
  } as const;
  const source = await opened({
    ...whole,
    "weight": { dtype: "F32", shape: [3, 3], data: FLOATS },
    "half": { dtype: "F16", shape: [2], data: Float16Array.of(0.1, 65504) },
    "brain": { dtype: "BF16", shape: [1], data: Uint16Array.of(0xc049) },
    "double": { dtype: "F64", shape: [1], data: Float64Array.of(1 / 3) },
  });
  const f32 = (...numbers: number[]) => Float32Array.from(numbers);
  const f16 = (...numbers: number[]) => Float16Array.from(numbers);
  assertEquals(
    (await converted(source, { dtype: "F32" })).bytes,
    writeSafetensors({
      ...whole,
      "weight": { dtype: "F32", shape: [3, 3], data: FLOATS },
      "half": { dtype: "F32", shape: [2], data: f32(Math.f16round(0.1), 65504) },
      "brain": { dtype: "F32", shape: [1], data: f32(-3.140625) },
      "double": { dtype: "F32", shape: [1], data: f32(1 / 3) },
    }),
  );
  assertEquals(
    (await converted(source, { dtype: "F16" })).bytes,
    writeSafetensors({
      ...whole,
      "weight": {
        dtype: "F16",
        shape: [3, 3],
        data: f16(1 / 3, -65504, 65504, 0, NaN, Infinity, -Infinity, -0, 2 ** -24),
      },
      "half": { dtype: "F16", shape: [2], data: f16(0.1, 65504) },
      "brain": { dtype: "F16", shape: [1], data: f16(-3.140625) },
      "double": { dtype: "F16", shape: [1], data: f16(Math.fround(1 / 3)) },
    }),
  );
});

Deno.test("a number beyond half precision is an error that names the tensor", async () => {
  const source = await opened({
    "ok": { dtype: "F32", shape: [1], data: Float32Array.of(65519) },
    "unet.weight": { dtype: "F32", shape: [2], data: Float32Array.of(1, -65520) },
  });
  await converted(source, { dtype: "F32" });
  await assertRejects(
    () => converted(source, { dtype: "F16" }),
    ModelError,
    'Cannot convert "unet.weight" of memory/a.safetensors to f16: it holds -65520',
  );
});

Deno.test("whole numbers that floats do not hold are refused, not rounded", async () => {
  const data = BigInt64Array.of(1n, 2n ** 24n + 1n);
  const source = await opened({ "step": { dtype: "I64", shape: [2], data } });
  await assertRejects(() => converted(source, { dtype: "F32" }), ModelError, '"step"');
});

Deno.test("large tensors are read by rows, to the same bytes", async () => {
  const data = Float32Array.from({ length: 70 }, (_, at) => Math.sin(at));
  const source = await opened({
    "table": { dtype: "f32", shape: [7, 5, 2], data },
    "long": { dtype: "f32", shape: [70], data },
    "empty": { dtype: "f32", shape: [0, 1000], data: new Float32Array(0) },
    "scalar": { dtype: "f32", shape: [], data: data.slice(0, 1) },
  });
  const all = await converted(source, { dtype: "F16" });
  assertEquals(all.reads, [0, 70, 1, 70]);
  // 80 bytes are two rows of the table, and twenty numbers.
  const some = await converted(source, { dtype: "F16", largest: 80 });
  assertEquals(some.reads, [0, 20, 20, 20, 10, 1, 20, 20, 20, 10]);
  assertEquals(some.bytes, all.bytes);
  // A row that is too large by itself is read all the same.
  const least = await converted(source, { dtype: "F16", largest: 1 });
  assertEquals(Math.max(...least.reads), 10);
  assertEquals(least.bytes, all.bytes);
});
