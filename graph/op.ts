/**
 * What the world knows of an op: attributes, shape rule, decomposition, cases.
 *
 * @module
 */
import type { OpAttributes, OpName } from "./ops/mod.ts";
import type { Tensor } from "./trace.ts";
import type { TensorSpec } from "./tensor_spec.ts";

/** How the elements of a case's input are drawn. */
export type CaseValues =
  /** Standard normal numbers times `scale` (1) plus `offset` (0). */
  | { readonly kind: "normal"; readonly scale?: number; readonly offset?: number }
  /** Uniform in `low` <= x < `high`; whole numbers for integer types. */
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  /** Exactly these. */
  | { readonly kind: "values"; readonly values: readonly number[] };

/** An input of an {@linkcode OpCase}: standard normal numbers unless said otherwise. */
export interface CaseInput extends TensorSpec {
  /** How its elements are drawn. */
  readonly values?: CaseValues;
}

/** One line of an op's table: it feeds conformance, benchmarks and the documentation. */
export interface OpCase<Op extends OpName> {
  /** Unique in the op. */
  readonly name: string;
  /** Inputs in the op's order. */
  readonly inputs: readonly CaseInput[];
  /** Attributes. */
  readonly attributes: OpAttributes[Op];
}

/** One op. The object under `graph/ops/` is the only place that knows its shapes. */
export interface OpDefinition<Op extends OpName> {
  /** The op's name in graphs. */
  readonly name: Op;
  /** Its inputs in order, for the documentation: `x [n, c, h, w], weight [o, c, kh, kw], bias [o]?`. */
  readonly inputs: string;
  /** One sentence: what it computes. */
  readonly summary: string;
  /**
   * The output's spec.
   *
   * @throws {ShapeError} If the inputs do not fit together.
   */
  infer(inputs: readonly TensorSpec[], attributes: OpAttributes[Op]): TensorSpec;
  /** The same in simpler ops, for backends without a kernel. Absent for ops that are the bottom. */
  readonly decompose?: (inputs: readonly Tensor[], attributes: OpAttributes[Op]) => Tensor;
  /** Shapes and attributes that every backend is held to. */
  readonly cases: readonly OpCase<Op>[];
}

/** Inputs of an op do not fit together. */
export class ShapeError extends Error {
  /** The name of this class. */
  override name = "ShapeError";
  /** What was tried, after "Cannot". */
  readonly action: string;
  /** Why it is impossible: the sizes that were met and those that were wanted. */
  readonly reason: string;

  /** `Cannot ACTION at SITE: REASON`. */
  constructor(action: string, reason: string, site = "") {
    super(`Cannot ${action}${site === "" ? "" : ` at ${site}`}: ${reason}`);
    this.action = action;
    this.reason = reason;
  }
}
