/**
 * Carries out pickles without Python: a stack machine with an allowlist of instructions, in which no name is ever imported
 * and nothing is ever called.
 *
 * @module
 */
import { build, call, type CallContext, persistentStorage } from "./pickle_calls.ts";
import { pickleContainers } from "./pickle_containers.ts";
import { findGlobal } from "./pickle_globals.ts";
import { OPCODES, REFUSED_OPCODES } from "./pickle_opcodes.ts";
import { pickleReader } from "./pickle_reader.ts";
import { pickleStack } from "./pickle_stack.ts";
import {
  parseFloatText,
  parseInteger,
  parseLong,
  parseQuoted,
  parseRawUnicode,
  textOrBytes,
} from "./pickle_text.ts";
import { describe, type PickleStorage, type PickleValue } from "./pickle_value.ts";
import type { Fail } from "./torch_checkpoint_error.ts";

/**
 * The most instructions of a pickle. A tensor takes about 40. Values on the stack and in the memo are no more than
 * instructions, and strings no longer than the pickle, so this bounds time and memory.
 */
const MOST_INSTRUCTIONS = 3_000_000;

const NEWEST_PROTOCOL = 5;

/** A pickle that was read. */
export interface Pickle {
  readonly value: PickleValue;
  /** Every storage that it names, as often as it does. */
  readonly storages: readonly PickleStorage[];
  /** Where it ends in the bytes. */
  readonly end: number;
}

/**
 * Reads one pickle.
 *
 * @param start Where it begins in the bytes; what follows it is not looked at.
 * @throws {TorchCheckpointError} If it is damaged, too long, or names or does what is not allowed.
 * @throws {PickleEndError} If the bytes end before it does.
 */
export function readPickle(
  bytes: Uint8Array,
  { start = 0, fail }: { readonly start?: number; readonly fail: Fail },
): Pickle {
  const input = pickleReader(bytes, { start, fail });
  const stack = pickleStack(fail);
  const containers = pickleContainers(fail);
  const context: CallContext = { containers, fail };
  const memo = new Map<number, PickleValue>();
  const storages: PickleStorage[] = [];

  function recall(index: number): void {
    const value = memo.get(index);
    if (value === undefined) throw fail(`its pickle asks for value ${index}, and it kept none`);
    stack.push(value);
  }
  function position(text: string): number {
    if (!/^\d{1,15}$/.test(text)) throw fail(`its pickle keeps value ${describe(text)}`);
    return Number(text);
  }
  function pushGlobal(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") {
      throw fail(`its pickle names ${describe(name)} of ${describe(module)}`);
    }
    stack.push(findGlobal({ module, name }, fail));
  }
  function length32(): number {
    const length = input.int32();
    if (length < 0) throw fail(`its pickle has an item of ${length} bytes at byte ${input.at - 4}`);
    return length;
  }
  function pushTuple(count: number): void {
    stack.push(containers.tuple(stack.take(count)));
  }
  function newObject(values: PickleValue): void {
    stack.push(call(stack.pop(), { values, context }));
  }

  for (let count = 0; count < MOST_INSTRUCTIONS; count++) {
    const at = input.at;
    const opcode = input.byte();
    switch (opcode) {
      case OPCODES.PROTO: {
        const protocol = input.byte();
        if (protocol <= NEWEST_PROTOCOL) break;
        throw fail(`its pickle has protocol ${protocol}; ${NEWEST_PROTOCOL} is the newest known`);
      }
      case OPCODES.FRAME:
        // A hint for readers that buffer. A frame has to be there whole all the same.
        input.expect(input.length64());
        break;
      case OPCODES.STOP:
        return { value: stack.pop(), storages, end: input.at };

      case OPCODES.MARK:
        stack.mark();
        break;
      case OPCODES.POP:
        stack.drop();
        break;
      case OPCODES.POP_MARK:
        stack.takeToMark();
        break;
      case OPCODES.DUP:
        stack.push(stack.top());
        break;
      case OPCODES.PUT:
        memo.set(position(input.line()), stack.top());
        break;
      case OPCODES.BINPUT:
        memo.set(input.byte(), stack.top());
        break;
      case OPCODES.LONG_BINPUT:
        memo.set(input.uint32(), stack.top());
        break;
      case OPCODES.MEMOIZE:
        memo.set(memo.size, stack.top());
        break;
      case OPCODES.GET:
        recall(position(input.line()));
        break;
      case OPCODES.BINGET:
        recall(input.byte());
        break;
      case OPCODES.LONG_BINGET:
        recall(input.uint32());
        break;

      case OPCODES.NONE:
        stack.push(null);
        break;
      case OPCODES.NEWTRUE:
        stack.push(true);
        break;
      case OPCODES.NEWFALSE:
        stack.push(false);
        break;
      case OPCODES.INT:
      case OPCODES.LONG:
        stack.push(parseInteger(input.line(), fail));
        break;
      case OPCODES.BININT:
        stack.push(input.int32());
        break;
      case OPCODES.BININT1:
        stack.push(input.byte());
        break;
      case OPCODES.BININT2:
        stack.push(input.uint16());
        break;
      case OPCODES.LONG1:
        stack.push(parseLong(input.bytes(input.byte()), fail));
        break;
      case OPCODES.LONG4:
        stack.push(parseLong(input.bytes(length32()), fail));
        break;
      case OPCODES.FLOAT:
        stack.push(parseFloatText(input.line(), fail));
        break;
      case OPCODES.BINFLOAT:
        stack.push(input.float64());
        break;

      case OPCODES.STRING:
        stack.push(parseQuoted(input.line(), fail));
        break;
      case OPCODES.BINSTRING:
        stack.push(textOrBytes(input.bytes(length32())));
        break;
      case OPCODES.SHORT_BINSTRING:
        stack.push(textOrBytes(input.bytes(input.byte())));
        break;
      case OPCODES.UNICODE:
        stack.push(parseRawUnicode(input.line(), fail));
        break;
      case OPCODES.SHORT_BINUNICODE:
        stack.push(input.utf8(input.byte()));
        break;
      case OPCODES.BINUNICODE:
        stack.push(input.utf8(input.uint32()));
        break;
      case OPCODES.BINUNICODE8:
        stack.push(input.utf8(input.length64()));
        break;
      case OPCODES.SHORT_BINBYTES:
        stack.push(input.bytes(input.byte()));
        break;
      case OPCODES.BINBYTES:
        stack.push(input.bytes(input.uint32()));
        break;
      case OPCODES.BINBYTES8:
      case OPCODES.BYTEARRAY8:
        stack.push(input.bytes(input.length64()));
        break;

      case OPCODES.EMPTY_TUPLE:
        pushTuple(0);
        break;
      case OPCODES.TUPLE1:
        pushTuple(1);
        break;
      case OPCODES.TUPLE2:
        pushTuple(2);
        break;
      case OPCODES.TUPLE3:
        pushTuple(3);
        break;
      case OPCODES.TUPLE:
        stack.push(containers.tuple(stack.takeToMark()));
        break;
      case OPCODES.EMPTY_LIST:
        stack.push(containers.list([]));
        break;
      case OPCODES.LIST:
        stack.push(containers.list(stack.takeToMark()));
        break;
      case OPCODES.APPEND: {
        const item = stack.pop();
        containers.append(stack.top(), [item]);
        break;
      }
      case OPCODES.APPENDS: {
        const items = stack.takeToMark();
        containers.append(stack.top(), items);
        break;
      }
      case OPCODES.EMPTY_DICT:
        stack.push(containers.dict());
        break;
      case OPCODES.DICT: {
        const items = stack.takeToMark();
        stack.push(containers.dict());
        containers.setItems(stack.top(), items);
        break;
      }
      case OPCODES.SETITEM: {
        const item = stack.take(2);
        containers.setItems(stack.top(), item);
        break;
      }
      case OPCODES.SETITEMS: {
        const items = stack.takeToMark();
        containers.setItems(stack.top(), items);
        break;
      }
      case OPCODES.EMPTY_SET:
        stack.push(containers.set([]));
        break;
      case OPCODES.FROZENSET:
        stack.push(containers.set(stack.takeToMark()));
        break;
      case OPCODES.ADDITEMS: {
        const items = stack.takeToMark();
        containers.add(stack.top(), items);
        break;
      }

      case OPCODES.GLOBAL:
        pushGlobal(input.line(), input.line());
        break;
      case OPCODES.STACK_GLOBAL: {
        const [module, name] = stack.take(2);
        pushGlobal(module!, name!);
        break;
      }
      case OPCODES.REDUCE:
      case OPCODES.NEWOBJ:
        newObject(stack.pop());
        break;
      case OPCODES.NEWOBJ_EX: {
        // Arguments by name are part of the object's contents, as all the others are.
        const [values, named] = stack.take(2);
        newObject(containers.tuple([values!, named!]));
        break;
      }
      case OPCODES.BUILD: {
        const state = stack.pop();
        build(stack.top(), state, fail);
        break;
      }
      case OPCODES.BINPERSID: {
        const storage = persistentStorage(stack.pop(), fail);
        storages.push(storage);
        stack.push(storage);
        break;
      }

      default: {
        const known = REFUSED_OPCODES.get(opcode);
        const what = known ?? `0x${opcode.toString(16).padStart(2, "0")}, which no protocol knows`;
        throw fail(`its pickle has at byte ${at} the instruction ${what}`);
      }
    }
  }
  throw fail(`its pickle has more than ${MOST_INSTRUCTIONS} instructions`);
}
