/**
 * Cases that nothing here can run yet.
 *
 * @module
 */

/** A case asks for something that is not built; it is counted, and is no failure. */
export class UnsupportedCaseError extends Error {
  /** The name of this class. */
  override name = "UnsupportedCaseError";

  /** `what` completes "… is not supported". */
  constructor(what: string) {
    super(`${what} is not supported`);
  }
}
