import { assertEquals, assertNotEquals } from "@std/assert";
import * as op from "../ops/mod.ts";
import { f32 } from "../tensor_spec.ts";
import { trace } from "../trace.ts";
import { graphKey } from "./graph_key.ts";
import { subgraphs } from "./subgraphs.ts";

const graph = trace(({ x, y }, weights) => {
  const layer = (name: string, input: typeof x) =>
    weights.at(name).module((w) => op.linear(input, { weight: w.tensor("weight", [4, 4]) }));
  const first = layer("first", x);
  const second = layer("second", op.silu(first));
  return { difference: op.sub(second, first), swapped: op.sub(first, second), y };
}, { x: f32(2, 4), y: f32(3) });
const [first, silu, second, difference, swapped] = graph.nodes.map(({ id }) => id) as [
  number,
  number,
  number,
  number,
  number,
];
const [x, y] = graph.inputs.map(({ id }) => id) as [number, number];

Deno.test("a part reaches from what is given to what is wanted", () => {
  const part = subgraphs(graph)({ given: new Set([first]), outputs: [difference] });
  assertEquals(part.nodes.map(({ id }) => id), [silu, second, difference]);
  assertEquals(part.inputs, [{ name: "x0", id: first, spec: f32(2, 4) }]);
  assertEquals(part.parameters.map(({ name }) => name), ["second.weight"]);
  assertEquals(part.outputs, [{ name: "y0", id: difference }]);
  assertEquals([...part.modules], [["second", second]]);
  assertEquals(part.nodes[1], graph.nodes[2], "nodes keep ids and sites");
});

Deno.test("what is not given is computed from the graph's inputs", () => {
  const part = subgraphs(graph)({ given: new Set(), outputs: [first, silu] });
  assertEquals(part.inputs.map(({ id }) => id), [x]);
  assertEquals(part.nodes.map(({ id }) => id), [first, silu]);
  assertEquals(part.outputs.map(({ name }) => name), ["y0", "y1"]);
});

Deno.test("an output may be given, an input or a weight", () => {
  const weight = graph.parameters[0]!.id;
  const part = subgraphs(graph)({ given: new Set([silu]), outputs: [silu, y, weight] });
  assertEquals(part.nodes, []);
  assertEquals(part.inputs.map(({ id, name }) => [id, name]), [[silu, "x0"], [y, "x1"]]);
  assertEquals(part.parameters.map(({ id }) => id), [weight]);
});

Deno.test("inputs are named in the order of their use", () => {
  const given = new Set([first, second]);
  const cut = subgraphs(graph);
  const one = cut({ given, outputs: [difference] });
  const two = cut({ given, outputs: [swapped] });
  assertEquals(one.inputs.map(({ id }) => id), [second, first]);
  assertEquals(two.inputs.map(({ id }) => id), [first, second]);
  assertEquals(graphKey(one), graphKey(two));
});

Deno.test("keys tell apart ops, attributes, specs, weights and wiring", () => {
  const key = (build: Parameters<typeof trace>[0], shape = [2, 2]) =>
    graphKey(trace(build, { a: f32(...shape), b: f32(...shape) }));
  const keys = [
    key(({ a, b }) => op.sub(a!, b!)),
    key(({ a, b }) => op.sub(b!, a!)),
    key(({ a, b }) => op.add(a!, b!)),
    key(({ a, b }) => op.sub(a!, b!), [2, 3]),
    key(({ a, b }) => ({ other: op.sub(a!, b!) })),
    key(({ a }) => op.softmax(a!, { axis: 0 })),
    key(({ a }) => op.softmax(a!, { axis: 1 })),
    key(({ a }, w) => op.add(a!, w.tensor("one", [2]))),
    key(({ a }, w) => op.add(a!, w.tensor("two", [2]))),
    ...[NaN, Infinity, -Infinity, 0, -0].map((value) =>
      key(({ a }) => op.pad(a!, { pads: [[1, 1], [0, 0]], value }))
    ),
    key(({ a }) => op.clamp(a!, { min: 0 })),
    key(({ a }) => op.clamp(a!, { min: 0, max: Infinity })),
  ];
  assertEquals(new Set(keys).size, keys.length);
});

Deno.test("keys do not depend on sites or ids", () => {
  const at = (site: string) =>
    graphKey(trace(({ a }, w) => w.at(site).module(() => op.silu(a)), { a: f32(2) }));
  assertEquals(at("one"), at("two"));
  assertNotEquals(graph.nodes[0]!.site, graph.nodes[2]!.site);
});
