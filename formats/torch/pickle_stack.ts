/**
 * The stack of the machine that reads pickles.
 *
 * @module
 */
import type { PickleValue } from "./pickle_value.ts";
import type { Fail } from "./torch_checkpoint_error.ts";

/** Values, and marks between them: nothing but what asks for a mark reaches below one. */
export interface PickleStack {
  push(value: PickleValue): void;
  /** Takes the top value. */
  pop(): PickleValue;
  /** The top value, which stays. */
  top(): PickleValue;
  /** Takes the topmost values, lowest first. */
  take(count: number): PickleValue[];
  mark(): void;
  /** Takes all values above the last mark, and the mark. */
  takeToMark(): PickleValue[];
  /** Takes the top value, or the mark if nothing is above it. */
  drop(): void;
}

/**
 * An empty stack.
 *
 * @throws {TorchCheckpointError} From its methods, if there are fewer values than an instruction takes.
 */
export function pickleStack(fail: Fail): PickleStack {
  const values: PickleValue[] = [];
  const marks: number[] = [];
  const need = (count: number): void => {
    if (values.length - (marks.at(-1) ?? 0) < count) {
      throw fail("its pickle takes more from the stack than is there");
    }
  };
  return {
    push: (value) => void values.push(value),
    pop() {
      need(1);
      return values.pop()!;
    },
    top() {
      need(1);
      return values.at(-1)!;
    },
    take(count) {
      need(count);
      return values.splice(values.length - count, count);
    },
    mark: () => void marks.push(values.length),
    takeToMark() {
      const mark = marks.pop();
      if (mark === undefined) throw fail("its pickle takes values from a mark, and there is none");
      return values.splice(mark);
    },
    drop() {
      if (marks.at(-1) === values.length) {
        marks.pop();
        return;
      }
      need(1);
      values.pop();
    },
  };
}
