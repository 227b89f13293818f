import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type FileSource, memoryFiles } from "./file_source.ts";
import { folderFiles } from "./files.ts";
import { openSafetensors, SafetensorsError, type SafetensorsFile } from "./safetensors.ts";
import { openShardedSafetensors } from "./sharded_safetensors.ts";
import { type WritableTensor, writeSafetensors } from "./write_safetensors.ts";

const HERE = new URL("../tests/goldens/safetensors/", import.meta.url);
const ALL = new URL("../../shared/goldens/hostile/", import.meta.url);

interface Entry {
  readonly file: string;
  readonly format: string;
  readonly expect: "accept" | "reject";
  readonly why: string;
  readonly optional?: boolean;
  readonly mention?: readonly string[];
  readonly truth?: string;
  readonly "truth_is_subset"?: boolean;
}

const inMemory = (bytes: Uint8Array<ArrayBuffer>): Promise<SafetensorsFile> =>
  openSafetensors(memoryFiles(new Map([["x.safetensors", bytes]])), "x.safetensors");

const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Reads a file that is known to be plain without any of the code under test. */
function* plainTensors(
  bytes: Uint8Array<ArrayBuffer>,
): Generator<{ name: string; dtype: string; shape: number[]; data: Uint8Array }> {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  for (const name of Object.keys(header).filter((name) => name !== "__metadata__")) {
    const { dtype, shape, data_offsets: [start, end] } = header[name];
    yield { name, dtype, shape, data: bytes.subarray(8 + length + start, 8 + length + end) };
  }
}

async function equalsTruth(file: SafetensorsFile, entry: Entry, root: URL): Promise<void> {
  const truth = [...plainTensors(await Deno.readFile(new URL(entry.truth!, root)))];
  for (const { name, dtype, shape, data } of truth) {
    const tensor = file.tensors.get(name);
    assertEquals([tensor?.dtype, tensor?.shape], [dtype, shape], entry.file);
    assertEquals(bytesOf((await file.readStored(name)).data), data, `${entry.file} ${name}`);
  }
  if (!entry["truth_is_subset"]) assertEquals(file.tensors.size, truth.length);
}

async function runIndex(root: URL): Promise<void> {
  const index: Entry[] = JSON.parse(await Deno.readTextFile(new URL("index.json", root)));
  const files: FileSource = folderFiles(root);
  const counts = { safetensors: 0, "sharded-safetensors": 0 };
  for (const entry of index) {
    if (!(entry.format in counts)) continue;
    counts[entry.format as keyof typeof counts]++;
    const open = () =>
      entry.format === "safetensors"
        ? openSafetensors(files, entry.file)
        : openShardedSafetensors(files, `${entry.file}/model.safetensors.index.json`);
    const started = performance.now();
    let opened: SafetensorsFile | undefined;
    let error: unknown;
    try {
      opened = await open();
    } catch (thrown) {
      error = thrown;
    }
    assert(performance.now() - started < 1000, `${entry.file} took too long`);
    if (opened !== undefined) {
      assert(entry.expect === "accept" || entry.optional, `${entry.file} passed: ${entry.why}`);
      if (entry.truth !== undefined) await equalsTruth(opened, entry, root);
      continue;
    }
    assert(error instanceof SafetensorsError, `${entry.file}: ${error}`);
    assert(entry.expect === "reject", `${entry.file} was refused: ${error.message}`);
    const { mention } = entry;
    assert(
      mention === undefined || mention.some((word) => error.message.includes(word)),
      `${entry.file}: none of ${mention} in ${error.message}`,
    );
  }
  assert(counts.safetensors > 90 && counts["sharded-safetensors"] > 10);
  assertEquals("polluted" in {}, false);
}

Deno.test("hostile files are refused with a reason, odd ones read", () => runIndex(HERE));

Deno.test("every hostile file is refused", { ignore: !exists(ALL) }, () => runIndex(ALL));

Deno.test("a file of the format's own library is read, and written with the same bytes", async () => {
  const bytes = await Deno.readFile(new URL("written_by_library.safetensors", HERE));
  const file = await inMemory(bytes);
  assertEquals([...file.metadata], [["format", "pt"]]);
  assertEquals(file.tensors.size, 9);
  const read = async (name: string) => [...await file.read(name)];
  assertEquals(await read("b.weight"), [1.5, -2, 3.25, 4]);
  assertEquals(await read("10"), [1, 2, 3]);
  assertEquals(await read("9"), [0.5, -0]);
  assertEquals(await read("a"), [7]);
  assertEquals(await read("bf"), [1, -3.140625]);
  assertEquals(await read("f64"), [Math.fround(0.1), 0]);
  assertEquals(await read("i64"), [2 ** 53, -1]);
  assertEquals(await read("é"), []);
  assertEquals(await read("flag"), [1, 0]);
  assertEquals((await file.readStored("i64")).data[0], 2n ** 53n + 1n);
  const tensors = new Map<string, WritableTensor>();
  for (const [name, { shape }] of file.tensors) {
    tensors.set(name, { ...await file.readStored(name), shape });
  }
  assertEquals(writeSafetensors(tensors, file.metadata), bytes);
});

Deno.test("rows are read without the rest of the file", async () => {
  const data = Float32Array.from({ length: 24 }, (_, i) => i);
  const bytes = writeSafetensors({
    first: { dtype: "f32", shape: [3], data: Float32Array.of(-1, -2, -3) },
    table: { dtype: "f32", shape: [4, 2, 3], data },
    one: { dtype: "f32", shape: [], data: Float32Array.of(9) },
  });
  const inner = memoryFiles(new Map([["x", bytes]]));
  const asked: number[] = [];
  const file = await openSafetensors({
    ...inner,
    read: (path, start = 0, end = bytes.length) => {
      asked.push(end - start);
      return inner.read(path, start, end);
    },
  }, "x");
  asked.length = 0;
  assertEquals([...await file.read("table", [1, 3])], [...data.subarray(6, 18)]);
  assertEquals([...await file.read("table", [4, 4])], []);
  assertEquals([...await file.read("one")], [9]);
  assertEquals(asked, [48, 0, 4]);
  for (const rows of [[-1, 2], [3, 2], [0, 5], [0.5, 1], [NaN, 1]] as const) {
    await assertRejects(() => file.read("table", rows), RangeError, "rows");
  }
  await assertRejects(() => file.read("one", [0, 1]), RangeError, "its shape is []");
  await assertRejects(() => file.read("none"), RangeError, "no such tensor");
});

Deno.test("types that nothing computes with can be listed, not read", async () => {
  const header = '{"c":{"dtype":"C64","shape":[1],"data_offsets":[0,8]},' +
    '"f4":{"dtype":"F4","shape":[3,2],"data_offsets":[8,11]}}';
  const file = await inMemory(fileOf(header, new Uint8Array(11)));
  assertEquals([...file.tensors.keys()], ["c", "f4"]);
  await assertRejects(() => file.read("c"), SafetensorsError, "C64");
  await assertRejects(() => file.read("f4", [0, 1]), SafetensorsError, "F4");
  const half = '{"f4":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}';
  await assertRejects(() => inMemory(fileOf(half, new Uint8Array(2))), SafetensorsError);
});

Deno.test("a file that shrinks between opening and reading is an error", async () => {
  const bytes = writeSafetensors({ a: { dtype: "f32", shape: [2], data: Float32Array.of(1, 2) } });
  const contents = new Map([["x", bytes]]);
  const file = await openSafetensors(memoryFiles(contents), "x");
  contents.set("x", bytes.slice(0, -1));
  await assertRejects(() => file.read("a"), SafetensorsError, "become shorter");
});

Deno.test("the writer refuses what no reader would take", () => {
  const data = Float32Array.of(1, 2);
  const write = (name: string, shape: number[]) =>
    writeSafetensors({ [name]: { dtype: "f32", shape, data } });
  assertThrows(() => write("a", [3]), SafetensorsError, "3 elements, and 2 are given");
  assertThrows(() => write("__metadata__", [2]), SafetensorsError, "taken");
  assertThrows(() => write("\ud800", [2]), SafetensorsError, "Unicode");
});

Deno.test("what is written is read back, whatever the names and shapes", async () => {
  const random = lcg(7);
  for (let round = 0; round < 50; round++) {
    const tensors = new Map<string, WritableTensor>();
    for (let i = random(6); i > 0; i--) {
      const shape = Array.from({ length: random(4) }, () => random(4));
      const count = shape.reduce((a, b) => a * b, 1);
      const name = String.fromCodePoint(...Array.from({ length: random(5) }, () => random(0xd000)));
      const bytes = Uint8Array.from({ length: count * 4 }, () => random(256));
      const kinds: WritableTensor[] = [
        { dtype: "f32", shape, data: new Float32Array(bytes.buffer) },
        { dtype: "i32", shape, data: new Int32Array(bytes.buffer) },
        { dtype: "f16", shape, data: new Float16Array(bytes.buffer, 0, count) },
        { dtype: "BF16", shape, data: new Uint16Array(bytes.buffer, 0, count) },
        { dtype: "u8", shape, data: bytes.subarray(0, count) },
      ];
      tensors.set(name, kinds[random(kinds.length)]!);
    }
    const metadata = { ["k" + random(9)]: "\u2028\n" + random(9), "__proto__ ": "x" };
    const file = await inMemory(writeSafetensors(tensors, metadata));
    assertEquals([...file.tensors.keys()].sort(), [...tensors.keys()].sort());
    assertEquals(Object.fromEntries(file.metadata), metadata);
    for (const [name, { shape, data }] of tensors) {
      assertEquals(file.tensors.get(name)?.shape, shape);
      assertEquals(bytesOf((await file.readStored(name)).data), bytesOf(data));
    }
  }
});

Deno.test("a mutated file is read or refused with SafetensorsError, nothing else", async () => {
  const random = lcg(11);
  const good = await Deno.readFile(new URL("written_by_library.safetensors", HERE));
  let refused = 0;
  for (let round = 0; round < 4000; round++) {
    const bytes = [...good];
    for (let i = 1 + random(3); i > 0; i--) {
      const at = random(4) === 0 ? random(bytes.length) : random(720); // mostly the header
      const kind = random(4);
      if (kind === 0) bytes[at] = random(256);
      else if (kind === 1) bytes[at] = '0123456789-.eE[]{},:"tn\\'.charCodeAt(random(25));
      else if (kind === 2) bytes.splice(at, 1 + random(3));
      else bytes.splice(at, 0, ...bytes.slice(at, at + random(20)));
    }
    try {
      const file = await inMemory(Uint8Array.from(bytes));
      for (const name of file.tensors.keys()) await file.read(name);
    } catch (error) {
      if (!(error instanceof SafetensorsError)) throw error;
      refused++;
    }
  }
  assert(refused > 2000 && refused < 4000, `${refused} of 4000 refused`);
});

Deno.test("a header with wrong values is refused with SafetensorsError, nothing else", async () => {
  const random = lcg(13);
  const odd = [
    "null",
    "true",
    "[]",
    "{}",
    '"x"',
    "-1",
    "1e400",
    "18446744073709551616",
    "9007199254740993",
    "0.5",
    '"__proto__"',
    "[[[1]]]",
    "-0",
    "4294967296",
  ];
  const entry = (dtype: string, shape: string, offsets: string) =>
    `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
  for (let round = 0; round < 2000; round++) {
    const maybe = (good: string) => random(4) === 0 ? odd[random(odd.length)]! : good;
    const a = entry(
      maybe('"F32"'),
      `[${maybe("2")},${maybe("1")}]`,
      `[${maybe("0")},${maybe("8")}]`,
    );
    const b = entry(maybe('"U8"'), maybe("[]"), `[${maybe("8")},${maybe("9")}]`);
    const header = `{"a":${maybe(a)},"__metadata__":${maybe('{"k":"v"}')},"b":${maybe(b)}}`;
    try {
      const file = await inMemory(fileOf(header, new Uint8Array(9)));
      assertEquals([...file.tensors.keys()], ["a", "b"]);
    } catch (error) {
      assert(error instanceof SafetensorsError, `${header}: ${error}`);
    }
  }
});

Deno.test("an index for a folder below is read; a shard elsewhere or a broken index is not", async () => {
  const shard = writeSafetensors({ a: { dtype: "f32", shape: [1], data: Float32Array.of(5) } });
  const index = (map: unknown) => JSON.stringify({ weight_map: map });
  const open = (text: string) =>
    openShardedSafetensors(
      memoryFiles(
        new Map<string, string | Uint8Array>([
          ["unet/m.safetensors.index.json", text],
          ["unet/shards/1.safetensors", shard],
          ["1.safetensors", shard],
        ]),
      ),
      "unet/m.safetensors.index.json",
    );
  const file = await open(index({ a: "shards/1.safetensors" }));
  assertEquals([...await file.read("a")], [5]);
  await assertRejects(() => file.read("b"), RangeError);
  await assertRejects(() => open(index({ a: "../1.safetensors" })), SafetensorsError, "..");
  await assertRejects(() => open("{"), SafetensorsError, "index.json");
  await assertRejects(() => open("{}"), SafetensorsError, "weight_map");
});

/** A file with any header. */
function fileOf(header: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

/** Numerical Recipes' generator: the tests are the same in every run. */
function lcg(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isDirectory;
  } catch {
    return false;
  }
}
