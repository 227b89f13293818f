/**
 * What `denoise info` tells.
 *
 * @module
 */

/** The same for programs and for people. */
export interface Report {
  /** For programs. */
  readonly json: Readonly<Record<string, unknown>>;
  /** For people. */
  readonly lines: readonly string[];
}
