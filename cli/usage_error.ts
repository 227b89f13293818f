/**
 * The command line was wrong.
 *
 * @module
 */

/** The command line was wrong: an unknown name, a missing or impossible value. The exit code is 2. */
export class UsageError extends Error {
  /** The class's name. */
  override name = "UsageError";
}
