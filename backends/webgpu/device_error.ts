/** What can go wrong with a GPU, as errors that say what was asked of it. @module */

/**
 * Causes of a {@linkcode DeviceError}: `absent` (no adapter or no device), `lost` (the device is gone), `memory` (an
 * allocation failed), `binding` (a tensor is larger than a shader may see), `shader` (a kernel does not compile),
 * `validation` (the implementation refused a command).
 */
export type DeviceErrorKind = "absent" | "lost" | "memory" | "binding" | "shader" | "validation";

/** The GPU cannot do what was asked. */
export class DeviceError extends Error {
  override name = "DeviceError";
  /** Why. */
  readonly kind: DeviceErrorKind;

  /** `message` states the action, what was asked and what there is. */
  constructor(kind: DeviceErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** A program's output holds NaN or Inf. */
export class NonFiniteError extends Error {
  override name = "NonFiniteError";
  /** Name of the output. */
  readonly output: string;

  /** Names the output, how many of its elements are not finite, and the first of them. */
  constructor(output: string, found: { count: number; size: number; first: number }) {
    super(
      `Cannot use output ${output}: ${found.count} of ${found.size} elements are NaN or Inf, first ` +
        `element ${found.first}; finite numbers were expected`,
    );
    this.output = output;
  }
}
