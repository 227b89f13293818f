import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { joinBytes } from "./torch/testing/write_zip.ts";
import type { StoredData } from "./safetensors_dtype.ts";
import { SafetensorsError } from "./safetensors_header.ts";
import { type StreamedTensor, streamSafetensors } from "./stream_safetensors.ts";
import { type WritableTensor, writeSafetensors } from "./write_safetensors.ts";

/** Elements in pieces of so many. */
function streamed(
  { dtype, shape, data }: WritableTensor & { readonly dtype: StoredData["dtype"] },
  step: number,
): StreamedTensor {
  return {
    stored: dtype,
    shape,
    async *pieces() {
      for (let at = 0; at < data.length; at += step) yield await data.slice(at, at + step);
    },
  };
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of pieces) parts.push(part);
  return joinBytes(parts);
}

Deno.test("the bytes are those of a file that is written at once", async () => {
  const tensors = {
    "b.bytes": { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) },
    "b": { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, NaN, -0, 6) },
    "a": { dtype: "F32", shape: [], data: Float32Array.of(0.1) },
    "10": { dtype: "F16", shape: [5], data: Float16Array.of(1, 2, 3, 4, 5) },
    "none": { dtype: "F32", shape: [0, 4], data: new Float32Array(0) },
    "ids": { dtype: "I64", shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) },
    "ü": { dtype: "BF16", shape: [1], data: Uint16Array.of(0x3f80) },
  } as const;
  const metadata = { z: "last", format: "pt", 1: "a number" };
  for (const step of [1, 2, 100]) {
    const { fileSize, pieces } = streamSafetensors(
      new Map(Object.entries(tensors).map(([name, each]) => [name, streamed(each, step)])),
      new Map(Object.entries(metadata)),
    );
    const bytes = await collect(pieces);
    assertEquals(bytes, writeSafetensors(tensors, metadata));
    assertEquals(bytes.length, fileSize);
  }
  assertEquals(await collect(streamSafetensors(new Map()).pieces), writeSafetensors({}));
});

Deno.test("a part of a larger buffer is written, and no more of it", async () => {
  const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  const tensor: StreamedTensor = {
    stored: "F32",
    shape: [2],
    async *pieces() {
      yield await data;
    },
  };
  assertEquals(
    await collect(streamSafetensors(new Map([["x", tensor]])).pieces),
    writeSafetensors({ x: { dtype: "f32", shape: [2], data } }),
  );
});

Deno.test("nothing is asked for before its turn, and no more than one tensor", async () => {
  const turns: string[] = [];
  const lazy = (name: string): StreamedTensor => ({
    stored: "F32",
    shape: [1],
    async *pieces() {
      turns.push(name);
      yield await Float32Array.of(1);
    },
  });
  const { pieces } = streamSafetensors(new Map([["b", lazy("b")], ["a", lazy("a")]]));
  const iterator = pieces[Symbol.asyncIterator]();
  await iterator.next();
  assertEquals(turns, []);
  await iterator.next();
  assertEquals(turns, ["a"]);
  await iterator.return!();
  assertEquals(turns, ["a"]);
});

Deno.test("tensors that are not what they were said to be, and names that cannot be", async () => {
  const data = Float32Array.of(1, 2, 3);
  for (const [count, given] of [[2, "more"], [4, "12"]] as const) {
    const tensor = streamed({ dtype: "F32", shape: [count], data }, 2);
    const { pieces } = streamSafetensors(new Map([["conv.weight", tensor]]));
    await assertRejects(
      () => collect(pieces),
      SafetensorsError,
      `"conv.weight": its shape takes ${4 * count} bytes, and ${given} are given`,
    );
  }
  const one = streamed({ dtype: "F32", shape: [3], data }, 3);
  const refused = (name: string, tensor: StreamedTensor, says: string) =>
    assertThrows(() => streamSafetensors(new Map([[name, tensor]])), SafetensorsError, says);
  refused("__metadata__", one, "taken by the format");
  refused("\ud800", one, "well-formed");
  refused("x", { ...one, shape: [-1] }, "no shape");
  refused("x", { ...one, shape: [2 ** 30, 2 ** 30] }, "no shape");
});
