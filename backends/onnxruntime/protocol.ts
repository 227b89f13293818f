/**
 * What the backend and the worker that holds ONNX Runtime say to each other.
 *
 * @module
 */
import type { DType, HostTensor } from "../../graph/tensor_spec.ts";

/** What computes in the worker. */
export type Provider = "wasm" | "webgpu";

/** Element types of ONNX Runtime that occur here. */
export type OrtType = "float32" | "float16" | "int32" | "int64" | "uint8" | "bool";

/** An input or output of a model, as the runtime read it from the file. */
export interface OrtPort {
  /** Its name. */
  readonly name: string;
  /** `float32`, `int64`, … or what else the file says. */
  readonly type: string;
  /** Sizes; a name is a free axis. */
  readonly shape: readonly (number | string)[];
}

/** A file that a model's weights stand in. */
export interface ExternalFile {
  /** As the model calls it. */
  readonly path: string;
  /** Its contents. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A value of the worker, by the number that the backend gave it. */
export type ValueId = number;

/** Orders to the worker. It does one after the other; those with a `reply` are answered when they are done. */
export type Order =
  | {
    readonly do: "start";
    readonly provider: Provider;
    readonly threads: number;
    readonly reply: number;
  }
  | {
    readonly do: "create";
    readonly session: number;
    readonly model: Uint8Array<ArrayBuffer>;
    readonly external: readonly ExternalFile[];
    /** Whether the runtime should look for a better graph: those that are written here are good as they are. */
    readonly optimize: boolean;
    /** Without a reply a failure is told by the session's first run. */
    readonly reply?: number;
  }
  | { readonly do: "release"; readonly session: number }
  | { readonly do: "put"; readonly value: ValueId; readonly tensor: HostTensor }
  | {
    readonly do: "run";
    readonly session: number;
    readonly inputs: readonly RunFeed[];
    readonly outputs: readonly RunFetch[];
  }
  | { readonly do: "free"; readonly value: ValueId }
  | { readonly do: "read"; readonly value: ValueId; readonly reply: number }
  | { readonly do: "settle"; readonly reply: number };

/** An input of a run. */
export interface RunFeed {
  /** The model's name for it. */
  readonly name: string;
  /** A value of the worker, or the tensor itself. */
  readonly from: ValueId | HostTensor;
  /** What the model takes, where that is not the tensor's own type: fractions are cut off, as a cast does. */
  readonly as?: OrtType | undefined;
  /** The model's sizes where they differ from the tensor's: a scalar is also `[1]`, and one number serves for many. */
  readonly dims?: readonly number[] | undefined;
}

/** An output of a run. */
export interface RunFetch {
  /** The model's name for it. */
  readonly name: string;
  /** Where it goes. */
  readonly to: ValueId;
  /** What it becomes: halves become floats. */
  readonly as?: DType | undefined;
  /** What its sizes must be. */
  readonly shape?: readonly number[] | undefined;
}

/** The worker's answers. */
export type Answer =
  | { readonly reply: number; readonly ok: true; readonly result: Result }
  | { readonly reply: number; readonly ok: false; readonly reason: string };

/** What orders give. */
export type Result =
  | { readonly kind: "done" }
  | {
    readonly kind: "session";
    readonly inputs: readonly OrtPort[];
    readonly outputs: readonly OrtPort[];
  }
  | { readonly kind: "tensor"; readonly tensor: HostTensor };
