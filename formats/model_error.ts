/**
 * The error for model folders and configurations that cannot be used.
 *
 * @module
 */

/** A model folder, or a file in it, is not what it has to be, or asks for what is not supported. */
export class ModelError extends Error {
  /** The name of this class. */
  override name = "ModelError";
}
