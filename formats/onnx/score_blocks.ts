/**
 * Attention whose scores are too many to be written to memory at once.
 *
 * @module
 */
import { type Graph, specsOf } from "../../graph/graph.ts";

/** More scores than this, 1 GiB, are not written at once: WebAssembly has 4 GiB for everything. */
const MOST_SCORES = 2 ** 28;
/** Then there are about as many at a time. */
const BLOCK = 2 ** 26;

/**
 * How many queries are answered at a time; undefined for all of them at once.
 *
 * @param q The queries' shape, `[n, heads, queries, width]`.
 * @param k The keys'.
 */
export function queriesAtOnce(q: readonly number[], k: readonly number[]): number | undefined {
  const [n, heads, queries] = q as [number, number, number];
  const row = n * heads * k[2]!;
  return queries * row <= MOST_SCORES ? undefined : Math.max(1, Math.floor(BLOCK / row));
}

/** About how many scores are in memory at once, of `count` in all. */
export function scoresAtOnce(count: number): number {
  return count <= MOST_SCORES ? count : BLOCK;
}

/** Whether a graph has attention that is done block by block: it is written for its own sizes only. */
export function hasScoreBlocks(graph: Graph): boolean {
  const specs = specsOf(graph);
  return graph.nodes.some(({ op, inputs }) =>
    op === "attention" &&
    queriesAtOnce(specs.get(inputs[0]!)!.shape, specs.get(inputs[1]!)!.shape) !== undefined
  );
}
