/**
 * Files of a web server, read by byte ranges.
 *
 * @module
 */
import { checkPath, checkRange, FileError, type FileSource } from "./file_source.ts";

/** What a first request tells of a file. */
interface Probe {
  readonly size: number;
  /** The whole file, if the server sends nothing less. */
  readonly whole?: Uint8Array<ArrayBuffer>;
}

/**
 * The files below an `http:` or `https:` URL.
 *
 * Where the server does not serve ranges, a file is loaded whole when it is first read, and the
 * last such file is kept.
 *
 * @param base The folder's URL, with or without the last slash.
 * @param options Headers to send along, and the `fetch` to use instead of the global one.
 */
export function httpFiles(
  base: string | URL,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly fetch?: typeof fetch } =
    {},
): FileSource {
  const root = new URL(base);
  if (root.protocol !== "http:" && root.protocol !== "https:") {
    throw new TypeError(`Cannot fetch files of ${root.href}: it is not an http or https URL`);
  }
  if (!root.pathname.endsWith("/")) root.pathname += "/";
  const description = root.href;
  const send = options.fetch ?? fetch;
  const sizes = new Map<string, number>();
  let kept: { readonly path: string; readonly whole: Uint8Array<ArrayBuffer> } | undefined;

  function locate(path: string): URL {
    checkPath(path, description);
    const url = new URL(path.split("/").map(encodeURIComponent).join("/"), root);
    url.search = root.search; // a token may be in it
    return url;
  }

  function fault(path: string, reason: string, rest: FaultRest): FileError {
    const { kind, cause } = rest;
    return new FileError(`Cannot read ${path} of ${description}: ${reason}`, {
      kind,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  async function request(
    path: string,
    init: { method?: "HEAD"; range?: string },
  ): Promise<Response> {
    const headers = new Headers(options.headers);
    if (init.range !== undefined) {
      headers.set("range", init.range);
      // A range is one of the bytes as sent, so they must not be compressed. Browsers do this
      // themselves and ignore the line.
      headers.set("accept-encoding", "identity");
    }
    let response: Response;
    try {
      response = await send(locate(path), { method: init.method ?? "GET", headers });
    } catch (cause) {
      if (cause instanceof FileError) throw cause;
      const denied = cause instanceof Error && /^(NotCapable|PermissionDenied)$/.test(cause.name);
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw fault(path, reason, { kind: denied ? "denied" : "failed", cause });
    }
    const { status } = response;
    if (response.ok || (status === 416 && init.range !== undefined)) return response;
    await response.body?.cancel();
    if (status === 404 || status === 410) throw fault(path, "no such file", { kind: "missing" });
    throw fault(path, `the server answered ${status} ${response.statusText}`.trimEnd(), {
      kind: status === 401 || status === 403 ? "denied" : "failed",
    });
  }

  async function body(path: string, response: Response): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return new Uint8Array(await response.arrayBuffer());
    } catch (cause) {
      throw fault(path, "the connection broke", { kind: "failed", cause });
    }
  }

  /** Asks for the first byte: the answer says how long the file is, and if ranges are served. */
  async function probe(path: string): Promise<Probe> {
    if (kept?.path === path) return { size: kept.whole.length, whole: kept.whole };
    const known = sizes.get(path);
    if (known !== undefined) return { size: known };
    const response = await request(path, { range: "bytes=0-0" });
    if (response.status === 200) {
      const whole = await body(path, response);
      kept = { path, whole };
      return { size: whole.length, whole };
    }
    await response.body?.cancel();
    // An empty file has no first byte: 416, "bytes */0".
    const size = totalOf(response) ?? await sizeByHead(path);
    sizes.set(path, size);
    return { size };
  }

  /** Another origin's server may hide Content-Range from a page, but not Content-Length. */
  async function sizeByHead(path: string): Promise<number> {
    const response = await request(path, { method: "HEAD" });
    const length = Number(response.headers.get("content-length") ?? NaN);
    if (Number.isSafeInteger(length)) return length;
    throw fault(path, "the server does not say how long it is", { kind: "failed" });
  }

  return {
    description,
    size: async (path) => (await probe(path)).size,
    async read(path, start = 0, end) {
      const { size, whole } = await probe(path);
      const stop = end ?? size;
      checkRange(`${path} of ${description}`, { start, end: stop, size });
      if (whole !== undefined) return whole.slice(start, stop);
      if (start === stop) return new Uint8Array();
      const response = await request(path, { range: `bytes=${start}-${stop - 1}` });
      const total = totalOf(response);
      if (response.status !== 206 || (total !== undefined && total !== size)) {
        await response.body?.cancel();
        sizes.delete(path);
        throw fault(path, "it changed while it was being read", { kind: "failed" });
      }
      const bytes = await body(path, response);
      if (bytes.length !== stop - start) {
        const reason = `the server sent ${bytes.length} bytes instead of ${stop - start}`;
        throw fault(path, reason, { kind: "failed" });
      }
      return bytes;
    },
    async exists(path) {
      try {
        await probe(path);
        return true;
      } catch (error) {
        if (error instanceof FileError && error.kind === "missing") return false;
        throw error;
      }
    },
  };
}

interface FaultRest {
  readonly kind: FileError["kind"];
  readonly cause?: unknown;
}

/** The whole file's length from `bytes 0-0/1234`. */
function totalOf(response: Response): number | undefined {
  const found = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
  return found === undefined ? undefined : Number(found);
}
