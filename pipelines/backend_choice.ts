/**
 * Backends by name.
 *
 * @module
 */
import type { Backend } from "../backends/backend.ts";
import { referenceBackend } from "../backends/reference/backend.ts";

/** Names of backends; `auto` takes the fastest that works here. */
export const BACKENDS = ["auto", "reference"] as const;

/** A backend, or the name of one. */
export type BackendChoice = typeof BACKENDS[number] | Backend;

/** A backend was named that is not known, or that does not work here. */
export class BackendError extends Error {
  /** The name of this class. */
  override name = "BackendError";
}

/** Makes a backend by name; says whether the caller has to dispose it. */
export async function chooseBackend(
  choice: BackendChoice,
): Promise<{ readonly backend: Backend; readonly owned: boolean }> {
  if (typeof choice !== "string") return { backend: choice, owned: false };
  switch (choice) {
    case "auto":
    case "reference":
      return await Promise.resolve({ backend: referenceBackend(), owned: true });
    default:
      throw new BackendError(
        `Cannot use the backend ${JSON.stringify(choice)}: there are ${BACKENDS.join(", ")}`,
      );
  }
}
