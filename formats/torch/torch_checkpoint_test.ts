import { assert, assertEquals, assertRejects } from "@std/assert";
import { FileError, type FileSource, memoryFiles } from "../file_source.ts";
import { folderFiles } from "../files.ts";
import {
  bytesOf,
  dict,
  global,
  int,
  legacyCheckpoint,
  openBytes,
  str,
  tensor,
  tuple,
  zipCheckpoint,
} from "./testing/write_pickle.ts";
import { openTorchCheckpoint, TorchCheckpointError } from "./torch_checkpoint.ts";

const MADE = folderFiles(new URL("../../tests/goldens/torch/made/", import.meta.url));
const ARANGE = [0, 1, 2, 3, 4, 5];

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const PLAIN = { shape: [2, 3], strides: [3, 1], elements: 6 };
const storage = { 0: floats(...ARANGE) };

/** A checkpoint whose object is this pickle, with one storage of six floats. */
const open = (pickle: string) => openBytes(zipCheckpoint(pickle, storage));

Deno.test("every protocol is read, from both containers", async () => {
  for (
    const file of [
      "legacy_protocol_1.pt",
      "legacy_protocol_4.pt",
      "zip_protocol_1.pt",
      "zip_protocol_3.pt",
      "no_checksums.pt",
    ]
  ) {
    const checkpoint = await openTorchCheckpoint(MADE, file);
    assertEquals([...checkpoint.tensors.keys()], ["w"], file);
    assertEquals([...await checkpoint.read("w")], ARANGE, file);
  }
});

Deno.test("values of Python beside tensors are left out, plain ones told", async () => {
  const checkpoint = await openTorchCheckpoint(MADE, "python_values.pt");
  assertEquals([...checkpoint.tensors.keys()], ["default.w"]);
  assertEquals([...checkpoint.extra], [["epoch", 3]]);
  const wrapped = await open(dict(
    str("state_dict"),
    dict(str("a"), tensor(PLAIN)),
    str("optimizer"),
    dict(str("b"), tensor(PLAIN)),
    str("note"),
    str("x"),
    str("none"),
    "N",
    str("list"),
    "]",
  ));
  assertEquals([...wrapped.tensors.keys()], ["a"]);
  assertEquals([...wrapped.extra], [["note", "x"], ["none", null]]);
});

Deno.test("tensors that would be read wrong are refused", async () => {
  const refuse = (file: string, message: string) =>
    assertRejects(() => openTorchCheckpoint(MADE, file), TorchCheckpointError, message);
  await refuse("negated.pt", "conjugated or negated");
  await refuse("whole_module.pt", "save its state_dict");
  await refuse("one_tensor.pt", "without a name");
  const complex = await openTorchCheckpoint(MADE, "complex.pt");
  assertEquals(complex.tensors.get("c")?.dtype, "C64");
  assertEquals([...await complex.read("w")], ARANGE);
  await assertRejects(() => complex.read("c"), TorchCheckpointError, '"c" of');
});

Deno.test("the bits of a NaN are kept", async () => {
  const { data } = await (await openTorchCheckpoint(MADE, "bits.pt")).readStored("w");
  assertEquals([...new Uint32Array(data.buffer)], [0x7fa00001, 0xffffffff]);
});

Deno.test("rows are read without the rest, and views say what they reach", async () => {
  const bytes = zipCheckpoint(
    dict(
      ...[str("table"), tensor(PLAIN)],
      ...[str("turned"), tensor({ shape: [2, 2], strides: [1, 3], offset: 1, elements: 6 })],
      ...[str("one"), tensor({ shape: [], strides: [], offset: 5, elements: 6 })],
      ...[str("none"), tensor({ shape: [0, 4], strides: [4, 1], offset: 9, elements: 6 })],
    ),
    storage,
  );
  const inner = memoryFiles(new Map([["x", bytes]]));
  const asked: number[] = [];
  const checkpoint = await openTorchCheckpoint({
    ...inner,
    read: (path, start = 0, end = bytes.length) => {
      asked.push(end - start);
      return inner.read(path, start, end);
    },
  }, "x");
  await checkpoint.read("one"); // looks at the local header
  asked.length = 0;
  assertEquals([...await checkpoint.read("table", [1, 2])], [3, 4, 5]);
  assertEquals([...await checkpoint.read("turned")], [1, 4, 2, 5]);
  assertEquals([...await checkpoint.read("turned", [1, 2])], [2, 5]);
  assertEquals([...await checkpoint.read("table", [2, 2])], []);
  assertEquals([...await checkpoint.read("none")], []);
  assertEquals([...await checkpoint.read("one")], [5]);
  assertEquals(asked, [12, 20, 16, 4]);
  const { start, end } = checkpoint.tensors.get("turned")!;
  assertEquals([start, end], [4, 24]);
  for (const rows of [[-1, 2], [2, 1], [0, 3], [0.5, 1], [NaN, 1]] as const) {
    await assertRejects(() => checkpoint.read("table", rows), RangeError, "rows");
  }
  await assertRejects(() => checkpoint.read("one", [0, 1]), RangeError, "its shape is []");
  await assertRejects(() => checkpoint.read("missing"), RangeError, "no such tensor");
});

Deno.test("names are keys and positions; what has none, or one twice, is refused", async () => {
  const t = tensor(PLAIN);
  const named = await open(dict(str("a"), `](${t}${dict(int(7), t)}e`, str(""), t, "K\x05", t));
  assertEquals([...named.tensors.keys()], ["a.0", "a.1.7", "", "5"]);
  const refuse = (pickle: string, message: string) =>
    assertRejects(() => open(pickle), TorchCheckpointError, message);
  await refuse(dict(str("a.b"), t, str("a"), dict(str("b"), t)), 'two tensors called "a.b"');
  await refuse(dict(str("5"), t, "K\x05", t), 'two tensors called "5"');
  await refuse(dict("N", t), "under the key None");
  await refuse(dict(tuple(str("a")), dict(str("b"), t)), "under the key a tuple of 1");
  await refuse(dict(str("x".repeat(2001)), t), "a name of 2001 characters");
  await refuse(dict(str("a"), "N"), "no tensors: its pickle is a dict of 1");
  await refuse(t, "one tensor without a name");
});

Deno.test("an unknown class may hold anything but tensors that would be missed", async () => {
  const thing = global("some.where", "Thing");
  const t = tensor(PLAIN);
  const harmless = `${thing})\x81q\x01${dict(str("self"), "h\x01")}b`;
  const beside = await open(dict(str("w"), t, str("config"), harmless, "N", harmless));
  assertEquals([...beside.tensors.keys()], ["w"]);
  const holding = `${thing})\x81${dict(str("inner"), `](${t}e`)}b`;
  await assertRejects(
    () => open(dict(str("w"), t, str("ema"), holding)),
    TorchCheckpointError,
    'tensors in an object of the class "some.where.Thing" at "ema"',
  );
  await assertRejects(() => open(holding), TorchCheckpointError, "some.where.Thing");
  // Outside of what counts, they are not needed.
  const outside = await open(dict(str("state_dict"), dict(str("w"), t), str("ema"), holding));
  assertEquals([...outside.tensors.keys()], ["w"]);
});

Deno.test("a view has to lie in its storage, and be no bomb", async () => {
  const refuse = (view: Partial<Parameters<typeof tensor>[0]>, message: string) =>
    assertRejects(
      () => open(dict(str("w"), tensor({ ...PLAIN, ...view }))),
      TorchCheckpointError,
      message,
    );
  await refuse({ elements: 5 }, "would have 20 bytes, and has 24");
  await refuse({ type: "DoubleStorage" }, "would have 48 bytes");
  await refuse({ offset: 1 }, "reaches to element 7");
  await refuse({ strides: [4, 1] }, "reaches to element 7");
  await refuse({ shape: [2 ** 30, 3], strides: [0, 1] }, "12884901888 bytes, and its storage 24");
  await refuse({ key: "1" }, 'no storage "1"');
  const expanded = await open(
    dict(str("w"), tensor({ ...PLAIN, shape: [2 ** 20, 3], strides: [0, 1] })),
  );
  assertEquals([...await expanded.read("w", [2 ** 20 - 1, 2 ** 20])], [0, 1, 2]);
});

Deno.test("parts of storages, as torch before 0.4 wrote them, are read", async () => {
  const part = tuple(str("part"), int(2), int(3));
  const view = { shape: [2], strides: [1], elements: 6, part };
  const legacy = (pickle: string, count = 6) =>
    openBytes(legacyCheckpoint(pickle, [{ key: "0", count, bytes: floats(...ARANGE) }]));
  const checkpoint = await legacy(dict(str("w"), tensor({ ...view, offset: 1 })));
  assertEquals([...await checkpoint.read("w")], [3, 4]);
  const refuse = (pickle: string, message: string) =>
    assertRejects(() => legacy(pickle), TorchCheckpointError, message);
  await refuse(
    dict(str("w"), tensor({ ...view, offset: 2 })),
    "element 4 of storage 0, which has 3",
  );
  await refuse(dict(str("w"), tensor({ ...view, part: tuple(str("p"), int(4), int(3)) })), "part");
  await refuse(dict(str("w"), tensor({ ...view, elements: 5 })), "belong to none");
  await refuse(dict(str("w"), tensor({ ...view, key: "1" })), "no tensor names");
  const wrong = await legacy(dict(str("w"), tensor(view)), 7);
  await assertRejects(() => wrong.read("w"), TorchCheckpointError, "has 7 elements");
});

Deno.test("a file that shrinks is an error, and so is one that is gone", async () => {
  const bytes = zipCheckpoint(dict(str("w"), tensor(PLAIN)), storage);
  const contents = new Map([["x", bytes]]);
  const files: FileSource = memoryFiles(contents);
  const checkpoint = await openTorchCheckpoint(files, "x");
  contents.set("x", bytes.slice(0, 100));
  await assertRejects(() => checkpoint.read("w"), TorchCheckpointError, "become shorter");
  contents.delete("x");
  await assertRejects(() => checkpoint.read("w"), FileError, "no such file");
  await assertRejects(() => openTorchCheckpoint(files, "y"), FileError, "no such file");
});

Deno.test("a pickle beyond the limit is not read", async () => {
  const pickle = dict(str("w"), tensor(PLAIN));
  const zip = memoryFiles(new Map([["x", zipCheckpoint(pickle, storage)]]));
  const options = { largestPickle: 100 };
  await assertRejects(() => openTorchCheckpoint(zip, "x", options), TorchCheckpointError, "100 is");
  const bytes = legacyCheckpoint(pickle, [{ key: "0", count: 6, bytes: storage[0] }]);
  const legacy = memoryFiles(new Map([["x", bytes]]));
  await assertRejects(
    () => openTorchCheckpoint(legacy, "x", options),
    TorchCheckpointError,
    "more than 100 bytes",
  );
});

Deno.test("legacy pickles longer than the first read are read on", async () => {
  const note = str("x".repeat(600_000));
  const pickle = dict(str("note"), note, str("w"), tensor(PLAIN));
  const bytes = legacyCheckpoint(pickle, [{ key: "0", count: 6, bytes: storage[0] }]);
  const checkpoint = await openBytes(bytes);
  assertEquals([...await checkpoint.read("w")], ARANGE);
  assertEquals(checkpoint.extra.get("note"), "x".repeat(600_000));
});

Deno.test("what is often found in place of a checkpoint is told", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", "empty"],
    ["version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"],
    ["<!DOCTYPE html>", "web page"],
    ['\x40\0\0\0\0\0\0\0{"a":', "safetensors"],
    ["GGUF\x03", "GGUF"],
    ["\x1f\x8b\x08", "gzip"],
    ["sys_info" + "\0".repeat(200), "tar archive"],
    ["hello", "neither as a zip archive nor as a pickle"],
    ["\x80\x02}.", "magic number"],
    ["PK\x03\x04", "truncated"],
  ];
  for (const [text, message] of cases) {
    await assertRejects(() => openBytes(bytesOf(text)), TorchCheckpointError, message);
  }
  assert(await open(dict(str("w"), tensor(PLAIN))));
});
