/**
 * Asks a hub: authorization, redirections, and connections that say nothing more.
 *
 * @module
 */
import { FileError } from "../file_source.ts";
import type { HubId } from "./hub_id.ts";
import type { HubOptions } from "./hub_options.ts";
import { refusal } from "./hub_refusal.ts";
import { TransientError } from "./transient_error.ts";

/** An answer whose bytes are still to come. It has to be disposed of. */
export interface Answer extends AsyncDisposable {
  /** 200, 206, or 416 if a range was asked for. */
  readonly status: number;
  /** Of the server that sends the bytes. */
  readonly headers: Headers;
  /** Of the hub, before it pointed elsewhere. */
  readonly hubHeaders: Headers;
  /** The bytes. Throws a {@linkcode TransientError} if the connection breaks or stalls. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/** A hub. */
export interface HubServer {
  /** Its address, without a slash at its end. */
  readonly endpoint: string;
  /**
   * Asks once.
   *
   * @param url An address of the hub.
   * @param question What the answer is for, `Cannot read … of …`, and the bytes wanted if not all.
   * @throws {FileError} If the answer is a refusal; a {@linkcode TransientError} if it may be another one next time.
   */
  ask(url: string, question: Question): Promise<Answer>;
}

/** What an answer is for. */
export interface Question {
  /** `Cannot read unet/config.json of hf:owner/name`. */
  readonly action: string;
  /** The first byte wanted, of a file's bytes as they are. Without it, the answer may come compressed. */
  readonly start?: number;
}

/** The hub itself needs one, and mirrors another one before it. */
const MOST_REDIRECTIONS = 5;

/**
 * A hub by its address.
 *
 * The token goes to the endpoint's origin only. Redirections are followed here: the hub points to signed addresses of other
 * servers, and its own answer before that has headers that are wanted.
 *
 * @throws {FileError} Of kind `bad path` if the endpoint is no address, `denied` if the token cannot be one.
 */
export function hubServer({ name }: HubId, options: HubOptions): HubServer {
  const { token, signal, patience: { stall = 30_000 } = {} } = options;
  const send = options.fetch ?? fetch;
  const home = endpointOf(options.endpoint ?? "https://huggingface.co");
  const endpoint = home.href.replace(/\/+$/, "");
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new FileError("Cannot use the token: it has characters that no token has", {
      kind: "denied",
    });
  }

  async function ask(url: string, { action, start }: Question): Promise<Answer> {
    signal?.throwIfAborted();
    const ranged = start !== undefined && start > 0;
    const watch = watchdog(signal, stall);
    try {
      let place = new URL(url);
      let byHub = place.origin === home.origin;
      let hubHeaders: Headers | undefined;
      for (let hop = 0;; hop++) {
        const headers = new Headers();
        if (start !== undefined) headers.set("accept-encoding", "identity");
        if (ranged) headers.set("range", `bytes=${start}-`);
        if (byHub && token !== undefined) headers.set("authorization", `Bearer ${token}`);
        watch.start();
        const response = await send(place, { headers, redirect: "manual", signal: watch.signal });
        watch.stop();
        hubHeaders ??= response.headers;
        if (response.ok || (response.status === 416 && ranged)) {
          return answerOf(response, { hubHeaders, watch, translate });
        }
        await response.body?.cancel();
        if (![301, 302, 303, 307, 308].includes(response.status)) {
          const page = `${endpoint}/${name}`;
          throw refusal(response, { action, page, authorized: token !== undefined, byHub });
        }
        place = nextPlace(response, place, { hop, action });
        byHub &&= place.origin === home.origin; // who was sent away does not come back with the token
      }
    } catch (error) {
      watch.end();
      throw translate(error);
    }

    function translate(cause: unknown): unknown {
      if (signal?.aborted) return signal.reason;
      if (cause instanceof FileError || !(cause instanceof Error)) return cause;
      if (/^(NotCapable|PermissionDenied)$/.test(cause.name)) {
        return new FileError(`${action}: ${cause.message}`, { kind: "denied", cause });
      }
      const reason = watch.signal.aborted
        ? `no byte came for ${stall / 1000} s`
        : `the connection failed: ${cause.message}`;
      return new TransientError(`${action}: ${reason}`, { cause });
    }
  }

  return { endpoint, ask };
}

function endpointOf(place: string | URL): URL {
  const url = URL.canParse(place) ? new URL(place) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search + url.hash === "") {
    return url;
  }
  throw new FileError(
    `Cannot ask the hub ${JSON.stringify(String(place).slice(0, 200))}: wanted is an address as ` +
      "https://huggingface.co",
    { kind: "bad path" },
  );
}

function nextPlace(
  response: Response,
  from: URL,
  { hop, action }: { readonly hop: number; readonly action: string },
): URL {
  const location = response.headers.get("location") ?? "";
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  const problem = next === undefined || !/^https?:$/.test(next.protocol)
    ? "points to no address"
    : hop >= MOST_REDIRECTIONS
    ? "points on and on"
    : from.protocol === "https:" && next.protocol === "http:"
    ? "points to a server without encryption"
    : undefined;
  if (problem === undefined) return next!;
  throw new FileError(`${action}: the server ${problem}`, { kind: "failed" });
}

interface Watch {
  readonly signal: AbortSignal;
  start(): void;
  stop(): void;
  end(): void;
}

/** A signal that aborts with another one, or when too much time passes between `start` and `stop`. */
function watchdog(outer: AbortSignal | undefined, milliseconds: number): Watch {
  const controller = new AbortController();
  const onAbort = () => controller.abort(outer?.reason);
  outer?.addEventListener("abort", onAbort, { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => clearTimeout(timer);
  return {
    signal: controller.signal,
    start() {
      stop();
      timer = setTimeout(() => controller.abort(), milliseconds);
    },
    stop,
    end() {
      stop();
      outer?.removeEventListener("abort", onAbort);
    },
  };
}

function answerOf(
  response: Response,
  { hubHeaders, watch, translate }: {
    readonly hubHeaders: Headers;
    readonly watch: Watch;
    readonly translate: (cause: unknown) => unknown;
  },
): Answer {
  const { status, headers, body } = response;
  const reader = body?.getReader();
  const { signal } = watch;
  // Deno's fetch holds its signal weakly once it has answered: after a garbage collection it would not hear of an abort.
  const onAbort = () => void reader?.cancel().catch(() => {});
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    status,
    headers,
    hubHeaders,
    async *chunks() {
      while (reader !== undefined) {
        watch.start();
        const { done, value } = await reader.read().catch((cause) => {
          throw translate(cause);
        });
        watch.stop(); // what is done with the bytes takes its own time
        if (signal.aborted) throw translate(signal.reason);
        if (done) return;
        yield value;
      }
    },
    async [Symbol.asyncDispose]() {
      watch.end();
      signal.removeEventListener("abort", onAbort);
      await reader?.cancel().catch(() => {});
    },
  };
}
