import { assert, assertEquals, assertRejects } from "@std/assert";
import { FileError } from "../file_source.ts";
import { linkContent, type LinkWay, openPartial, withLock } from "./cache_disk.ts";

/** Runs something in a new folder, which is removed. */
async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("a partial file keeps what it has until it is complete", () =>
  inFolder(async (folder) => {
    const target = `${folder}/new/blob`;
    {
      await using partial = await openPartial(target, { exclusive: true });
      assertEquals(partial.size, 0);
    }
    assertEquals(namesIn(`${folder}/new`), []); // nothing in it, nothing to keep
    {
      await using partial = await openPartial(target, { exclusive: true });
      await partial.append(Uint8Array.of(1, 2));
    }
    assertEquals(namesIn(`${folder}/new`), ["blob.incomplete"]);
    await using partial = await openPartial(target, { exclusive: true });
    assertEquals(partial.size, 2);
    assertEquals([...(await Array.fromAsync(partial.content()))[0]!], [1, 2]);
    await partial.append(Uint8Array.of(3));
    await partial.complete(target);
    assertEquals(await Deno.readFile(target), Uint8Array.of(1, 2, 3));
    assertEquals(namesIn(`${folder}/new`), ["blob"]);
  }));

Deno.test("without a lock a partial file has a name of its own, and does not stay", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/blob.incomplete`, Uint8Array.of(9));
    {
      await using one = await openPartial(`${folder}/blob`, { exclusive: false });
      await using two = await openPartial(`${folder}/blob`, { exclusive: false });
      await one.append(Uint8Array.of(1));
      await two.append(Uint8Array.of(1, 2));
      assertEquals([one.size, two.size, namesIn(folder).length], [1, 2, 3]);
      await two.complete(`${folder}/blob`);
    }
    assertEquals(namesIn(folder), ["blob", "blob.incomplete"]);
    assertEquals(await Deno.readFile(`${folder}/blob`), Uint8Array.of(1, 2));
  }));

Deno.test("a lock holds other processes off, and ends with its own", () =>
  inFolder(async (folder) => {
    const path = `${folder}/locks/a.lock`;
    const module = new URL("cache_disk.ts", import.meta.url).href;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { withLock } from ${JSON.stringify(module)};
         await withLock(${JSON.stringify(path)}, async () => {
           console.log("locked");
           await new Promise((resolve) => setTimeout(resolve, 60_000));
         });`,
      ],
      stdout: "piped",
    }).spawn();
    const output = child.stdout.getReader();
    await output.read(); // it has the lock
    const stop = new AbortController();
    const aborted = withLock(path, () => Promise.resolve("early"), {
      signal: stop.signal,
      onWait: () => stop.abort(new Error("enough")),
    });
    await assertRejects(() => aborted, Error, "enough");
    let waited = 0;
    const run = (exclusive: boolean) => Promise.resolve(exclusive);
    const exclusive = await withLock(path, run, {
      onWait: () => {
        if (waited++ === 0) child.kill("SIGKILL");
      },
    });
    await child.status;
    await output.cancel();
    assert(exclusive);
    assert(waited > 0);
  }));

Deno.test("a content gets its second name in each way", () =>
  inFolder(async (folder) => {
    for (const way of ["symlink", "link", "move"] as const satisfies LinkWay[]) {
      for (const fresh of [true, false]) {
        const blob = `${folder}/blobs/b`;
        const pointer = `${folder}/snapshots/c/unet/a.bin`;
        await Deno.mkdir(`${folder}/blobs`);
        await Deno.writeFile(blob, Uint8Array.of(1, 2));
        const options = { blob, target: "../../../blobs/b", fresh, ways: [way] };
        if (!fresh) { // what is there is replaced, the same content too
          await linkContent(pointer, options);
          await Deno.writeFile(blob, Uint8Array.of(3, 4));
        }
        await linkContent(pointer, options);
        assertEquals(
          await Deno.readFile(pointer),
          fresh ? Uint8Array.of(1, 2) : Uint8Array.of(3, 4),
        );
        assertEquals((await Deno.lstat(pointer)).isSymlink, way === "symlink");
        assertEquals(namesIn(`${folder}/blobs`), way === "move" && fresh ? [] : ["b"]);
        assertEquals(namesIn(`${folder}/snapshots/c/unet`), ["a.bin"]);
        for (const name of namesIn(folder)) {
          await Deno.remove(`${folder}/${name}`, { recursive: true });
        }
      }
    }
  }));

Deno.test("where symbolic links are not permitted, a hard one does", () =>
  inFolder(async (folder) => {
    const module = new URL("cache_disk.ts", import.meta.url);
    await Deno.mkdir(`${folder}/blobs`);
    await Deno.writeFile(`${folder}/blobs/b`, Uint8Array.of(1, 2));
    const options = { blob: `${folder}/blobs/b`, target: "../blobs/b", fresh: true };
    const program = `${folder}/program.ts`;
    await Deno.writeTextFile(
      program,
      `import { linkContent } from ${JSON.stringify(module.href)};
       await linkContent(${JSON.stringify(`${folder}/s/a`)}, ${JSON.stringify(options)});`,
    );
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", `--allow-read=${folder}`, `--allow-write=${folder}`, program],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const [a, b] = [`${folder}/s/a`, `${folder}/blobs/b`].map((path) => Deno.lstatSync(path));
    assertEquals([a!.isSymlink, a!.ino], [false, b!.ino]);
  }));

Deno.test("faults of the disk are told in our words", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/plain`, "");
    const error = await assertRejects(
      () => openPartial(`${folder}/plain/blob`, { exclusive: true }),
      FileError,
      "Cannot write",
    );
    assertEquals(error.kind, "failed");
    await assertRejects(() => withLock(`${folder}/plain/lock`, () => Promise.resolve()), FileError);
  }));
