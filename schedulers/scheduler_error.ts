/**
 * The error of schedulers.
 *
 * @module
 */

/** A sampler that does not exist, a configuration it does not take, or steps it cannot plan. */
export class SchedulerError extends Error {
  /** The name of this class. */
  override readonly name = "SchedulerError";
}
