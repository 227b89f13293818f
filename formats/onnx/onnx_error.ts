/**
 * The error for ONNX models that cannot be read or written.
 *
 * @module
 */
import { ModelError } from "../model_error.ts";

/** A file is no ONNX model that can be used here, or a graph cannot be written as one. */
export class OnnxError extends ModelError {
  /** The name of this class. */
  override name = "OnnxError";
}
