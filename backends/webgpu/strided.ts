/**
 * Index arithmetic of broadcasting, slices and permutations: a flat index of a dense tensor is split into coordinates along
 * `dims`, and a strided operand lies at `offset + sum of coordinate x stride`.
 *
 * @module
 */
import { sizeOf } from "../../graph/tensor_spec.ts";

/** Where the elements of a tensor lie in another one's buffer: dims are a factorisation of the flat index. */
export interface Strided {
  readonly offset: number;
  readonly dims: readonly number[];
  readonly strides: readonly number[];
}

/** Strides of a dense row-major tensor. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides: number[] = new Array(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Whether a strided tensor is the buffer from its start on. */
export function isDense({ offset, dims, strides }: Strided): boolean {
  const dense = denseStrides(dims);
  return offset === 0 && dims.every((size, axis) => size === 1 || strides[axis] === dense[axis]);
}

/** The coarsest dims that every one of `shapes` (of one size) is made of; undefined if there are none. */
export function refine(shapes: readonly (readonly number[])[]): number[] | undefined {
  const ends = new Set<number>([sizeOf(shapes[0]!)]);
  for (const shape of shapes) {
    let suffix = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      suffix *= shape[axis]!;
      ends.add(suffix);
    }
  }
  const sorted = [...ends].sort((a, b) => a - b);
  const dims: number[] = [];
  let inner = 1;
  for (const end of sorted) {
    if (end % inner !== 0) return undefined;
    if (end !== inner) dims.unshift(end / inner);
    inner = end;
  }
  return dims;
}

/** Strides along the finer `dims` of a tensor that has `strides` along `shape`. */
export function expand(
  { dims: shape, strides }: Pick<Strided, "dims" | "strides">,
  dims: readonly number[],
): number[] {
  const fine: number[] = new Array(dims.length).fill(0);
  let at = dims.length - 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    let remaining = shape[axis]!;
    let stride = strides[axis]!;
    while (remaining > 1) {
      const size = dims[at]!;
      fine[at] = stride;
      stride *= size;
      remaining /= size;
      at--;
    }
  }
  return fine;
}

/** Merges neighbouring dims along which every operand runs on evenly; drops dims of size 1. */
export function collapse(
  dims: readonly number[],
  operands: readonly (readonly number[])[],
): { dims: number[]; strides: number[][] } {
  const kept: number[] = [];
  const strides: number[][] = operands.map(() => []);
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const size = dims[axis]!;
    if (size === 1) continue;
    const inner = kept[0];
    const merges = inner !== undefined &&
      operands.every((operand, which) => operand[axis] === strides[which]![0]! * inner);
    if (merges) kept[0] = inner * size;
    else {
      kept.unshift(size);
      operands.forEach((operand, which) => strides[which]!.unshift(operand[axis]!));
    }
  }
  return { dims: kept, strides };
}

/** A strided tensor of `shape` stretched to `target`; undefined if its dims do not follow its axes. */
export function stretch(
  view: Strided,
  options: { readonly shape: readonly number[]; readonly target: readonly number[] },
): Strided | undefined {
  const { shape, target } = options;
  const dims = refine([shape, view.dims]);
  if (dims === undefined) return undefined;
  const fine = expand(view, dims);
  const out: number[] = [];
  const strides: number[] = [];
  let at = dims.length - 1;
  for (let axis = target.length - 1; axis >= 0; axis--) {
    const own = shape[axis - target.length + shape.length] ?? 1;
    if (own === 1) {
      out.unshift(target[axis]!);
      strides.unshift(0);
      continue;
    }
    let remaining = own;
    while (remaining > 1) {
      out.unshift(dims[at]!);
      strides.unshift(fine[at]!);
      remaining /= dims[at]!;
      at--;
    }
  }
  return { offset: view.offset, dims: out, strides };
}
