import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  FileError,
  type FileErrorKind,
  type FileSource,
  folderFiles,
  httpFiles,
  locateFile,
  memoryFiles,
  openFiles,
  subfolder,
} from "./files.ts";

const CONTENT = "0123456789";

async function refuses(kind: FileErrorKind, run: () => Promise<unknown>): Promise<void> {
  const error = await assertRejects(run, FileError);
  assertEquals(error.kind, kind, error.message);
}

/** What every source does alike. */
async function behaves(files: FileSource): Promise<void> {
  const text = async (...range: [number?, number?]) =>
    new TextDecoder().decode(await files.read("a b/ü#%.txt", ...range));
  assertEquals(await files.size("a b/ü#%.txt"), 10);
  assertEquals(await files.exists("a b/ü#%.txt"), true);
  assertEquals(await files.exists("a b/none"), false);
  assertEquals(await files.exists("none/none"), false);
  assertEquals(await text(), CONTENT);
  assertEquals(await text(3), "3456789");
  assertEquals(await text(3, 5), "34");
  assertEquals(await text(10), "");
  assertEquals(await text(4, 4), "");
  assertEquals(await files.size("empty"), 0);
  assertEquals((await files.read("empty")).length, 0);
  await refuses("short", () => text(5, 11));
  await refuses("short", () => files.read("empty", 0, 1));
  await refuses("missing", () => files.read("none"));
  await refuses("missing", () => files.size("a b/none"));
  await assertRejects(() => text(5, 4), RangeError);
  await assertRejects(() => text(-1), RangeError);
  await assertRejects(() => text(0.5), RangeError);
  const bad = ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/", "..", "C:/x", "a\\b"];
  for (const path of [...bad, "a\0b", "https://example.com/x", "x://y"]) {
    await refuses("bad path", () => files.read(path));
    await refuses("bad path", () => files.size(path));
    await refuses("bad path", () => files.exists(path));
  }
  const first = await files.read("a b/ü#%.txt");
  first.fill(0);
  assertEquals(await text(), CONTENT);
}

Deno.test("files in memory", async () => {
  const files = memoryFiles(new Map([["a b/ü#%.txt", CONTENT], ["empty", ""]]));
  await behaves(files);
  await refuses("not a file", () => files.read("a b"));
  assertEquals(await files.list?.(""), ["a b", "empty"]);
  assertEquals(await files.list?.("a b"), ["ü#%.txt"]);
  const inner = subfolder(files, "a b");
  assertEquals((await inner.read("ü#%.txt", 1, 3)).length, 2);
  assertEquals(await inner.list?.(""), ["ü#%.txt"]);
  await refuses("bad path", () => inner.read("../empty"));
  assertThrows(() => subfolder(files, ".."), FileError);
});

Deno.test("files in a local folder, by path and by URL", async () => {
  const folder = await Deno.makeTempDir({ prefix: "de noise%" });
  try {
    await Deno.mkdir(`${folder}/a b`);
    await Deno.writeTextFile(`${folder}/a b/ü#%.txt`, CONTENT);
    await Deno.writeTextFile(`${folder}/empty`, "");
    const url = new URL(`file://${encodeURI(folder)}`);
    for (const where of [folder, `${folder}//`, url, url.href, new URL(`${url.href}/`)]) {
      const files = openFiles(where);
      await behaves(files);
      await refuses("not a file", () => files.read("a b"));
      await refuses("missing", () => files.read("empty/x"));
      assertEquals(await files.exists("a b"), false);
      assertEquals(await files.list?.(""), ["a b", "empty"]);
      assertEquals(await files.list?.("a b"), ["ü#%.txt"]);
    }
    const located = locateFile(`${folder}/a b/ü#%.txt`);
    assertEquals([located.path, await located.files.size(located.path)], ["ü#%.txt", 10]);
    const byUrl = locateFile(new URL(`${url.href}/a%20b/%C3%BC%23%25.txt`));
    assertEquals([byUrl.path, await byUrl.files.size(byUrl.path)], ["ü#%.txt", 10]);
    assertEquals(locateFile("model.safetensors").files.description, ".");
    assertEquals(locateFile("/model.safetensors").files.description, "/");
    assertThrows(() => locateFile(`${folder}/`), FileError, "the name of a folder");
    await refuses("missing", () => folderFiles(`${folder}/none`).read("x"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test(
  "a pipe is refused, not waited for",
  { ignore: Deno.build.os === "windows" },
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
      await refuses("not a file", () => folderFiles(folder).read("pipe"));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("without permission to read, the error is of kind denied", async () => {
  const script = `
    import { folderFiles } from ${JSON.stringify(new URL("./files.ts", import.meta.url).href)};
    const kinds = [];
    for (const method of ["read", "size", "exists"]) {
      await folderFiles("/etc")[method]("passwd").catch((error) => kinds.push(error.kind));
    }
    console.log(kinds.join());`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-config", "--no-lock", "--no-check", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { stdout } = await child.output();
  assertEquals(new TextDecoder().decode(stdout).trim(), "denied,denied,denied");
});

/** A server as far as `fetch` sees it. */
function server(
  options: { readonly ranges?: boolean; readonly hidden?: boolean; readonly base?: string } = {},
): { fetch: typeof fetch; log: string[] } {
  const { ranges = true, hidden = false, base = "/models/x y/" } = options;
  const log: string[] = [];
  const contents = new Map([["a b/ü#%.txt", CONTENT], ["empty", ""]]);
  const answer = (input: string | URL | Request, init?: RequestInit): Response => {
    const url = new URL(input instanceof Request ? input.url : input);
    const path = decodeURIComponent(url.pathname);
    const range = new Headers(init?.headers).get("range");
    log.push(`${init?.method} ${range ?? "all"}`);
    if (path.includes("secret")) return new Response("", { status: 403 });
    if (path.includes("broken")) return new Response("", { status: 500 });
    if (path.includes("offline")) throw new TypeError("dns error");
    const content = path.startsWith(base) ? contents.get(path.slice(base.length)) : undefined;
    if (content === undefined) return new Response("", { status: 404 });
    const body = new TextEncoder().encode(content);
    const headers = new Headers({ "content-length": String(body.length) });
    if (init?.method === "HEAD") return new Response(null, { headers });
    const found = /^bytes=(\d+)-(\d+)$/.exec(range ?? "");
    if (!ranges || found === null) return new Response(body, { headers });
    const [start, end] = [Number(found[1]), Number(found[2])];
    if (!hidden) headers.set("content-range", `bytes ${start}-${end}/${body.length}`);
    if (start >= body.length) {
      if (!hidden) headers.set("content-range", `bytes */${body.length}`);
      return new Response(null, { status: 416, headers });
    }
    return new Response(body.slice(start, end + 1), { status: 206, headers });
  };
  return {
    log,
    fetch: (input, init) => {
      try {
        return Promise.resolve(answer(input, init));
      } catch (error) {
        return Promise.reject(error);
      }
    },
  };
}

Deno.test("files of a server with ranges, without, and with hidden headers", async () => {
  for (const options of [{}, { ranges: false }, { hidden: true }]) {
    const { fetch } = server(options);
    await behaves(httpFiles("https://example.com/models/x y?token=1", { fetch }));
    await behaves(httpFiles(new URL("https://example.com/models/x%20y/"), { fetch }));
  }
});

Deno.test("a server with ranges is asked for no more than is needed", async () => {
  const { fetch, log } = server();
  const files = httpFiles("https://example.com/models/x y/", { fetch });
  await files.read("a b/ü#%.txt", 2, 4);
  await files.size("a b/ü#%.txt");
  await files.read("a b/ü#%.txt", 4, 6);
  assertEquals(log, ["GET bytes=0-0", "GET bytes=2-3", "GET bytes=4-5"]);
});

Deno.test("what a server answers becomes the error's kind", async () => {
  const { fetch } = server({ base: "/" });
  const files = httpFiles("https://example.com", { fetch });
  await refuses("denied", () => files.read("secret"));
  await refuses("denied", () => files.exists("secret"));
  await refuses("failed", () => files.read("broken"));
  await refuses("failed", () => files.read("offline"));
  await refuses("failed", () => files.exists("offline"));
  assertThrows(() => httpFiles("ftp://example.com"), TypeError);
});

Deno.test("a file that changes on the server is not mixed", async () => {
  let content = "0123456789";
  const files = httpFiles("https://example.com", {
    fetch: (_, init) => {
      const range = new Headers(init?.headers).get("range")!;
      const [start, end] = range.slice(6).split("-").map(Number) as [number, number];
      const headers = { "content-range": `bytes ${start}-${end}/${content.length}` };
      const body = content.slice(start, end + 1);
      return Promise.resolve(new Response(body, { status: 206, headers }));
    },
  });
  assertEquals((await files.read("a", 0, 5)).length, 5);
  content = "abc";
  await refuses("failed", () => files.read("a", 0, 2));
  assertEquals(await files.size("a"), 3);
});

Deno.test("the message says which file, where and why", async () => {
  const error = await assertRejects(() => folderFiles("/no/such").read("unet/config.json"));
  assert(error instanceof FileError);
  assertEquals(error.message, "Cannot read unet/config.json of /no/such: no such file");
});
