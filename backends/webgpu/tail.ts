/**
 * Tails: what is done to each result of a kernel before it is stored. A chain of elementwise ops, and at its end a
 * permutation of the axes, is part of the kernel that makes its input, so it costs no dispatch and no trip to memory.
 *
 * @module
 */
import type { NodeOf } from "../../graph/graph.ts";
import type { DType } from "../../graph/tensor_spec.ts";

/** Ops that a tail is made of: one result for one element of each operand. */
export type PointwiseOp = "unary" | "binary" | "clamp" | "compare" | "where" | "cast";

/** A node of an elementwise op. */
export type PointwiseNode = NodeOf<PointwiseOp>;

/** An operand of a {@linkcode Statement}. */
export type Term =
  /** What the kernel computed. */
  | { readonly kind: "value"; readonly dtype: DType }
  /** The result of an earlier statement. */
  | { readonly kind: "statement"; readonly index: number; readonly dtype: DType }
  /** An element of another tensor. */
  | { readonly kind: "external"; readonly index: number; readonly dtype: DType }
  /** A number of the graph. */
  | { readonly kind: "literal"; readonly value: number; readonly dtype: "f32" };

/** One elementwise op. */
export interface Statement {
  readonly node: PointwiseNode;
  readonly operands: readonly Term[];
}

/** A tensor that statements use, stretched over the flat index of the result. */
export interface External {
  readonly dtype: DType;
  /** Which of the tail's buffers it lies in; several slices of one tensor share a binding. */
  readonly buffer: number;
  /** First element. */
  readonly offset: number;
  /** Strides along the tail's dims, or null if it is indexed like the result itself. */
  readonly strides: readonly number[] | null;
}

/** What happens between a kernel's result and memory. */
export interface Tail {
  readonly statements: readonly Statement[];
  readonly externals: readonly External[];
  /** What is stored. */
  readonly result: Term;
  /** The factorisation of the flat index that strides refer to. */
  readonly dims: readonly number[];
  /** Strides of the place where the result goes, or null if that is the flat index. */
  readonly destination: readonly number[] | null;
}

/** A tail that stores the kernel's result as it is. */
export function plainTail(dtype: DType): Tail {
  return {
    statements: [],
    externals: [],
    result: { kind: "value", dtype },
    dims: [],
    destination: null,
  };
}
