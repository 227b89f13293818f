/**
 * Key maps: which weight of an original checkpoint is which of diffusers'.
 *
 * A map is a list of pairs of names. It says the same in both directions, so it is written once, as tables of what is
 * in a module and where the modules are, and read forwards to open a checkpoint and backwards to write one.
 *
 * @module
 */
import type { WeightChange } from "./weight_change.ts";

/** One weight under both names. */
export interface KeyPair {
  /** diffusers' name, which our networks ask for. */
  readonly ours: string;
  /** The original's name. Up to three pairs may share one: queries, keys and values. */
  readonly theirs: string;
  /** How the original's numbers become ours; absent if they are the same. */
  readonly change?: WeightChange;
}

/** Pairs of names within a module. */
export type KeyTable = readonly KeyPair[];

/** All of a network's weights. */
export interface KeyMap {
  /** Weights that both have. */
  readonly pairs: KeyTable;
  /** Ours that the original does without, by name, with their shapes: they are zero. */
  readonly zeros?: ReadonlyMap<string, readonly number[]>;
}

/** A layer: its `weight` and, if it has one, its `bias`. The change is the weight's only. */
export function layer(ours: string, theirs: string, change?: WeightChange): KeyTable {
  const weight = { ours: `${ours}.weight`, theirs: `${theirs}.weight` };
  return [
    change === undefined ? weight : { ...weight, change },
    { ours: `${ours}.bias`, theirs: `${theirs}.bias` },
  ];
}

/** Layers that are called the same by both. */
export function sameLayers(...names: readonly string[]): KeyTable {
  return names.flatMap((name) => layer(name, name));
}

/** A table at a place: `place(RESNET, { ours: "down_blocks.0.resnets.1", theirs: "input_blocks.2.0" })`. */
export function place(
  table: KeyTable,
  { ours, theirs }: { readonly ours: string; readonly theirs: string },
): KeyTable {
  return table.map((pair) => ({
    ...pair,
    ours: join(ours, pair.ours),
    theirs: join(theirs, pair.theirs),
  }));
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** The same map for a file that stores the weights under other names. */
export function renamed(map: KeyMap, rename: (theirs: string) => string): KeyMap {
  return { ...map, pairs: map.pairs.map((pair) => ({ ...pair, theirs: rename(pair.theirs) })) };
}
