/** Parts of a tensor. @module */
import { type OpDefinition, ShapeError } from "../op.ts";
import { describe, f32 } from "../tensor_spec.ts";
import { apply, type Tensor } from "../trace.ts";

/** Attributes of `slice`: for every axis, indices start, start + step, … below stop; none if they are equal. */
export interface SliceAttributes {
  /** First index of each axis. */
  readonly start: readonly number[];
  /** End of each axis, not included. */
  readonly stop: readonly number[];
  /** Positive distance of indices. */
  readonly step: readonly number[];
}

/** Every step-th element from start to before stop, along each axis. */
export const sliceOp: OpDefinition<"slice"> = {
  name: "slice",
  inputs: "x",
  summary: "Every `step`-th element from `start` to before `stop`, along each axis.",
  infer([x], { start, stop, step }) {
    const action = `slice ${describe(x!)} from [${start.join(", ")}] to [${stop.join(", ")}]`;
    const rank = x!.shape.length;
    if (start.length !== rank || stop.length !== rank || step.length !== rank) {
      throw new ShapeError(action, `start, stop and step must have ${rank} numbers each`);
    }
    if ([...start, ...stop, ...step].some((number) => !Number.isInteger(number))) {
      throw new ShapeError(action, `start, stop and step [${step.join(", ")}] must be whole`);
    }
    const shape = x!.shape.map((size, axis) => {
      const [from, to, by] = [start[axis]!, stop[axis]!, step[axis]!];
      if (from < 0 || to > size || from > to || by < 1) {
        throw new ShapeError(action, `axis ${axis} of size ${size} has no ${from}:${to}:${by}`);
      }
      return Math.ceil((to - from) / by);
    });
    return { shape, dtype: x!.dtype };
  },
  cases: ([
    ["a window", [1, 3, 7, 8], [0, 0, 1, 2], [1, 3, 6, 8], [1, 1, 1, 1]],
    ["channels", [2, 9, 3], [0, 4, 0], [2, 7, 3], [1, 1, 1]],
    ["steps", [5, 9], [1, 0], [5, 9], [2, 3]],
    ["one element", [3, 4], [2, 3], [3, 4], [1, 1]],
    ["nothing", [3, 4], [3, 2], [3, 3], [1, 1]],
  ] as const).map(([name, x, start, stop, step]) => ({
    name,
    inputs: [f32(...x)],
    attributes: { start, stop, step },
  })),
};

/** Elements `start` to before `stop` along one axis; negative axes count from the end. */
export function slice(
  x: Tensor,
  options: {
    readonly axis: number;
    readonly start: number;
    readonly stop: number;
    readonly step?: number;
  },
): Tensor {
  const axis = options.axis < 0 ? options.axis + x.shape.length : options.axis;
  if (x.shape[axis] === undefined) {
    throw new ShapeError(`slice axis ${options.axis} of ${describe(x)}`, "there is no such axis");
  }
  const set = (otherwise: readonly number[], own: number) =>
    otherwise.map((value, at) => at === axis ? own : value);
  return apply(sliceOp, [x], {
    start: set(x.shape.map(() => 0), options.start),
    stop: set(x.shape, options.stop),
    step: set(x.shape.map(() => 1), options.step ?? 1),
  });
}

/** Cuts an axis into parts of the given sizes. */
export function split(
  x: Tensor,
  options: { readonly axis: number; readonly sizes: readonly number[] },
): Tensor[] {
  const total = options.sizes.reduce((sum, size) => sum + size, 0);
  if (total !== x.size(options.axis)) {
    throw new ShapeError(
      `split axis ${options.axis} of ${describe(x)} into ${options.sizes.join(" + ")}`,
      `that makes ${total}`,
    );
  }
  let start = 0;
  return options.sizes.map((size) => {
    const part = slice(x, { axis: options.axis, start, stop: start + size });
    start += size;
    return part;
  });
}

/** Cuts an axis into parts of ceil(size / chunks), the last one smaller, so there may be fewer than `chunks`. */
export function chunk(
  x: Tensor,
  options: { readonly axis: number; readonly chunks: number },
): Tensor[] {
  const size = x.size(options.axis);
  const each = Math.ceil(size / options.chunks);
  const sizes = Array.from(
    { length: Math.ceil(size / each) },
    (_, at) => Math.min(each, size - at * each),
  );
  return split(x, { axis: options.axis, sizes });
}
