/**
 * Names of models on the Hugging Face hub.
 *
 * @module
 */
import { FileError } from "../file_source.ts";

/** A model on the hub. */
export interface HubId {
  /** `owner/name`. */
  readonly name: string;
  /** A branch, a tag or a commit; `main` if none is said. */
  readonly revision: string;
  /** As it was given, for messages. */
  readonly text: string;
}

/** Letters, digits, `-`, `_` and `.`, the last two rules as the hub and huggingface_hub have them. */
const NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?$/;

/** What git allows in names of branches and tags (git-check-ref-format), less what no file name has. */
const REVISION_PART = /^[A-Za-z0-9_+][A-Za-z0-9._+-]*$/;

/** They come first in names of what is no model. */
const OTHER_KINDS = ["models", "datasets", "spaces", "kernels", "buckets"];

/**
 * Reads `hf:owner/name` or `hf:owner/name@revision`.
 *
 * Both parts become folders of the cache and parts of addresses, so nothing else than plain names gets through.
 *
 * @throws {FileError} Of kind `bad path` if it is no such name.
 *
 * @example
 * ```ts
 * import { parseHubId } from "./hub_id.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { name, revision } = parseHubId("hf:CompVis/ldm-text2im-large-256@refs/pr/3");
 * assertEquals([name, revision], ["CompVis/ldm-text2im-large-256", "refs/pr/3"]);
 * assertEquals(parseHubId("hf:CompVis/ldm-text2im-large-256").revision, "main");
 * ```
 */
export function parseHubId(text: string): HubId {
  const problem = problemOf(text);
  if (problem !== undefined) {
    throw new FileError(
      `Cannot open ${JSON.stringify(text.slice(0, 200))}: ${problem}; wanted is ` +
        "hf:owner/name or hf:owner/name@revision",
      { kind: "bad path" },
    );
  }
  const [name, revision] = split(text);
  return { name: name!, revision: revision ?? "main", text };
}

function split(text: string): readonly [string, string?] {
  const [name, ...revision] = text.slice("hf:".length).split("@");
  return revision.length === 0 ? [name!] : [name!, revision.join("@")];
}

function problemOf(text: string): string | undefined {
  if (!text.startsWith("hf:")) return "it does not begin with hf:";
  const [name, revision] = split(text);
  const parts = name.split("/");
  if (OTHER_KINDS.includes(parts[0]!)) return `${parts[0]} are not names of owners`;
  if (parts.length !== 2) return "an owner and a name are needed, with one slash between them";
  for (const part of parts) {
    if (!NAME.test(part) || part.includes("--") || part.includes("..") || part.endsWith(".git")) {
      return `${JSON.stringify(part)} cannot be a name on the hub`;
    }
  }
  if (name.length > 96) return "it is longer than 96 characters";
  if (revision !== undefined && !isRevision(revision)) return "its revision cannot be one of git's";
  return undefined;
}

function isRevision(text: string): boolean {
  return text.length <= 200 &&
    text.split("/").every((part) =>
      REVISION_PART.test(part) && !part.includes("..") && !/\.(lock)?$/.test(part)
    );
}
