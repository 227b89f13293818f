/**
 * Ctrl-C.
 *
 * @module
 */
import { EXIT } from "./command.ts";

/** Somebody pressed Ctrl-C. */
export class InterruptedError extends Error {
  /** The class's name. */
  override name = "InterruptedError";
}

/**
 * Runs something that stops at a signal when somebody presses Ctrl-C. A second time ends the process at once.
 *
 * @throws {InterruptedError} If it was stopped.
 */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onInterrupt = (): void => {
    if (controller.signal.aborted) Deno.exit(EXIT.interrupted);
    controller.abort(new InterruptedError("interrupted; nothing was written"));
  };
  Deno.addSignalListener("SIGINT", onInterrupt);
  try {
    return await run(controller.signal);
  } finally {
    Deno.removeSignalListener("SIGINT", onInterrupt);
  }
}
