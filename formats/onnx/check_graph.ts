/**
 * Whether the nodes of a graph can be run.
 *
 * @module
 */
import { display } from "../json.ts";
import { OnnxError } from "./onnx_error.ts";
import type { Message } from "./schema.ts";

/** Operator sets of the standard, and what ONNX Runtime adds to them. */
const DOMAINS: readonly string[] = [
  "",
  "ai.onnx",
  "ai.onnx.ml",
  "ai.onnx.preview",
  "ai.onnx.preview.training",
  "ai.onnx.training",
  "com.microsoft",
  "com.microsoft.dml",
  "com.microsoft.experimental",
  "com.microsoft.nchwc",
  "com.ms.internal.nhwc",
];

/** What a model's graphs are checked against. */
export interface GraphRules {
  /** Which file, for messages. */
  readonly where: string;
  /** Domains of functions that the model brings along. */
  readonly domains: readonly string[];
}

/** Names that the nodes of a graph may use: its own, and those of the graphs around it. */
interface Scope {
  readonly own: ReadonlySet<string>;
  readonly outer: Scope | undefined;
}

/**
 * Checks that somebody makes every node's inputs, that no node waits for itself, and that operator sets are ones that somebody
 * has. The order of nodes does not matter: it should be topological, and runtimes sort what is not.
 *
 * @throws {OnnxError} Naming the node and the fault.
 */
export function checkGraph(graph: Message<"GraphProto">, rules: GraphRules): void {
  checkScope(graph, { rules, outer: undefined });
}

function checkScope(
  graph: Message<"GraphProto">,
  { rules, outer }: { readonly rules: GraphRules; readonly outer: Scope | undefined },
): void {
  const fail = (problem: string) => new OnnxError(`Cannot use ${rules.where}: ${problem}`);
  const nodes = graph.node ?? [];
  const own = new Set([""]); // an optional input that is left out
  for (const { name = "" } of graph.input ?? []) own.add(name);
  for (const { name = "" } of graph.initializer ?? []) own.add(name);
  for (const { values } of graph.sparseInitializer ?? []) own.add(values?.name ?? "");
  for (const node of nodes) {
    for (const value of node.output ?? []) {
      if (value !== "" && own.has(value)) {
        throw fail(`${shown(node)} makes ${display(value)}, which is there already`);
      }
      own.add(value);
    }
  }
  const scope: Scope = { own, outer };
  for (const node of nodes) {
    const { domain = "", input = [], attribute = [] } = node;
    if (!DOMAINS.includes(domain) && !rules.domains.includes(domain)) {
      throw fail(
        `${shown(node)} is of the operator set ${display(domain)}, which nobody here has`,
      );
    }
    for (const value of input) {
      if (!isKnown(value, scope)) {
        throw fail(`${shown(node)} needs ${display(value)}, which nothing makes`);
      }
    }
    for (const { g, graphs = [] } of attribute) {
      if (g !== undefined) checkScope(g, { rules, outer: scope });
      for (const inner of graphs) checkScope(inner, { rules, outer: scope });
    }
  }
  for (const { name = "" } of graph.output ?? []) {
    if (!isKnown(name, scope)) throw fail(`nothing makes its result ${display(name)}`);
  }
  const stuck = nodeInCycle(nodes);
  if (stuck !== undefined) throw fail(`the graph is cyclic: ${shown(stuck)} waits for itself`);
}

function shown({ name = "", opType = "" }: Message<"NodeProto">): string {
  return `its node ${display(name)} (${opType})`;
}

function isKnown(name: string, scope: Scope): boolean {
  for (let each: Scope | undefined = scope; each !== undefined; each = each.outer) {
    if (each.own.has(name)) return true;
  }
  return false;
}

/** Takes away nodes that wait for nothing until none is left (Kahn 1962), or only some that wait for each other. */
function nodeInCycle(nodes: readonly Message<"NodeProto">[]): Message<"NodeProto"> | undefined {
  const makers = new Map(
    nodes.flatMap(({ output = [] }, at) => output.map((name): [string, number] => [name, at])),
  );
  makers.delete("");
  const waitsFor = nodes.map(({ input = [] }) => [
    ...new Set(input.map((name) => makers.get(name)).filter((at) => at !== undefined)),
  ]);
  const waiting = waitsFor.map(({ length }) => length);
  const users: number[][] = nodes.map(() => []);
  waitsFor.forEach((list, at) => list.forEach((maker) => users[maker]!.push(at)));
  const ready = waiting.flatMap((count, at) => count === 0 ? [at] : []);
  for (const at of ready) { // grows while it is walked
    for (const user of users[at]!) if (--waiting[user]! === 0) ready.push(user);
  }
  let at = waiting.findIndex((count) => count > 0);
  if (at < 0) return undefined;
  // What waits for a cycle need not be in it: go back until a node comes twice.
  for (const seen = new Set<number>(); !seen.has(at);) {
    seen.add(at);
    at = waitsFor[at]!.find((maker) => waiting[maker]! > 0)!;
  }
  return nodes[at];
}
