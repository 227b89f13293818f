import { assert, assertEquals, assertRejects } from "@std/assert";
import { type FileSource, memoryFiles } from "../file_source.ts";
import { joinBytes, type WritableEntry, writeZip } from "./testing/write_zip.ts";
import { failFor, TorchCheckpointError } from "./torch_checkpoint_error.ts";
import { openZipArchive, type ZipArchive } from "./zip_archive.ts";

const fail = failFor("x.zip");
const bytes = (...values: number[]) => Uint8Array.from(values);

async function open(
  archive: Uint8Array,
  files: FileSource = memoryFiles(new Map([["x.zip", archive]])),
): Promise<ZipArchive> {
  return await openZipArchive({ files, path: "x.zip", fileSize: archive.length, fail });
}

const ENTRIES: readonly WritableEntry[] = [
  { name: "a/one", bytes: bytes(1, 2, 3) },
  { name: "a/ä", bytes: bytes() },
  { name: "a/two", bytes: bytes(4, 5) },
];

/** Bytes of a local header, of an entry of the directory, of the end record. */
const [LOCAL, DIRECTORY, END] = [30, 46, 22];

/** Changes one byte by adding to it. */
function changed(archive: Uint8Array<ArrayBuffer>, at: number, by = 1): Uint8Array<ArrayBuffer> {
  return archive.with(at < 0 ? archive.length + at : at, (archive.at(at)! + by) & 255);
}

Deno.test("an archive is listed and its entries are read", async () => {
  const archive = await open(writeZip(ENTRIES));
  assertEquals([...archive.entries.keys()], ["a/one", "a/ä", "a/two"]);
  for (const { name, bytes } of ENTRIES) {
    assertEquals(await archive.read(archive.entries.get(name)!), bytes);
  }
  assertEquals(await archive.read(archive.entries.get("a/one")!, 1, 2), bytes(2));
});

Deno.test("of an archive only the directory and what is asked for is read", async () => {
  const large = { name: "a/large", bytes: new Uint8Array(300_000).fill(7) };
  const archive = writeZip([...ENTRIES, large]);
  const inner = memoryFiles(new Map([["x.zip", archive]]));
  const asked: number[] = [];
  const opened = await open(archive, {
    ...inner,
    read: (path, start = 0, end = archive.length) => {
      asked.push(end - start);
      return inner.read(path, start, end);
    },
  });
  assertEquals(asked.length, 2); // the file's end, the directory
  assert(asked[0]! < 70_000 && asked[1]! < 300);
  await opened.read(opened.entries.get("a/large")!, 100, 110);
  await opened.read(opened.entries.get("a/large")!, 200, 230);
  assertEquals(asked.slice(2), [LOCAL + 7, 10, 30]);
});

Deno.test("what is read whole is checked, unless the archive has no checksums", async () => {
  const archive = writeZip(ENTRIES);
  const damaged = changed(archive, LOCAL + "a/one".length);
  const { entries, read } = await open(damaged);
  await assertRejects(() => read(entries.get("a/one")!), TorchCheckpointError, "CRC-32");
  assertEquals(await read(entries.get("a/one")!, 1, 3), bytes(2, 3));
  assertEquals(await read(entries.get("a/two")!), bytes(4, 5));
  // torch's `set_crc32_options(False)` writes zeros everywhere.
  const none = damaged.slice();
  let at = archive.length - END - DIRECTORY * 3 - "a/onea/äa/two".length - 1;
  for (const { name } of ENTRIES) {
    none.fill(0, at + 16, at + 20);
    at += DIRECTORY + new TextEncoder().encode(name).length;
  }
  const unchecked = await open(none);
  assertEquals(await unchecked.read(unchecked.entries.get("a/one")!), bytes(2, 2, 3));
});

Deno.test("a compressed entry is inflated to the size that the directory says, and no further", async () => {
  const content = new Uint8Array(5000).map((_, i) => i % 7);
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const compressed = new Uint8Array(await new Response(stream).arrayBuffer());
  /** With the method, checksum and size of the directory set. */
  const make = (size: number) => {
    const archive = writeZip([{ name: "a/b", bytes: compressed }]);
    const right = new DataView(writeZip([{ name: "a/b", bytes: content }]).buffer);
    const view = new DataView(archive.buffer);
    const directory = archive.length - END - DIRECTORY - 3;
    view.setUint16(8, 8, true);
    view.setUint16(directory + 10, 8, true);
    view.setUint32(directory + 16, right.getUint32(14, true), true);
    view.setUint32(directory + 24, size, true);
    return archive;
  };
  const good = await open(make(5000));
  const entry = good.entries.get("a/b")!;
  assertEquals(await good.read(entry), content);
  assertEquals(await good.read(entry, 10, 20), content.slice(10, 20));
  for (
    const [size, message] of [[4999, "more than 4999"], [5001, "5000 bytes, not 5001"]] as const
  ) {
    const bad = await open(make(size));
    await assertRejects(() => bad.read(bad.entries.get("a/b")!), TorchCheckpointError, message);
  }
  await assertRejects(() => open(make(100_000_000)), TorchCheckpointError, "200-fold");
  const cut = await open(changed(make(5000), LOCAL + 3 + 5, 77));
  await assertRejects(() => cut.read(cut.entries.get("a/b")!), TorchCheckpointError);
});

Deno.test("an archive that two readers could understand differently is refused", async () => {
  const good = writeZip(ENTRIES);
  const directory = good.length - END - 3 * DIRECTORY - "a/onea/äa/two".length - 1;
  const cases: readonly (readonly [Uint8Array<ArrayBuffer>, string])[] = [
    [good.slice(0, -1), "truncated"],
    [joinBytes([good, bytes(0)]), "does not end as one"],
    [joinBytes([bytes(0), good]), "directory would be at bytes"],
    [changed(good, -END + 4), "several"],
    [changed(good, -END + 8), "entries in"],
    [changed(good, -END + 10), "entries in"],
    [changed(good, -END + 12), "directory would be at bytes"],
    [changed(good, directory), "entry 0 of its zip directory"],
    [changed(good, directory + 8), "encrypted"],
    [changed(good, directory + 10, 3), "method 3"],
    [changed(good, directory + 20), "is stored with 4 bytes and would have 3"],
    [changed(good, directory + 30), "longer than its place"],
    [changed(good, directory + 34), "several"],
    [changed(good, directory + 42), "begins at byte 1"],
    [writeZip([...ENTRIES, ENTRIES[0]!]), 'two entries called "a/one"'],
    ...["../x", "/x", "a//x", "a/./x", "a\\x", "a\0x"].map((name) =>
      [writeZip([{ name, bytes: bytes() }]), "leads elsewhere"] as const
    ),
  ];
  for (const [archive, message] of cases) {
    await assertRejects(() => open(archive), TorchCheckpointError, message);
  }
  const wrong = [
    [0, "no local header"],
    [6, "encrypted"],
    [8, "another way"],
    [26, "another name"],
    [LOCAL, "another name"],
    [28, "runs into"],
  ] as const;
  for (const [at, message] of wrong) {
    const { entries, read } = await open(changed(good, at, at === 28 ? 200 : 1));
    await assertRejects(() => read(entries.get("a/one")!), TorchCheckpointError, message);
  }
});
