import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FileError } from "../file_source.ts";
import { download } from "./download.ts";
import {
  bytesOf,
  COMMIT,
  contentResponse,
  type FakeHub,
  filesBelow,
  noise,
  partOf,
  sha256,
  withHub,
} from "./fake_hub_test.ts";
import type { HubOptions } from "./hub_options.ts";
import { openHub } from "./open_hub.ts";

const LARGE = "unet/model.safetensors";
const SMALL = "unet/config.json";
const CONTENT = bytesOf(LARGE);
const BLOBS = "models--ada--model/blobs";
const PARTIAL = `${BLOBS}/${sha256(CONTENT)}.incomplete`;

async function read(path: string, options: HubOptions): Promise<Uint8Array> {
  return await (await openHub("hf:ada/model", options)).read(path);
}

/** Reading fails with such a message, and leaves these files. */
async function fails(
  path: string,
  { options, says, leaves = [] }: {
    readonly options: HubOptions;
    readonly says: string;
    readonly leaves?: readonly string[];
  },
): Promise<void> {
  const error = await assertRejects(() => read(path, options), FileError);
  assertEquals(error.kind, "failed");
  assertStringIncludes(error.message, `Cannot read ${path} of hf:ada/model: `);
  assertStringIncludes(error.message, says);
  assertEquals(filesBelow(options.cacheDir), leaves);
}

/** The ranges that the storage server was asked for. */
const ranges = (hub: FakeHub) =>
  hub.seen.filter(({ server }) => server === "storage").map(({ range }) => range);

/** Leaves the first bytes of a content as an earlier process would. */
async function leavePartial(cacheDir: string, bytes: Uint8Array): Promise<void> {
  await Deno.mkdir(`${cacheDir}/${BLOBS}`, { recursive: true });
  await Deno.writeFile(`${cacheDir}/${PARTIAL}`, bytes);
}

Deno.test("a cut connection is taken up where it was cut", () =>
  withHub(async (hub, options) => {
    let count = 0;
    hub.fault = ({ server, range }) =>
      server === "storage" && count++ < 2
        ? partOf(CONTENT, { range, count: 10_000, then: "cut" })
        : undefined;
    assertEquals(await read(LARGE, options), CONTENT);
    assertEquals(ranges(hub), [null, "bytes=10000-", "bytes=20000-"]);
  }));

Deno.test("what an earlier process left is gone on with, and checked with the rest", () =>
  withHub(async (hub, options) => {
    await leavePartial(options.cacheDir, CONTENT.subarray(0, 250_000));
    const loaded: number[] = [];
    const onProgress = (progress: { loaded: number }) => void loaded.push(progress.loaded);
    assertEquals(await read(LARGE, { ...options, onProgress }), CONTENT);
    assertEquals(ranges(hub), ["bytes=250000-"]);
    assertEquals(loaded, [250_000, 300_000]);
  }));

Deno.test("a complete file that was not named yet is only checked", () =>
  withHub(async (hub, options) => {
    await leavePartial(options.cacheDir, CONTENT);
    assertEquals(await read(LARGE, options), CONTENT);
    assertEquals(hub.transfers(), []);
  }));

Deno.test("a damaged or too long partial file is fetched anew", () =>
  withHub(async (hub, options) => {
    for (
      const [length, asked] of [
        [1000, ["bytes=1000-", null]],
        [300_000, [null]],
        [300_001, [null]],
      ] as const
    ) {
      hub.seen.length = 0;
      await leavePartial(options.cacheDir, noise(length, 9));
      assertEquals(await read(LARGE, options), CONTENT);
      assertEquals(ranges(hub), [...asked]);
      await Deno.remove(`${options.cacheDir}/models--ada--model`, { recursive: true });
    }
  }));

Deno.test("a server without ranges sends all once more", () =>
  withHub(async (hub, options) => {
    await leavePartial(options.cacheDir, CONTENT.subarray(0, 250_000));
    hub.fault = ({ server }) =>
      server === "storage" ? contentResponse(CONTENT, { range: null }) : undefined;
    assertEquals(await read(LARGE, options), CONTENT);
    assertEquals(ranges(hub), ["bytes=250000-"]);
  }));

Deno.test("a range that begins elsewhere, or none, is not taken for the one asked for", () =>
  withHub(async (hub, options) => {
    const wrong = [
      () => contentResponse(CONTENT, { range: "bytes=7-" }),
      () => new Response(null, { status: 416 }),
      () => new Response(CONTENT.subarray(250_000), { status: 206 }),
    ];
    for (const answer of wrong) {
      hub.seen.length = 0;
      hub.fault = ({ server, range }) =>
        server === "storage" && range !== null ? answer() : undefined;
      await leavePartial(options.cacheDir, CONTENT.subarray(0, 250_000));
      assertEquals(await read(LARGE, options), CONTENT);
      assertEquals(ranges(hub), ["bytes=250000-", null]);
      await Deno.remove(`${options.cacheDir}/models--ada--model`, { recursive: true });
    }
  }));

Deno.test("a server that cuts and has no ranges is given up, and what came is kept", () =>
  withHub(async (hub, options) => {
    hub.fault = ({ server }) =>
      server === "storage"
        ? partOf(CONTENT, { range: null, count: 10_000, then: "cut" })
        : undefined;
    await fails(LARGE, { options, says: "(3 attempts)", leaves: [PARTIAL] });
    assertEquals(ranges(hub).length, 3);
    assertEquals(
      await Deno.readFile(`${options.cacheDir}/${PARTIAL}`),
      CONTENT.slice(0, 10_000),
    );
  }));

Deno.test("wrong bytes are an error, and nothing of them stays", () =>
  withHub(async (hub, options) => {
    const lie = (bytes: Uint8Array<ArrayBuffer>) => {
      const other = bytes.slice();
      other[other.length - 1]! ^= 1;
      return contentResponse(other, { range: null });
    };
    hub.fault = ({ server, path }, bytes) =>
      server === "storage" || path.endsWith(SMALL) ? lie(bytes) : undefined;
    await fails(LARGE, { options, says: `but must have ${sha256(CONTENT)}` });
    await fails(SMALL, { options, says: "has the git hash" });
    // A lie is not asked for again; after a partial file of unknown descent, once.
    assertEquals(ranges(hub), [null]);
    await leavePartial(options.cacheDir, CONTENT.subarray(0, 10));
    await fails(LARGE, { options, says: "must have" });
    assertEquals(ranges(hub), [null, "bytes=10-", null]);
    hub.fault = () => undefined;
    assertEquals(await read(LARGE, options), CONTENT);
  }));

Deno.test("a wrong length is an error before or while the bytes come", () =>
  withHub(async (hub, options) => {
    const whole = (bytes: Uint8Array<ArrayBuffer>) => contentResponse(bytes, { range: null });
    const unsized = (bytes: Uint8Array<ArrayBuffer>) => new Response(new Blob([bytes]).stream());
    const longer = noise(300_001);
    for (
      const [answer, says] of [
        [() => whole(noise(7)), "the server sends 7 bytes, but lists 300000"],
        [() => whole(longer), "the server sends 300001 bytes, but lists 300000"],
        [() => unsized(longer), "sends more than the 300000 bytes"],
      ] as const
    ) {
      hub.fault = ({ server }) => server === "storage" ? answer() : undefined;
      await fails(LARGE, { options, says });
    }
    hub.fault = ({ server }) => server === "storage" ? unsized(noise(7)) : undefined;
    await fails(LARGE, { options, says: "ended after 7 of 300000 bytes", leaves: [PARTIAL] });
  }));

Deno.test("the hub's own answer must name the content that it lists", () =>
  withHub(async (hub, options) => {
    const location = `${hub.storage}/${sha256(CONTENT)}`;
    hub.fault = ({ path }) =>
      path.includes("/resolve/")
        ? new Response(null, { status: 302, headers: { location, "x-linked-etag": '"other"' } })
        : undefined;
    await fails(LARGE, { options, says: `has "other", but lists ${sha256(CONTENT)}` });
  }));

Deno.test("silence is an error, before and while the bytes come", () =>
  withHub(async (hub, options) => {
    await read(SMALL, options); // the list is in the cache then, and only transfers are hurried
    const hurried = { ...options, patience: { stall: 200, attempts: 2, pause: 1 } };
    const files = await openHub(`hf:ada/model@${COMMIT}`, hurried);
    const says = "no byte came for 0.2 s (2 attempts)";
    const size = () => Deno.stat(`${options.cacheDir}/${PARTIAL}`).then((file) => file.size);
    hub.fault = ({ server }) => server === "storage" ? new Promise(() => {}) : undefined;
    await assertRejects(() => files.read(LARGE), FileError, says);
    await assertRejects(size, Deno.errors.NotFound);
    hub.fault = ({ server, range }) =>
      server === "storage" ? partOf(CONTENT, { range, count: 1000, then: "silence" }) : undefined;
    await assertRejects(() => files.read(LARGE), FileError, says);
    assert(await size() > 0);
  }));

Deno.test("neither silence nor an abort needs a fetch that minds its signal to the end", () =>
  withHub(async (hub, options) => {
    await read(SMALL, options);
    const abort = new AbortController();
    const forgetful: typeof fetch = (input, { signal: _, ...init } = {}) => fetch(input, init);
    const hurried = {
      ...options,
      fetch: forgetful,
      signal: abort.signal,
      patience: { stall: 200, attempts: 1 },
    };
    const files = await openHub(`hf:ada/model@${COMMIT}`, hurried);
    hub.fault = ({ server, range }) =>
      server === "storage" ? partOf(CONTENT, { range, count: 1000, then: "silence" }) : undefined;
    await assertRejects(() => files.read(LARGE), FileError, "no byte came for 0.2 s");
    const reading = files.read(LARGE);
    while (ranges(hub).length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    abort.abort(new Error("enough"));
    await assertRejects(() => reading, Error, "enough");
  }));

Deno.test("an abort ends a transfer at once, and what came is gone on with", () => {
  const bytes = noise(2 ** 20 + 5000, 7);
  return withHub(async (hub, options) => {
    const abort = new AbortController();
    hub.fault = ({ server, range }) =>
      server === "storage"
        ? partOf(bytes, { range, count: 2 ** 20 + 1000, then: "silence" })
        : undefined;
    const watched = {
      ...options,
      signal: abort.signal,
      onProgress: ({ loaded }: { loaded: number }) => {
        if (loaded === 2 ** 20) abort.abort(new Error("enough"));
      },
    };
    const files = await openHub("hf:ada/model", watched);
    await assertRejects(() => files.read("a.bin"), Error, "enough");
    await assertRejects(() => files.read("a.bin"), Error, "enough");
    await assertRejects(() => openHub("hf:ada/model", watched), Error, "enough");
    const partial = `${BLOBS}/${sha256(bytes)}.incomplete`;
    assertEquals(filesBelow(options.cacheDir), [partial]);
    const { size } = await Deno.stat(`${options.cacheDir}/${partial}`);
    assert(size >= 2 ** 20);
    hub.fault = () => undefined;
    hub.seen.length = 0;
    assertEquals(await read("a.bin", options), bytes);
    assertEquals(ranges(hub), [`bytes=${size}-`]);
  }, [{ path: "a.bin", bytes, large: true }]);
});

Deno.test("large files never lie in memory whole", async () => {
  // Pieces of 1 MiB by an answer that is made while it is read.
  const total = 12 * 2 ** 20;
  const piece = noise(2 ** 20);
  let most = 0;
  const file = { path: "a", size: total, blobId: "0".repeat(40) };
  let sent = 0;
  let size = 0;
  const partial = {
    get size() {
      return size;
    },
    async *content() {},
    append(bytes: Uint8Array) {
      size += bytes.length;
      most = Math.max(most, sent - size);
      return Promise.resolve();
    },
    clear: () => Promise.resolve(void (size = 0)),
    complete: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const answer = {
    status: 200,
    headers: new Headers(),
    hubHeaders: new Headers(),
    async *chunks() {
      for (; sent < total; yield await Promise.resolve(piece)) sent += piece.length;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const server = { endpoint: "", ask: () => Promise.resolve(answer) };
  await assertRejects(
    () => download(partial, { file, url: "", server, action: "Cannot read a of b" }),
    FileError,
    "git hash",
  );
  assertEquals(sent, total);
  assert(most <= 2 ** 20, `${most} bytes waited`);
});
