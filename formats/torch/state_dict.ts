/**
 * Finds the named tensors in the object that a checkpoint holds.
 *
 * @module
 */
import { display } from "../json.ts";
import { describe, type PickleTensor, type PickleValue, tagged } from "./pickle_value.ts";
import type { Fail } from "./torch_checkpoint_error.ts";

/** A value that stands beside tensors: a count of steps, a note. */
export type PlainValue = null | boolean | number | bigint | string;

/** What a checkpoint's object comes to. */
export interface StateDict {
  /** Tensors by name: keys and list positions, joined with dots. */
  readonly tensors: ReadonlyMap<string, PickleTensor>;
  /** Plain values of the outermost dict by key. */
  readonly extra: ReadonlyMap<string, PlainValue>;
}

/** The largest networks have ten thousand; the same dict can stand under many names. */
const MOST_TENSORS = 65_536;
const MOST_CONTAINERS = 131_072;
const MOST_VALUES = 4_000_000;
/** Modules nest ten deep or so, which are dots in names; dicts nest two deep. */
const DEEPEST = 64;
const LONGEST_NAME = 2000;

/**
 * Flattens the object of a checkpoint. If it is a dict with a dict `state_dict`, as Lightning writes it, only that counts.
 *
 * Values that are no tensors are left out, but not an object of an unknown class that has some in it.
 *
 * @throws {TorchCheckpointError} If there are no tensors, two of one name, or tensors where they cannot be had.
 */
export function flattenStateDict(root: PickleValue, fail: Fail): StateDict {
  const tensors = new Map<string, PickleTensor>();
  const hasTensors = tensorSearch();
  let containers = 0;
  let values = 0;

  function visit(value: PickleValue, { name, depth }: Position): void {
    const node = tagged(value);
    if (node === undefined || node.kind === "global" || node.kind === "storage") return;
    if (name.length > LONGEST_NAME) {
      throw fail(`it has a name of ${name.length} characters; ${LONGEST_NAME} is the limit`);
    }
    if (depth > DEEPEST) throw fail(`it nests more than ${DEEPEST} lists and dicts`);
    /** A few bytes of a pickle can make a list of lists of lists, each of which is one list many times. */
    const count = (size: number) => {
      values += size;
      if (++containers > MOST_CONTAINERS || values > MOST_VALUES) {
        throw fail(
          `it has more than ${MOST_CONTAINERS} lists and dicts or ${MOST_VALUES} values, ` +
            "counted as often as they have a name",
        );
      }
    };
    const inner = (key: string): Position => ({
      name: depth === 0 ? key : `${name}.${key}`,
      depth: depth + 1,
    });
    switch (node.kind) {
      case "tensor":
        if (depth === 0) throw fail("it is one tensor without a name, not a dict of tensors");
        if (tensors.has(name)) throw fail(`it has two tensors called ${display(name)}`);
        if (tensors.size === MOST_TENSORS) {
          throw fail(
            `it has more than ${MOST_TENSORS} tensors, counted as often as they have a name`,
          );
        }
        tensors.set(name, node);
        break;
      case "dict":
        count(node.entries.size);
        for (const [key, item] of node.entries) {
          if (tagged(item) === undefined) continue;
          if (typeof key === "string" || typeof key === "number" || typeof key === "bigint") {
            visit(item, inner(String(key)));
          } else if (hasTensors(item)) {
            throw fail(`it has a tensor under the key ${describe(key)}, which is no name`);
          }
        }
        break;
      case "list":
      case "tuple":
        count(node.items.length);
        node.items.forEach((item, i) => {
          if (tagged(item) !== undefined) visit(item, inner(String(i)));
        });
        break;
      case "object":
      case "set":
        if (hasTensors(node)) {
          const where = depth === 0 ? "" : ` at ${display(name)}`;
          throw fail(`it has tensors in ${describe(node)}${where}, which is no dict or list`);
        }
    }
  }

  visit(unwrap(root), { name: "", depth: 0 });
  if (tensors.size === 0) throw fail(`it has no tensors: its pickle is ${describe(root)}`);
  return { tensors, extra: plainValues(root) };
}

/** Where a value is: by name, and how deep. */
interface Position {
  readonly name: string;
  readonly depth: number;
}

function unwrap(root: PickleValue): PickleValue {
  const dict = tagged(root);
  const inner = dict?.kind === "dict" ? dict.entries.get("state_dict") : undefined;
  return inner !== undefined && tagged(inner)?.kind === "dict" ? inner : root;
}

function plainValues(root: PickleValue): ReadonlyMap<string, PlainValue> {
  const plain = new Map<string, PlainValue>();
  const dict = tagged(root);
  for (const [key, value] of dict?.kind === "dict" ? dict.entries : []) {
    if (typeof key === "string" && (value === null || typeof value !== "object")) {
      plain.set(key, value);
    }
  }
  return plain;
}

/** Tells whether a tensor is anywhere in a value. Objects may well contain themselves; none is looked through twice. */
function tensorSearch(): (value: PickleValue) => boolean {
  const without = new Set<PickleValue>();
  return (value) => {
    const seen = new Set<PickleValue>();
    const open = [value];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const node = tagged(next);
      if (node === undefined || seen.has(node) || without.has(node)) continue;
      if (node.kind === "tensor" || node.kind === "storage") return true;
      seen.add(node);
      if (node.kind === "dict") {
        for (const [key, item] of node.entries) open.push(key, item);
      } else if (node.kind === "object") {
        for (const item of node.contents) open.push(item);
      } else if (node.kind !== "global") {
        for (const item of node.items) open.push(item);
      }
    }
    for (const node of seen) without.add(node);
    return false;
  };
}
