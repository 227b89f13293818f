/**
 * A hub and its storage server, on two ports of this machine, with faults to order.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { HubOptions } from "./hub_options.ts";

/** The commit that `main` is. */
export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** A file of the fake model. Large ones lie on the storage server. */
export interface FakeFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly large: boolean;
}

/** A request as a server saw it. */
export interface Seen {
  readonly server: "hub" | "storage";
  readonly path: string;
  readonly authorization: string | null;
  readonly range: string | null;
}

/** Answers in place of a server; nothing to let it answer. `bytes` are those of the file asked for. */
export type Fault = (
  seen: Seen,
  bytes: Uint8Array<ArrayBuffer>,
) => Response | undefined | Promise<Response | undefined>;

/** A hub that runs. */
export interface FakeHub extends AsyncDisposable {
  readonly endpoint: string;
  readonly storage: string;
  readonly seen: Seen[];
  /** Its file list, to be lied in. */
  list: Record<string, unknown>[];
  fault: Fault;
  /** Requests for contents. */
  readonly transfers: () => Seen[];
}

/** Bytes that are told apart at any place. */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1103515245) + 12345 >>> 0;
    return state >>> 16;
  });
}

/** git's name of a content. */
export function gitHash(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** The SHA-256 of a content. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The model that the tests read. */
export const FILES: readonly FakeFile[] = [
  { path: "model_index.json", bytes: new TextEncoder().encode("{}"), large: false },
  { path: "unet/config.json", bytes: noise(3000), large: false },
  { path: "unet/model.safetensors", bytes: noise(300_000, 2), large: true },
  { path: "unet/ü #%.bin", bytes: noise(1000, 3), large: true },
  { path: "empty.txt", bytes: new Uint8Array(0), large: false },
];

/** The bytes of a file of the model. */
export function bytesOf(path: string): Uint8Array<ArrayBuffer> {
  return FILES.find((file) => file.path === path)!.bytes;
}

/** An entry of the hub's file list. */
function entryOf({ path, bytes, large }: FakeFile): Record<string, unknown> {
  const plain = { type: "file", path, size: bytes.length, oid: gitHash(bytes) };
  if (!large) return plain;
  const lfs = { oid: sha256(bytes), size: bytes.length, pointerSize: 131 };
  return { ...plain, oid: gitHash(bytes.subarray(0, 9)), lfs, xetHash: sha256(bytes.subarray(1)) };
}

/** A content, or the part of it that is asked for. */
export function contentResponse(
  bytes: Uint8Array<ArrayBuffer>,
  { range, headers = {} }: { range: string | null; headers?: Record<string, string> },
): Response {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? NaN);
  if (Number.isNaN(start)) return new Response(bytes, { headers });
  if (start >= bytes.length) return new Response(null, { status: 416 });
  const last = bytes.length - 1;
  return new Response(bytes.subarray(start), {
    status: 206,
    headers: { ...headers, "content-range": `bytes ${start}-${last}/${bytes.length}` },
  });
}

/** Sends so many bytes of a content (few: they have to fit into the system's buffers), and then breaks the connection, or goes silent. */
export function partOf(
  bytes: Uint8Array<ArrayBuffer>,
  { range, count, then }: { range: string | null; count: number; then: "cut" | "silence" },
): Response {
  const whole = contentResponse(bytes, { range });
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  let sent = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      if (!sent && count > 0) controller.enqueue(bytes.slice(start, start + count));
      else if (then === "cut") {
        await new Promise((resolve) => setTimeout(resolve, 20)); // or what was sent goes with it
        controller.error(new Error("cut"));
      } else await new Promise(() => {});
      sent = true;
    },
  }, { highWaterMark: 0 });
  return new Response(body, { status: whole.status, headers: whole.headers });
}

/** Starts both servers. */
export function fakeHub(files: readonly FakeFile[]): FakeHub {
  const seen: Seen[] = [];
  const note = (server: Seen["server"], { url, headers }: Request): Seen => {
    const path = decodeURIComponent(new URL(url).pathname);
    const [authorization, range] = [headers.get("authorization"), headers.get("range")];
    seen.push({ server, path, authorization, range });
    return seen.at(-1)!;
  };
  const end = new AbortController(); // a shutdown would wait for answers that never come
  /** What an answer that never comes is at the end: a server that has one left would not finish. */
  const ended = new Promise<Response>((resolve) => {
    end.signal.addEventListener("abort", () => resolve(new Response("", { status: 503 })));
  });
  const serve = (answer: (request: Request) => Response | Promise<Response>) =>
    Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      signal: end.signal,
      onListen: () => {},
      onError: () => new Response("", { status: 500 }),
    }, (request) => Promise.race([answer(request), ended]));
  const missing = (code: string) =>
    new Response("{}", { status: 404, headers: { "x-error-code": code } });

  const storage = serve(async (request) => {
    const asked = note("storage", request);
    const file = files.find(({ bytes }) => asked.path === `/${sha256(bytes)}`);
    if (file === undefined) return missing("none");
    return await hub.fault(asked, file.bytes) ?? contentResponse(file.bytes, asked);
  });
  const storagePlace = `http://127.0.0.1:${storage.addr.port}`;

  const server = serve(async (request) => {
    const asked = note("hub", request);
    const path = /^\/ada\/model\/resolve\/\w+\/(.*)$/.exec(asked.path)?.[1];
    const file = files.find((one) => one.path === path);
    const fault = await hub.fault(asked, file?.bytes ?? new Uint8Array(0));
    if (fault !== undefined) return fault;
    if (/^\/api\/models\/ada\/model\/revision\/(main|v1)$/.test(asked.path)) {
      return Response.json({ _id: "1", id: "ada/model", sha: COMMIT });
    }
    if (asked.path.startsWith("/api/models/ada/model/revision/")) {
      return missing("RevisionNotFound");
    }
    if (asked.path === `/api/models/ada/model/tree/${COMMIT}`) return Response.json(hub.list);
    if (path === undefined) return missing("RepoNotFound");
    if (file === undefined) return missing("EntryNotFound");
    if (!file.large) return contentResponse(file.bytes, asked);
    return new Response(null, {
      status: 302,
      headers: {
        location: `${storagePlace}/${sha256(file.bytes)}`,
        "x-linked-etag": `"${sha256(file.bytes)}"`,
      },
    });
  });
  const hub: FakeHub = {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    storage: storagePlace,
    seen,
    list: [{ type: "directory", path: "unet", size: 0, oid: "1" }, ...files.map(entryOf)],
    fault: () => undefined,
    transfers: () =>
      seen.filter(({ server, path }) => server === "storage" || path.includes("/resolve/")),
    async [Symbol.asyncDispose]() {
      end.abort();
      await Promise.all([server.finished, storage.finished]);
    },
  };
  return hub;
}

/** Runs something with a hub and an empty cache, both of which go away. */
export async function withHub(
  run: (hub: FakeHub, options: HubOptions) => Promise<void>,
  files: readonly FakeFile[] = FILES,
): Promise<void> {
  const cacheDir = await Deno.makeTempDir();
  try {
    await using hub = fakeHub(files);
    const patience = { stall: 5000, attempts: 3, pause: 1 };
    await run(hub, { cacheDir, endpoint: hub.endpoint, patience });
  } finally {
    await Deno.remove(cacheDir, { recursive: true });
  }
}

/** Every file below a folder but locks. */
export function filesBelow(folder: string, inner = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${inner}`)].flatMap(({ name, isDirectory }) =>
    name === ".locks"
      ? []
      : isDirectory
      ? filesBelow(folder, `${inner}${name}/`)
      : [`${inner}${name}`]
  ).sort();
}
