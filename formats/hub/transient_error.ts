/**
 * Faults that may pass, and trying again.
 *
 * @module
 */
import { FileError } from "../file_source.ts";
import type { HubPatience } from "./hub_options.ts";

/** A server or the network failed in a way that may be over when asked again. */
export class TransientError extends FileError {
  /** Milliseconds that the server asks to wait. */
  readonly wait: number | undefined;

  /** The message says what happened, as that of any file error. */
  constructor(message: string, options: ErrorOptions & { readonly wait?: number } = {}) {
    super(message, { ...options, kind: "failed" });
    this.wait = options.wait;
  }
}

/** An attempt that brought so much is no failure: a large file may take many over a bad connection. */
const WORTHWHILE = 2 ** 20;

/** No server is waited for longer between two attempts. */
const LONGEST_PAUSE = 60_000;

/**
 * Runs something until it succeeds, fails for good, or has failed too often in a row.
 *
 * @param run Attempts it; throws a {@linkcode TransientError} if it is worth another attempt.
 * @param options `gained` gives the bytes that are there by now.
 */
export async function withRetries<T>(
  run: () => Promise<T>,
  { patience = {}, signal, gained = () => 0 }: {
    readonly patience?: HubPatience | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly gained?: () => number;
  },
): Promise<T> {
  const { attempts = 5, pause = 500 } = patience;
  // Only the most that was ever there counts, or a server that cuts and knows no ranges is asked forever.
  let most = gained();
  for (let failures = 1;; failures++) {
    try {
      return await run();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      if (gained() >= most + WORTHWHILE) {
        most = gained();
        failures = 1;
      }
      if (failures >= attempts) {
        throw new FileError(`${error.message} (${attempts} attempts)`, {
          kind: "failed",
          cause: error,
        });
      }
      const wait = Math.max(error.wait ?? 0, pause * 2 ** (failures - 1));
      await sleep(Math.min(wait, LONGEST_PAUSE), signal);
    }
  }
}

/** Waits, unless the signal says otherwise. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
