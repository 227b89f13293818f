/**
 * Lists, tuples, dicts and sets of a pickle, and objects, which may be filled like any of them.
 *
 * @module
 */
import {
  describe,
  type PickleDict,
  type PickleList,
  type PickleObject,
  type PickleSet,
  type PickleTuple,
  type PickleValue,
  tagged,
} from "./pickle_value.ts";
import type { Fail } from "./torch_checkpoint_error.ts";

/** Makes and fills containers. */
export interface PickleContainers {
  list(items: PickleValue[]): PickleList;
  tuple(items: readonly PickleValue[]): PickleTuple;
  set(items: PickleValue[]): PickleSet;
  /** A dict of pairs, or an empty one. */
  dict(pairs?: readonly PickleValue[]): PickleDict;
  object(className: string, contents: PickleValue[]): PickleObject;
  /** Sets keys and values, given in turn. */
  setItems(target: PickleValue, items: readonly PickleValue[]): void;
  /** Adds items at the end of a list. */
  append(target: PickleValue, items: readonly PickleValue[]): void;
  /** Adds items to a set. */
  add(target: PickleValue, items: readonly PickleValue[]): void;
}

/**
 * How many containers a pickle may make. A tensor takes six, so 80,000 tensors stay below; and so does the memory: an empty
 * map has about 200 bytes.
 */
const MOST_CONTAINERS = 500_000;

/**
 * Containers of one pickle.
 *
 * @throws {TorchCheckpointError} From its methods, if there are too many, or if one is asked for what it cannot do.
 */
export function pickleContainers(fail: Fail): PickleContainers {
  let count = 0;
  function counted<T>(container: T): T {
    if (++count > MOST_CONTAINERS) {
      throw fail(`its pickle has more than ${MOST_CONTAINERS} lists, tuples, dicts and objects`);
    }
    return container;
  }
  /** In Python, what can change is no key. */
  function checkKey(key: PickleValue): void {
    const kind = tagged(key)?.kind;
    if (kind === "list" || kind === "dict" || kind === "set") {
      throw fail(`its pickle has ${describe(key)} for a key`);
    }
  }
  return {
    list: (items) => counted({ kind: "list", items }),
    tuple: (items) => counted({ kind: "tuple", items }),
    set(items) {
      items.forEach(checkKey);
      return counted({ kind: "set", items });
    },
    dict(pairs = []) {
      const dict: PickleDict = counted({ kind: "dict", entries: new Map() });
      for (const pair of pairs) {
        const both = tagged(pair);
        if ((both?.kind !== "list" && both?.kind !== "tuple") || both.items.length !== 2) {
          throw fail(`its pickle makes a dict of ${describe(pair)}, not of pairs`);
        }
        const [key, value] = both.items;
        checkKey(key!);
        // Counted, because one list of pairs can become many dicts.
        dict.entries.set(key!, counted(value!));
      }
      return dict;
    },
    object: (className, contents) => counted({ kind: "object", className, contents }),
    setItems(target, items) {
      if (items.length % 2 !== 0) throw fail("its pickle has a key without a value");
      const container = tagged(target);
      if (container?.kind !== "dict" && container?.kind !== "object") {
        throw fail(`its pickle sets keys of ${describe(target)}`);
      }
      for (let i = 0; i < items.length; i += 2) {
        checkKey(items[i]!);
        if (container.kind === "dict") container.entries.set(items[i]!, items[i + 1]!);
        else container.contents.push(items[i]!, items[i + 1]!);
      }
    },
    append(target, items) {
      const container = tagged(target);
      const list = container?.kind === "list"
        ? container.items
        : container?.kind === "object"
        ? container.contents
        : undefined;
      if (list === undefined) throw fail(`its pickle appends items to ${describe(target)}`);
      for (const item of items) list.push(item);
    },
    add(target, items) {
      const container = tagged(target);
      const set = container?.kind === "set"
        ? container.items
        : container?.kind === "object"
        ? container.contents
        : undefined;
      if (set === undefined) throw fail(`its pickle adds items to ${describe(target)}`);
      for (const item of items) {
        checkKey(item);
        set.push(item);
      }
    },
  };
}
