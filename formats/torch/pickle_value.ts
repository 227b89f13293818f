/**
 * What a pickle describes, as inert data.
 *
 * Containers are tagged and keep their entries in maps and arrays: no name of a file ever becomes a property of an object.
 *
 * @module
 */
import { display } from "../json.ts";
import type { GlobalMeaning } from "./pickle_globals.ts";
import type { StoredDType } from "../safetensors_dtype.ts";

/** A value of a pickle. Integers beyond 2^53 are bigints. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleSet
  | PickleGlobal
  | PickleObject
  | PickleStorage
  | PickleTensor;

/** Values that say themselves what they are. */
export type PickleTagged = Exclude<
  PickleValue,
  null | boolean | number | bigint | string | Uint8Array
>;

/** The value, if it is one of those that say what they are. */
export function tagged(value: PickleValue): PickleTagged | undefined {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return undefined;
  return value;
}

/** A Python list. */
export interface PickleList {
  readonly kind: "list";
  readonly items: PickleValue[];
}

/** A Python tuple. */
export interface PickleTuple {
  readonly kind: "tuple";
  readonly items: readonly PickleValue[];
}

/** A Python dict, ordered or not. */
export interface PickleDict {
  readonly kind: "dict";
  readonly entries: Map<PickleValue, PickleValue>;
}

/** A Python set or frozenset. Equal items are kept: nobody asks. */
export interface PickleSet {
  readonly kind: "set";
  readonly items: PickleValue[];
}

/** A name that a pickle would import. */
export interface PickleGlobal {
  readonly kind: "global";
  /** `torch._utils._rebuild_tensor_v2` */
  readonly name: string;
  /** What it stands for here. */
  readonly meaning: GlobalMeaning;
}

/** An instance of a class that means nothing here; whatever the pickle put into it is in `contents`. */
export interface PickleObject {
  readonly kind: "object";
  /** `omegaconf.dictconfig.DictConfig` */
  readonly className: string;
  readonly contents: PickleValue[];
}

/** A run of elements that tensors are views of. */
export interface PickleStorage {
  readonly kind: "storage";
  /** Which one in the file. */
  readonly key: string;
  /** Element type; null if it is bytes and each view has its own type. */
  readonly dtype: StoredDType | null;
  /** How many elements the file's storage has, or bytes if there is no type. */
  readonly elements: number;
  /** The part that this is, if it is one: only files before torch 0.4 have parts. */
  readonly part: { readonly start: number; readonly elements: number } | null;
}

/** A view of a storage. Nothing is known yet of whether it fits. */
export interface PickleTensor {
  readonly kind: "tensor";
  readonly storage: PickleStorage;
  readonly dtype: StoredDType;
  /** Its first element, counted in elements from the storage's start. */
  readonly offset: number;
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** For each axis the distance of neighbours, in elements. */
  readonly strides: readonly number[];
}

/** A value for messages, at most 100 characters or so. */
export function describe(value: PickleValue): string {
  if (value === null) return "None";
  if (typeof value === "string") return display(value);
  if (typeof value === "bigint") {
    const digits = String(value);
    return digits.length > 40 ? `an integer of ${digits.length} digits` : digits;
  }
  if (typeof value !== "object") return String(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  switch (value.kind) {
    case "dict":
      return `a dict of ${value.entries.size}`;
    case "list":
    case "tuple":
    case "set":
      return `a ${value.kind} of ${value.items.length}`;
    case "global":
      return display(value.name);
    case "object":
      return `an object of the class ${display(value.className)}`;
    case "storage":
      return "a storage";
    case "tensor":
      return "a tensor";
  }
}
