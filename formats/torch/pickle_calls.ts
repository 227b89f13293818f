/**
 * What stands for the calls of a pickle: the few functions that put tensors together, and objects that do nothing.
 *
 * @module
 */
import type { PickleContainers } from "./pickle_containers.ts";
import type { Rebuild } from "./pickle_globals.ts";
import {
  describe,
  type PickleGlobal,
  type PickleStorage,
  type PickleTensor,
  type PickleValue,
  tagged,
} from "./pickle_value.ts";
import type { StoredDType } from "../safetensors_dtype.ts";
import type { Fail } from "./torch_checkpoint_error.ts";

/** What calls are made with. */
export interface CallContext {
  readonly containers: PickleContainers;
  readonly fail: Fail;
}

/**
 * The value of `callable(*arguments)`, or of a new instance of a class.
 *
 * @throws {TorchCheckpointError} If the first is nothing that can be called here, or its arguments are wrong.
 */
export function call(
  callable: PickleValue,
  { values, context }: { readonly values: PickleValue; readonly context: CallContext },
): PickleValue {
  const { containers, fail } = context;
  const global = requireGlobal(callable, fail);
  const list = tagged(values);
  if (list?.kind !== "tuple") {
    throw fail(`its pickle calls ${global.name} with ${describe(values)}, not a tuple`);
  }
  const { meaning } = global;
  switch (meaning.is) {
    case "dict":
      return makeDict(list.items, context);
    case "size":
      return sizeOf(list.items, context);
    case "rebuild":
      return rebuild(meaning.what, { name: global.name, values: list.items, fail });
    case "opaque":
      return containers.object(global.name, [list]);
    case "storage":
    case "dtype":
      throw fail(`its pickle calls ${global.name}, which is no function`);
  }
}

/**
 * Sets the state of an object. That of dicts is dropped: it is their attributes, such as `_metadata`, not their entries.
 *
 * @throws {TorchCheckpointError} If the value has no state.
 */
export function build(target: PickleValue, state: PickleValue, fail: Fail): void {
  const object = tagged(target);
  if (object?.kind === "object") object.contents.push(state);
  else if (object?.kind !== "dict") throw fail(`its pickle sets the state of ${describe(target)}`);
}

/**
 * The storage that a persistent identifier names.
 *
 * @throws {TorchCheckpointError} If the identifier is not one of torch's.
 */
export function persistentStorage(id: PickleValue, fail: Fail): PickleStorage {
  const wrong = (what: string) => fail(`its pickle has a storage with ${what}`);
  const tuple = tagged(id);
  if (tuple?.kind !== "tuple") throw wrong(`the identifier ${describe(id)}, not a tuple`);
  const [tag, type, key, location, elements, part = null] = tuple.items;
  if (tag !== "storage" || tuple.items.length < 5 || tuple.items.length > 6) {
    throw wrong('an identifier that is not ("storage", type, key, location, size)');
  }
  const global = tagged(type!);
  if (global?.kind !== "global" || global.meaning.is !== "storage") {
    throw wrong(`the type ${describe(type!)}`);
  }
  if (typeof key !== "string") throw wrong(`the key ${describe(key!)}, not a string`);
  if (typeof location !== "string") throw wrong(`the location ${describe(location!)}`);
  if (!isSize(elements)) throw wrong(`the size ${describe(elements!)}`);
  const { dtype } = global.meaning;
  return { kind: "storage", key, dtype, elements, part: partOf(part, { elements, fail: wrong }) };
}

/** `(key, offset, size)`, by which versions before 0.4 said that a storage is a part of another. */
function partOf(
  value: PickleValue,
  { elements, fail }: { readonly elements: number; readonly fail: Fail },
): PickleStorage["part"] {
  if (value === null) return null;
  const tuple = tagged(value);
  const [key, start, size] = tuple?.kind === "tuple" ? tuple.items : [];
  const isPart = typeof key === "string" && isSize(start) && isSize(size);
  if (!isPart || start + size > elements) throw fail(`the part ${describe(value)}`);
  return { start, elements: size };
}

function requireGlobal(callable: PickleValue, fail: Fail): PickleGlobal {
  const global = tagged(callable);
  if (global?.kind === "global") return global;
  throw fail(`its pickle calls ${describe(callable)}, which is no function`);
}

/** `OrderedDict()`, `OrderedDict([[key, value], …])` as Python 2 wrote it, or `defaultdict(class)`. */
function makeDict(values: readonly PickleValue[], { containers, fail }: CallContext): PickleValue {
  const [pairs] = values;
  const list = pairs === undefined ? undefined : tagged(pairs);
  if (values.length > 1) throw fail(`its pickle makes a dict of ${values.length} values`);
  if (pairs === undefined || list?.kind === "global") return containers.dict();
  if (list?.kind !== "list") throw fail(`its pickle makes a dict of ${describe(pairs)}`);
  return containers.dict(list.items);
}

/** `torch.Size((2, 3))`, which is a tuple. */
function sizeOf(values: readonly PickleValue[], { containers, fail }: CallContext): PickleValue {
  const [items = null] = values;
  const list = tagged(items);
  if (list?.kind !== "tuple" && list?.kind !== "list") {
    throw fail(`its pickle has a torch.Size of ${describe(items)}`);
  }
  return containers.tuple(list.items);
}

/** How many arguments each takes: the least and the most. */
const ARGUMENTS: Readonly<Record<Rebuild, readonly [number, number]>> = {
  "tensor": [4, 4],
  "tensor v2": [6, 7],
  "tensor v3": [7, 8],
  "parameter": [3, 3],
  "parameter with state": [4, 4],
};

function rebuild(
  what: Rebuild,
  { name, values, fail }: {
    readonly name: string;
    readonly values: readonly PickleValue[];
    readonly fail: Fail;
  },
): PickleTensor {
  const wrong = (problem: string) => fail(`its pickle calls ${name} with ${problem}`);
  const [least, most] = ARGUMENTS[what];
  if (values.length < least || values.length > most) {
    throw wrong(
      `${values.length} arguments, not ${least === most ? least : `${least} or ${most}`}`,
    );
  }
  const first = tagged(values[0]!);
  if (what === "parameter" || what === "parameter with state") {
    if (first?.kind === "tensor") return first;
    throw wrong(`${describe(values[0]!)}, not a tensor`);
  }
  if (first?.kind !== "storage") throw wrong(`${describe(values[0]!)}, not a storage`);
  const offset = values[1]!;
  if (!isSize(offset)) throw wrong(`the offset ${describe(offset)}`);
  const shape = sizes(values[2]!, "sizes", wrong);
  const strides = sizes(values[3]!, "strides", wrong);
  if (shape.length !== strides.length) {
    throw wrong(`${shape.length} sizes and ${strides.length} strides`);
  }
  const metadata = tagged(values[what === "tensor v3" ? 7 : 6] ?? null);
  if (metadata !== undefined && !(metadata.kind === "dict" && metadata.entries.size === 0)) {
    throw wrong("metadata: a tensor that is conjugated or negated on use is not supported");
  }
  const dtype = what === "tensor v3" ? dtypeOf(values[6]!, wrong) : first.dtype;
  if (dtype === null) throw wrong("a storage that has no type");
  return { kind: "tensor", storage: first, dtype, offset, shape, strides };
}

function dtypeOf(value: PickleValue, fail: Fail): StoredDType {
  const global = tagged(value);
  if (global?.kind === "global" && global.meaning.is === "dtype") return global.meaning.dtype;
  throw fail(`the type ${describe(value)}`);
}

/** No array library goes further than 64 axes. */
const MOST_AXES = 64;

function sizes(value: PickleValue, what: string, fail: Fail): readonly number[] {
  const tuple = tagged(value);
  if (tuple?.kind !== "tuple" && tuple?.kind !== "list") {
    throw fail(`${describe(value)} for ${what}`);
  }
  const { items } = tuple;
  if (items.length > MOST_AXES) throw fail(`${items.length} ${what}; ${MOST_AXES} is the limit`);
  return items.map((item) => {
    if (isSize(item)) return item;
    throw fail(`${describe(item)} among its ${what}`);
  });
}

function isSize(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
