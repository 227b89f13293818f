import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FileError } from "./file_source.ts";
import { checkWritable, writeFile, writeFiles, writeFolder } from "./write_file.ts";

const BYTES = Uint8Array.of(1, 2, 3);

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

Deno.test("a file is written, and a file that is there replaced", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.bin`, "a longer text that was there before");
    await writeFile(`${folder}/a.bin`, BYTES);
    assertEquals(await Deno.readFile(`${folder}/a.bin`), BYTES);
    assertEquals(namesIn(folder), ["a.bin"]);
  }));

Deno.test("a path without a folder is in the current one", () =>
  inFolder(async (folder) => {
    // In a process of its own: the current folder is all tests'.
    const { href } = new URL("./write_file.ts", import.meta.url);
    const program = `import { writeFile } from ${JSON.stringify(href)};
      await writeFile("a.bin", new Uint8Array([${BYTES}]));`;
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-config",
        "--allow-read=.",
        "--allow-write=.",
        `data:text/javascript,${encodeURIComponent(program)}`,
      ],
      cwd: folder,
    }).output();
    assert(success);
    assertEquals(namesIn(folder), ["a.bin"]);
  }));

Deno.test(
  "a link is written through",
  { ignore: Deno.build.os === "windows" },
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/far`);
      await Deno.writeTextFile(`${folder}/far/b.bin`, "");
      await Deno.symlink("far/b.bin", `${folder}/a.bin`);
      await writeFile(`${folder}/a.bin`, BYTES);
      assertEquals(await Deno.readFile(`${folder}/far/b.bin`), BYTES);
      assert((await Deno.lstat(`${folder}/a.bin`)).isSymlink);
      assertEquals(namesIn(`${folder}/far`), ["b.bin"]);
    }),
);

Deno.test("each reason has its kind, and nothing is left behind", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/sub`);
    await Deno.writeTextFile(`${folder}/plain`, "");
    const cases = [
      { path: `${folder}/none/a.bin`, kind: "missing", says: "its folder does not exist" },
      { path: `${folder}/plain/a.bin`, kind: "missing", says: "no folder" },
      { path: `${folder}/sub`, kind: "not a file", says: "it is a folder" },
      { path: `${folder}/sub/`, kind: "not a file", says: "it names no file" },
      { path: "", kind: "not a file", says: "it names no file" },
      { path: `${folder}/${"x".repeat(300)}`, kind: "failed", says: "Cannot write" },
    ];
    for (const { path, kind, says } of cases) {
      for (const attempt of [() => writeFile(path, BYTES), () => checkWritable(path)]) {
        const error = await assertRejects(attempt, FileError);
        assertEquals(error.kind, kind);
        assertStringIncludes(error.message, says);
        assertStringIncludes(error.message, "Cannot write");
      }
    }
    assertEquals(namesIn(folder), ["plain", "sub"]);
    assertEquals(namesIn(`${folder}/sub`), []);
  }));

Deno.test("a device is refused", { ignore: Deno.build.os === "windows" }, async () => {
  const error = await assertRejects(() => writeFile("/dev/null", BYTES), FileError, "a device");
  assertEquals(error.kind, "not a file");
  assert((await Deno.stat("/dev/null")).isCharDevice);
});

Deno.test("of several files none appears if one cannot be written", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/old`, "old");
    const files = new Map([
      [`${folder}/new`, BYTES],
      [`${folder}/old`, BYTES],
      [`${folder}/none/c`, BYTES],
    ]);
    await assertRejects(() => writeFiles(files), FileError, "none/c");
    assertEquals(namesIn(folder), ["old"]);
    assertEquals(await Deno.readTextFile(`${folder}/old`), "old");
    files.delete(`${folder}/none/c`);
    await writeFiles(files);
    assertEquals(namesIn(folder), ["new", "old"]);
  }));

Deno.test("checkWritable leaves a file as it is", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/old`, "old");
    await checkWritable(`${folder}/old`);
    await checkWritable(`${folder}/new`);
    assertEquals(namesIn(folder), ["old"]);
    assertEquals(await Deno.readTextFile(`${folder}/old`), "old");
  }));

Deno.test("without permission the error says which, and nothing is left behind", () =>
  inFolder(async (folder) => {
    const program = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(
      program,
      `import { writeFile } from ${JSON.stringify(new URL("write_file.ts", import.meta.url).href)};
       const error = await writeFile(Deno.args[0]!, Uint8Array.of(1)).catch((error) => error);
       console.log(JSON.stringify({ name: error?.name, kind: error?.kind, message: error?.message }));`,
    );
    const attempts = [
      { flags: [], says: "read access" },
      { flags: [`--allow-read=${folder}`], says: "write access" },
      { flags: [`--allow-read=${folder}`, `--allow-write=${folder}/a.bin`], says: "its folder" },
    ];
    for (const { flags, says } of attempts) {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--no-config", ...flags, program, `${folder}/a.bin`],
      }).output();
      const said = new TextDecoder().decode(stdout);
      assert(said !== "", new TextDecoder().decode(stderr));
      const error = JSON.parse(said);
      assertEquals([error.name, error.kind], ["FileError", "denied"]);
      assertStringIncludes(error.message, says);
      assertEquals(namesIn(folder), []);
    }
    await Deno.remove(program);
  }));

/** Pieces of a file, and an error at its end if there is one. */
async function* piecesOf(...pieces: (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece;
    yield await piece;
  }
}

type Files = (readonly [string, Uint8Array | AsyncIterable<Uint8Array>])[];

async function* filesOf(...files: Files): AsyncGenerator<Files[number]> {
  for (const file of files) yield await file;
}

Deno.test("a file in pieces, whole or not at all", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.bin`;
    await writeFile(path, piecesOf(BYTES, new Uint8Array(0), BYTES));
    assertEquals(await Deno.readFile(path), Uint8Array.of(1, 2, 3, 1, 2, 3));
    const fault = new TypeError("the source failed");
    const error = await assertRejects(() => writeFile(path, piecesOf(BYTES, fault)));
    assertEquals(error, fault); // as it is, and not as a fault of the disk
    assertEquals(await Deno.readFile(path), Uint8Array.of(1, 2, 3, 1, 2, 3));
    assertEquals(namesIn(folder), ["a.bin"]);
  }));

Deno.test("a folder is written whole: new, over an empty one, or over a full one if asked to", () =>
  inFolder(async (folder) => {
    const path = `${folder}/model`;
    const write = (options = {}) =>
      writeFolder(
        `${path}/`,
        filesOf(["a/b/c.bin", piecesOf(BYTES)], ["d.bin", BYTES], ["a/e.bin", BYTES]),
        options,
      );
    const check = async () => {
      assertEquals(namesIn(folder), ["model"]);
      assertEquals(namesIn(path), ["a", "d.bin"]);
      assertEquals(namesIn(`${path}/a`), ["b", "e.bin"]);
      assertEquals(await Deno.readFile(`${path}/a/b/c.bin`), BYTES);
    };
    await write();
    await check();
    const error = await assertRejects(write, FileError, "it has something in it already");
    assertEquals(error.kind, "not a file");
    await Deno.writeTextFile(`${path}/old`, "");
    await write({ replace: true });
    await check();
    await Deno.remove(path, { recursive: true });
    await Deno.mkdir(path);
    await write();
    await check();
  }));

Deno.test(
  "a link to a folder is followed",
  { ignore: Deno.build.os === "windows" },
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/far/empty`, { recursive: true });
      await Deno.symlink("far/empty", `${folder}/model`);
      await writeFolder(`${folder}/model`, filesOf(["a.bin", BYTES]));
      assert((await Deno.lstat(`${folder}/model`)).isSymlink);
      assertEquals(namesIn(`${folder}/far`), ["empty"]);
      assertEquals(await Deno.readFile(`${folder}/far/empty/a.bin`), BYTES);
    }),
);

Deno.test("of a folder that cannot be written whole nothing is left, and what was there stays", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/full`);
    await Deno.writeTextFile(`${folder}/full/old`, "old");
    await Deno.writeTextFile(`${folder}/plain`, "");
    const fault = new TypeError("the source failed");
    const cases: [path: string, files: Files, says: string][] = [
      ["new", [["a.bin", BYTES], ["b.bin", piecesOf(BYTES, fault)]], "the source failed"],
      ["full", [["a.bin", piecesOf(fault)]], "the source failed"],
      ["full", [["../a.bin", BYTES]], '".."'],
      ["new", [["a.bin", BYTES], ["a.bin", BYTES]], "Cannot write"],
      ["plain", [], "it is a file or a device"],
      ["none/new", [], "its folder does not exist"],
      ["plain/new", [], "no folder"],
    ];
    for (const [path, files, says] of cases) {
      const write = () => writeFolder(`${folder}/${path}`, filesOf(...files), { replace: true });
      const error = await assertRejects(write);
      assert(error instanceof Error);
      assertStringIncludes(error.message, says);
      assertEquals(namesIn(folder), ["full", "plain"], path);
      assertEquals(namesIn(`${folder}/full`), ["old"]);
    }
    await assertRejects(() => writeFolder("", filesOf()), FileError, "it names no folder");
  }));

Deno.test("nothing is made for a folder that cannot be written", () =>
  inFolder(async (folder) => {
    let asked = false;
    async function* files(): AsyncGenerator<readonly [string, Uint8Array]> {
      asked = true;
      yield await ["a.bin", BYTES];
    }
    await Deno.writeTextFile(`${folder}/old`, "");
    await assertRejects(() => writeFolder(folder, files()), FileError);
    assertEquals(asked, false);
  }));
