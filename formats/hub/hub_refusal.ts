/**
 * What a hub's refusal means, and what a user can do.
 *
 * @module
 */
import { FileError, type FileErrorKind } from "../file_source.ts";
import { TransientError } from "./transient_error.ts";

/** What was asked, and by whom. */
export interface Asked {
  /** `Cannot read unet/config.json of hf:owner/name`. */
  readonly action: string;
  /** The model's page. */
  readonly page: string;
  /** Whether a token was sent. */
  readonly authorized: boolean;
  /** Whether it is the hub that answered, rather than a server it pointed to. */
  readonly byHub: boolean;
}

const TOKEN = "give a token (the command takes it from HF_TOKEN)";

/**
 * The error for an answer that is none.
 *
 * The hub says what it means in `X-Error-Code`; to who may not know that a model exists it says 401.
 */
export function refusal(answer: Pick<Response, "status" | "headers">, asked: Asked): FileError {
  const { status, headers } = answer;
  const { action, page, authorized, byHub } = asked;
  const fault = (kind: FileErrorKind, reason: string) =>
    new FileError(`${action}: ${reason}`, { kind });
  if (status === 408 || status === 429 || status >= 500) {
    const advice = status === 429 && byHub && !authorized ? `; to be let more, ${TOKEN}` : "";
    const wait = secondsOf(headers.get("retry-after")) * 1000;
    return new TransientError(`${action}: the server answered ${named(status)}${advice}`, { wait });
  }
  if (!byHub) {
    // A signed address that has expired: the hub gives a new one.
    if (status === 401 || status === 403) {
      return new TransientError(`${action}: the storage server answered ${named(status)}`);
    }
    return fault("failed", `the storage server answered ${named(status)}`);
  }
  const code = headers.get("x-error-code");
  if (code === "GatedRepo") {
    return fault(
      "denied",
      authorized
        ? `it is gated, and the token's account has no access: ask for it at ${page}`
        : `it is gated: accept its terms at ${page} and ${TOKEN}`,
    );
  }
  if (code === "RevisionNotFound") return fault("missing", "it has no such revision");
  if (code === "EntryNotFound") return fault("missing", "no such file");
  if (status === 401) {
    return authorized && code !== "RepoNotFound"
      ? fault("denied", "the hub does not accept the token: it is wrong or has expired")
      : fault("denied", `there is no such model, or it is private: check the name, or ${TOKEN}`);
  }
  if (status === 403) {
    return fault(
      "denied",
      authorized ? `the token may not read it: see ${page}` : `it may not be read: ${TOKEN}`,
    );
  }
  if (status === 404 || status === 410) {
    const seen = authorized ? ", or the token may not see it" : "";
    return fault("missing", `there is no such model or file${seen}`);
  }
  return fault("failed", `the server answered ${named(status)}`);
}

/** Reason phrases are the server's own text, and HTTP/2 has none. */
function named(status: number): string {
  const names: Readonly<Record<number, string>> = {
    408: "timeout",
    429: "too many requests",
    500: "internal error",
    502: "bad gateway",
    503: "unavailable",
    504: "gateway timeout",
  };
  return names[status] === undefined ? `${status}` : `${status} (${names[status]})`;
}

function secondsOf(text: string | null): number {
  const seconds = Number(text ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
}
