/**
 * Two traces of one network, side by side.
 *
 * @module
 */
import type { Graph, NamedValue, Node, ValueId } from "../../graph/graph.ts";
import type { OpName } from "../../graph/ops/mod.ts";
import { describe, sameShape, type TensorSpec } from "../../graph/tensor_spec.ts";
import { OnnxError } from "./onnx_error.ts";

/** Attributes that say sizes, which may move with the inputs' sizes; no other attribute may. */
const SIZES: { readonly [Op in OpName]?: readonly string[] } = {
  constant: ["shape"],
  reshape: ["shape"],
  resizeBilinear: ["size"],
  resizeNearest: ["size"],
  slice: ["start", "stop"],
};

/** What stands for a value and a node of the first trace in the second. */
export interface Twins {
  /** Values of the second trace by those of the first. */
  readonly ids: ReadonlyMap<ValueId, ValueId>;
  /** Nodes of the second trace by the values that the first trace's nodes make. */
  readonly nodes: ReadonlyMap<ValueId, Node>;
}

/**
 * Matches the values of two traces of one network.
 *
 * @throws {OnnxError} Naming the first input, weight or node in which they differ by more than sizes.
 */
export function matchTraces(graph: Graph, another: Graph): Twins {
  const ids = new Map<ValueId, ValueId>();
  const nodes = new Map<ValueId, Node>();
  const fail = (what: string, one: string, other: string) =>
    new OnnxError(
      `Cannot find free axes: ${what} is ${one} in one trace and ${other} in the other, ` +
        "which is no trace of the same network",
    );
  const count = (what: string, key: "inputs" | "parameters" | "nodes" | "outputs") => {
    const [one, other] = [graph[key].length, another[key].length];
    if (one !== other) throw fail(`the number of ${what}`, String(one), String(other));
  };
  const matchNamed = (what: string, [one, other]: readonly [NamedValue, NamedValue]) => {
    if (one.name !== other.name) throw fail(what, one.name, other.name);
    if (!sameKind(one.spec, other.spec)) {
      throw fail(`${what} ${one.name}`, describe(one.spec), describe(other.spec));
    }
    ids.set(one.id, other.id);
  };

  count("inputs", "inputs");
  graph.inputs.forEach((input, at) => matchNamed("an input", [input, another.inputs[at]!]));
  graph.nodes.slice(0, another.nodes.length).forEach((node, at) => {
    const twin = another.nodes[at]!;
    const where = `node ${at}, at ${node.site || "the top"},`;
    if (node.op !== twin.op || node.inputs.length !== twin.inputs.length) {
      const call = ({ op, inputs }: Node) => `${op} of ${inputs.length}`;
      throw fail(where, call(node), call(twin));
    }
    if (!sameKind(node.output, twin.output)) {
      throw fail(`${where} ${node.op}`, describe(node.output), describe(twin.output));
    }
    const key = movedAttribute(node, twin);
    if (key !== undefined) {
      throw fail(`${key} of ${where} ${node.op},`, shown(node, key), shown(twin, key));
    }
    node.inputs.forEach((id, input) => {
      const given = twin.inputs[input]!;
      // Weights are matched where they are used: the order in which they were asked for does not matter.
      if (!ids.has(id)) {
        const [one, other] = [named(graph, id), named(another, given)];
        if (one === undefined || other === undefined) {
          throw fail(`input ${input} of ${where}`, one?.name ?? "a node", other?.name ?? "a node");
        }
        matchNamed("a weight", [one, other]);
        if (!sameShape(one.spec.shape, other.spec.shape)) {
          throw fail(`the weight ${one.name}`, describe(one.spec), describe(other.spec));
        }
      }
      if (ids.get(id) !== given) throw fail(`input ${input} of ${where}`, `${id}`, `${given}`);
    });
    ids.set(node.id, twin.id);
    nodes.set(node.id, twin);
  });
  count("nodes", "nodes");
  count("outputs", "outputs");
  graph.outputs.forEach(({ name, id }, at) => {
    const twin = another.outputs[at]!;
    if (name !== twin.name || (ids.has(id) && ids.get(id) !== twin.id)) {
      throw fail("an output", name, twin.name);
    }
  });
  return { ids, nodes };
}

function sameKind(a: TensorSpec, b: TensorSpec): boolean {
  return a.dtype === b.dtype && a.shape.length === b.shape.length;
}

function named(graph: Graph, id: ValueId): NamedValue | undefined {
  return graph.parameters.find((each) => each.id === id);
}

/** The first attribute that moved and is no size, and numbers of constants that are not one number everywhere. */
function movedAttribute(node: Node, twin: Node): string | undefined {
  const sizes = SIZES[node.op] ?? [];
  return Object.keys(node.attributes).find((key) =>
    !sizes.includes(key) && shown(node, key) !== shown(twin, key)
  );
}

/** An attribute as text, exact for numbers that JSON has no words for. */
function shown(node: Node, key: string): string {
  const value = (node.attributes as Readonly<Record<string, unknown>>)[key];
  return JSON.stringify(
    value,
    (_, each) => typeof each === "number" && !Number.isFinite(each) ? String(each) : each,
  );
}
