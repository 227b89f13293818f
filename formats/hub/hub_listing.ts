/**
 * What a model has at which commit: addresses and pages of the hub's interface by its own library.
 *
 * The library loads when it is first needed. Its transfers are not used: they neither resume nor verify.
 *
 * @module
 */
import { FileError } from "../file_source.ts";
import { checkHubFile, type HubFile, isHex } from "./hub_file.ts";
import type { HubId } from "./hub_id.ts";
import type { HubOptions } from "./hub_options.ts";
import type { HubServer } from "./hub_server.ts";
import { withRetries } from "./transient_error.ts";

/** The longest page of a file list, and far more than one of a thousand files has. */
const LARGEST_ANSWER = 2 ** 26;

/** No model has so many; a server could go on forever. */
const MOST_FILES = 100_000;

/** The hub puts a thousand on a page. */
const MOST_PAGES = 100;

/** What is asked about, of whom, and how patiently. */
export interface ListingRequest extends Pick<HubOptions, "patience" | "signal"> {
  /** The model. */
  readonly id: HubId;
  /** The hub. */
  readonly server: HubServer;
}

/**
 * The commit that a revision stands for now.
 *
 * @throws {FileError} If there is no such model or revision, it may not be read, or the hub fails.
 */
export async function resolveRevision(request: ListingRequest): Promise<string> {
  const { id, server } = request;
  const { modelInfo } = await import("@huggingface/hub");
  const action = `Cannot open ${id.text}`;
  const { sha } = await speaking(action, () =>
    modelInfo({
      name: id.name,
      revision: id.revision,
      additionalFields: ["sha"],
      hubUrl: server.endpoint,
      fetch: throughServer(action, request),
    }));
  if (isHex(sha, 40)) return sha;
  throw new FileError(`${action}: the hub names no commit`, { kind: "failed" });
}

/**
 * The files of a model at a commit.
 *
 * @throws {FileError} If the hub fails, or the list has what cannot be: a path that leads elsewhere is of kind `bad path`.
 */
export async function listHubFiles(commit: string, request: ListingRequest): Promise<HubFile[]> {
  const { id, server } = request;
  const { listFiles } = await import("@huggingface/hub");
  const action = `Cannot open ${id.text}`;
  const where = `the file list of ${id.text}`;
  const files: HubFile[] = [];
  const paths = new Set<string>();
  const entries = listFiles({
    repo: { type: "model", name: id.name },
    revision: commit,
    recursive: true,
    hubUrl: server.endpoint,
    fetch: throughServer(action, request),
  });
  await speaking(action, async () => {
    let seen = 0;
    for await (const { type, path, size, oid, lfs, xetHash } of entries) {
      if (++seen > MOST_FILES) fail(where, `it has more than ${MOST_FILES} entries`);
      if (type !== "file") continue;
      const whole = lfs === undefined ? { size } : { size: lfs.size, sha256: lfs.oid };
      const file = checkHubFile({ path, blobId: oid, xetHash, ...whole }, where);
      if (paths.has(file.path)) fail(where, `${JSON.stringify(file.path)} is in it twice`);
      paths.add(file.path);
      files.push(file);
    }
  });
  return files;
}

function fail(where: string, reason: string): never {
  throw new FileError(`Cannot use ${where}: ${reason}`, { kind: "failed" });
}

/** The library speaks of what it did not expect in errors of its own, or stumbles. */
async function speaking<T>(action: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof SyntaxError)) throw cause;
    throw new FileError(`${action}: the server does not answer as a hub does: ${cause.message}`, {
      kind: "failed",
      cause,
    });
  }
}

/**
 * A `fetch` for the library. It asks as transfers do: patiently, with the token for the endpoint only, in our words where
 * the answer is a refusal. The library follows the server's links to further pages, so they are held to the endpoint.
 */
function throughServer(action: string, { server, patience, signal }: ListingRequest): typeof fetch {
  const { origin } = new URL(server.endpoint);
  let pages = 0;
  const fault = (reason: string) =>
    new FileError(`${action}: the hub's answer ${reason}`, { kind: "failed" });
  return async (input) => {
    const url = input instanceof Request ? input.url : String(input);
    if (new URL(url).origin !== origin) throw fault("goes on at another server");
    if (++pages > MOST_PAGES) throw fault(`has more than ${MOST_PAGES} pages`);
    return await withRetries(async () => {
      await using answer = await server.ask(url, { action });
      const parts: Uint8Array<ArrayBuffer>[] = [];
      let length = 0;
      for await (const chunk of answer.chunks()) {
        length += chunk.length;
        if (length > LARGEST_ANSWER) {
          throw new FileError(
            `${action}: the hub's answer is longer than ${LARGEST_ANSWER} bytes`,
            {
              kind: "failed",
            },
          );
        }
        parts.push(new Uint8Array(chunk));
      }
      return new Response(new Blob(parts), { headers: answer.headers });
    }, { patience, signal });
  };
}
