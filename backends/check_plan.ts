/**
 * In which parts a network is compared.
 *
 * @module
 */
import { type Graph, specsOf, type ValueId } from "../graph/graph.ts";
import { prune } from "../graph/passes/prune.ts";
import { subgraphs } from "../graph/passes/subgraphs.ts";
import { BYTES, sizeOf, type TensorSpec } from "../graph/tensor_spec.ts";
import type { Program } from "./backend.ts";

/** A program that fuses nodes may say which nodes' values it really makes; the others exist within a kernel only. */
export interface FusedProgram extends Program {
  /** Ids of nodes. */
  readonly materialised: ReadonlySet<ValueId>;
}

/** What is compared at once: a node, the nodes that a program fuses to one, or a weight that is an output. */
export interface Group {
  /** The value that is compared. */
  readonly value: ValueId;
  readonly spec: TensorSpec;
  /** The part of the graph that makes it, from values that were compared before; without nodes for a weight. */
  readonly graph: Graph;
}

/** Groups that run as one program on the backend that is checked. */
export interface Segment {
  readonly groups: readonly Group[];
  /** The part of the graph that makes all their values. */
  readonly graph: Graph;
  /** Values that neither a later segment nor an output of the graph needs. */
  readonly dying: readonly ValueId[];
}

/** All of a network. */
export type CheckPlan = readonly Segment[];

/** Bytes of values that a segment makes at most, unless one alone is larger: as much is in memory while it is compared. */
const SEGMENT = 256e6;

/** Cuts a network into groups and segments. What no output needs is left out. */
export function planCheck(graph: Graph, program: Program, segmentBytes = SEGMENT): CheckPlan {
  const pruned = prune(graph);
  const cut = subgraphs(pruned);
  const specs = specsOf(pruned);
  const inputs = new Set(pruned.inputs.map(({ id }) => id));
  const outputs = new Set(pruned.outputs.map(({ id }) => id));
  const made = materialised(program);
  const weights = pruned.parameters.map(({ id }) => id).filter((id) => outputs.has(id));
  const steps = pruned.nodes.map(({ id }) => id)
    .filter((id) => made === undefined || made.has(id) || outputs.has(id));
  // Weights are not among them: where a node needs one, it is a weight of the part too.
  const given = new Set([...inputs, ...steps]);
  const groups = [...weights, ...steps].map((value): Group => {
    const own = given.delete(value);
    const part = cut({ given, outputs: [value] });
    if (own) given.add(value);
    return { value, spec: specs.get(value)!, graph: part };
  });

  const parts: Group[][] = [];
  let room = 0;
  for (const group of groups) {
    const bytes = BYTES[group.spec.dtype] * sizeOf(group.spec.shape);
    if (parts.length === 0 || bytes > room) {
      parts.push([]);
      room = segmentBytes;
    }
    parts.at(-1)!.push(group);
    room -= bytes;
  }
  const lastUse = new Map<ValueId, number>();
  parts.forEach((part, at) => {
    for (const group of part) {
      lastUse.set(group.value, at);
      for (const { id } of group.graph.inputs) lastUse.set(id, at);
    }
  });
  const before = new Set(inputs);
  return parts.map((part, at): Segment => {
    const segment = cut({ given: before, outputs: part.map(({ value }) => value) });
    for (const { value } of part) if (given.has(value)) before.add(value);
    const dying = [...lastUse].filter(([id, last]) => last === at && !outputs.has(id));
    return { groups: part, graph: segment, dying: dying.map(([id]) => id) };
  });
}

function materialised(program: Program): ReadonlySet<ValueId> | undefined {
  return "materialised" in program ? (program as FusedProgram).materialised : undefined;
}
