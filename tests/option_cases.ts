/**
 * Component cases without weights: both sides compute them from their names, so that a file holds only a configuration,
 * inputs and outputs. See `make_unet_option_goldens.py`.
 *
 * @module
 */
import type { ParameterSource } from "../backends/backend.ts";
import type { Graph } from "../graph/graph.ts";
import { sizeOf } from "../graph/tensor_spec.ts";

/** FNV-1a, 32 bits, of ASCII text. */
export function fnv1a(text: string): number {
  let h = 0x811c9dc5;
  for (const char of text) h = Math.imul(h ^ char.charCodeAt(0), 0x01000193);
  return h >>> 0;
}

/** A weight by its name: biases around 0, scales of norms around 1, matrices of unit gain. */
export function optionWeight(name: string, shape: readonly number[]): Float32Array {
  const seed = fnv1a(name);
  const fanIn = sizeOf(shape.slice(1));
  return Float32Array.from({ length: sizeOf(shape) }, (_, at) => {
    // murmur3's finaliser of a counter, in steps of 2^-23 from -1.
    let x = (seed + Math.imul(at, 0x9e3779b9)) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    const u = ((x ^ (x >>> 16)) >>> 8) / 2 ** 23 - 1;
    if (name === "time_proj.weight") return u;
    if (shape.length === 1) return name.endsWith("bias") ? 0.2 * u : 1 + 0.3 * u;
    return u * Math.sqrt(3 / fanIn);
  });
}

/** The weights of some graphs of one network, computed. */
export function optionWeights(graphs: readonly Graph[]): ParameterSource {
  const shapes = new Map<string, readonly number[]>();
  for (const { parameters } of graphs) {
    for (const { name, spec } of parameters) shapes.set(name, spec.shape);
  }
  return {
    description: "weights computed from their names",
    tensors: new Map([...shapes].map(([name, shape]) => [name, { shape, stored: "F32" }])),
    read(name, rows) {
      const shape = shapes.get(name)!;
      const all = optionWeight(name, shape);
      const row = all.length / shape[0]!;
      return Promise.resolve(
        rows === undefined ? all : all.slice(rows[0] * row, rows[1] * row),
      );
    },
  };
}

/** How many tensors and elements there are, and a hash of names and shapes. */
export interface ParameterSummary {
  /** Number of tensors. */
  readonly tensors: number;
  /** Numbers in all of them. */
  readonly elements: number;
  /** FNV-1a of `name shape` lines, sorted. */
  readonly hash: number;
}

/** What there is to know of a network's parameters. */
export function summariseParameters({ tensors }: ParameterSource): ParameterSummary {
  const all = [...tensors].sort(([a], [b]) => a < b ? -1 : 1);
  return {
    tensors: all.length,
    elements: all.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0),
    hash: fnv1a(all.map(([name, { shape }]) => `${name} ${shape.join()}`).join("\n")),
  };
}
