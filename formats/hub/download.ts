/**
 * Fetches a file: goes on where an earlier attempt ended, and believes nothing but the hash.
 *
 * @module
 */
import { FileError } from "../file_source.ts";
import type { PartialFile } from "./cache_disk.ts";
import { type ContentHash, contentHash } from "./content_hash.ts";
import type { HubFile } from "./hub_file.ts";
import type { HubOptions } from "./hub_options.ts";
import type { Answer, HubServer } from "./hub_server.ts";
import { TransientError, withRetries } from "./transient_error.ts";

/** Bytes that are gathered before they are written: servers send some kilobytes at a time. */
const WRITTEN_AT_ONCE = 2 ** 20;

/** What to fetch, and from where. */
export interface Download extends Pick<HubOptions, "patience" | "signal" | "onProgress"> {
  /** Size and hash that it has to have. */
  readonly file: HubFile;
  /** Its address on the hub. */
  readonly url: string;
  /** The hub. */
  readonly server: HubServer;
  /** `Cannot read unet/config.json of hf:owner/name`. */
  readonly action: string;
}

/**
 * Fetches a file's bytes, and leaves them complete and verified in the partial file.
 *
 * Ranges need no `If-Range`: the address names a commit, and the hash is of the whole.
 *
 * @throws {FileError} If the server refuses, fails too often, or sends what the file list does not say. In the last case the
 * partial file is empty then; otherwise it has what arrived.
 */
export async function download(partial: PartialFile, request: Download): Promise<void> {
  const { file, action } = request;
  if (partial.size > file.size) await partial.clear();
  const resumed = partial.size > 0;
  const hash = await receive(partial, request);
  const found = hash.digest();
  if (found === hash.wanted) return;
  await partial.clear();
  // What an earlier process left may have been damaged since; what is new may not.
  if (resumed) return await download(partial, request);
  throw new FileError(
    `${action}: what the server sent has the ${hash.name} ${found}, but must have ${hash.wanted}; nothing of it is kept`,
    { kind: "failed" },
  );
}

/** Fills the partial file up to the file's size. Gives the hash of what is in it. */
async function receive(partial: PartialFile, request: Download): Promise<ContentHash> {
  const { file, url, server, action, patience, signal } = request;
  let hash = await contentHash(file);
  for await (const piece of partial.content()) {
    signal?.throwIfAborted();
    hash.update(piece);
  }
  let ranges = true;
  const restart = async () => {
    await partial.clear();
    hash = await contentHash(file);
  };
  report(partial, request);
  await withRetries(async () => {
    if (partial.size > 0 && !ranges) await restart();
    if (partial.size === file.size) return;
    await using answer = await server.ask(url, { action, start: partial.size });
    const problem = contradiction(answer, { file, start: partial.size });
    if (problem !== undefined) {
      await partial.clear();
      throw new FileError(`${action}: ${problem}`, { kind: "failed" });
    }
    if (partial.size > 0 && !continues(answer, { file, start: partial.size })) {
      ranges = false;
      if (answer.status !== 200) throw new TransientError(`${action}: the server has no ranges`);
      await restart();
    }
    await write(partial, { answer, hash, request });
  }, { patience, signal, gained: () => partial.size });
  return hash;
}

/** Writes what an answer brings. What has arrived is on the disk when this throws. */
async function write(
  partial: PartialFile,
  { answer, hash, request }: {
    readonly answer: Answer;
    readonly hash: ContentHash;
    readonly request: Download;
  },
): Promise<void> {
  const { file, action } = request;
  const gathered = new Uint8Array(WRITTEN_AT_ONCE);
  let count = 0;
  const flush = async () => {
    const bytes = gathered.subarray(0, count);
    count = 0;
    await partial.append(bytes);
    hash.update(bytes);
    report(partial, request);
  };
  try {
    for await (const chunk of answer.chunks()) {
      if (partial.size + count + chunk.length > file.size) {
        count = 0;
        await partial.clear();
        throw new FileError(`${action}: the server sends more than the ${file.size} bytes it has`, {
          kind: "failed",
        });
      }
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + gathered.length - count);
        gathered.set(part, count);
        count += part.length;
        at += part.length;
        if (count === gathered.length) await flush();
      }
    }
  } finally {
    if (count > 0) await flush();
  }
  if (partial.size < file.size) {
    throw new TransientError(
      `${action}: the connection ended after ${partial.size} of ${file.size} bytes`,
    );
  }
}

/** Whether the answer's bytes begin where they should. */
function continues(
  { status, headers }: Answer,
  { file, start }: { readonly file: HubFile; readonly start: number },
): boolean {
  const range = headers.get("content-range") ?? "";
  return status === 206 && range === `bytes ${start}-${file.size - 1}/${file.size}`;
}

/** What shows before the first byte that the server has something else than its file list says. */
function contradiction(
  { status, headers, hubHeaders }: Answer,
  { file, start }: { readonly file: HubFile; readonly start: number },
): string | undefined {
  const linked = hubHeaders.get("x-linked-etag")?.replace(/^(?:W\/)?"(.*)"$/, "$1");
  if (file.sha256 !== undefined && linked !== undefined && linked !== file.sha256) {
    return `the hub has ${JSON.stringify(linked.slice(0, 64))}, but lists ${file.sha256}`;
  }
  // Runtimes leave alone what came compressed without being asked for.
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") return "the server compresses it, which it was asked not to do";
  const length = Number(headers.get("content-length") ?? file.size);
  if (start === 0 && status === 200 && length !== file.size) {
    return `the server sends ${length} bytes, but lists ${file.size}`;
  }
  return undefined;
}

function report(partial: PartialFile, { file, onProgress }: Download): void {
  onProgress?.({ path: file.path, loaded: partial.size, total: file.size });
}
