/**
 * The errors with which files from strangers may be refused.
 *
 * @module
 */
import { FileError } from "../formats/file_source.ts";
import { ImageError } from "../formats/images/picture.ts";
import { JsonError } from "../formats/json.ts";
import { ModelError } from "../formats/model_error.ts";
import { SafetensorsError } from "../formats/safetensors_header.ts";
import { SchedulerError } from "../schedulers/scheduler_error.ts";

/** Each is documented by the functions that read files; anything else that they throw is a fault of ours. */
const CLASSES: readonly (abstract new (...parts: never[]) => Error)[] = [
  FileError,
  ImageError,
  JsonError,
  ModelError,
  SafetensorsError,
  SchedulerError,
];

/** Whether an error says that a file is bad. A `TypeError` or `RangeError` says that a reader is. */
export function isOurError(error: unknown): error is Error {
  return CLASSES.some((one) => error instanceof one);
}
