/**
 * Errors that say all there is to say.
 *
 * @module
 */
import { MismatchError } from "../backends/checked.ts";
import {
  BackendError,
  ComponentError,
  FileError,
  ImageError,
  InputError,
  ModelError,
  NonFiniteError,
  OnnxRuntimeError,
  SafetensorsError,
  SchedulerError,
  SettingsError,
  ShapeError,
  UnknownNetworkError,
  UnsupportedOpError,
  WeightsError,
} from "../mod.ts";

const EXPECTED = [
  BackendError,
  ComponentError,
  FileError,
  ImageError,
  InputError,
  MismatchError,
  ModelError,
  NonFiniteError,
  OnnxRuntimeError,
  SafetensorsError,
  SchedulerError,
  SettingsError,
  ShapeError,
  UnknownNetworkError,
  UnsupportedOpError,
  WeightsError,
];

/** Whether an error is one of ours, whose message is for users. */
export function isExpected(error: unknown): error is Error {
  return EXPECTED.some((one) => error instanceof one);
}
