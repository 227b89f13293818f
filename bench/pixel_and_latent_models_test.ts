import { assertAlmostEquals, assertEquals } from "@std/assert";
import { flopCount } from "../graph/passes/flop_count.ts";
import { type Graph, parameterCount } from "../mod.ts";
import { firstStage, PAPER_NETWORKS, stageGraph, unetGraph } from "./pixel_and_latent_models.ts";

Deno.test("the paper's networks have its numbers of weights, in millions", () => {
  const counts = PAPER_NETWORKS.map((model) => parameterCount(unetGraph(model, 256)));
  assertEquals(counts.map((count) => Math.round(count / 1e6)), [270, 274, 258]);
});

Deno.test("counted operations are twice the multiplications known of published networks", () => {
  const giga = (graph: Graph) => {
    const { total, rest } = flopCount(graph);
    return (total - rest) / 2e9;
  };
  const decoder = (name: string, pixels: number) =>
    stageGraph(firstStage(name), { method: "decode", pixels });
  const encoder = stageGraph(firstStage("kl-f8"), { method: "encode", pixels: 512 });
  // Computed from the original definitions, in whole billions.
  assertAlmostEquals(giga(unetGraph(PAPER_NETWORKS[1]!, 256)), 101, 1);
  assertAlmostEquals(giga(decoder("vq-f4", 256)), 335, 1);
  assertAlmostEquals(giga(decoder("vq-f4", 512)), 1547, 1);
  assertAlmostEquals(giga(decoder("kl-f8", 512)), 1257, 1);
  assertAlmostEquals(giga(decoder("vq-f4-noattn", 512)), 1255, 1);
  assertAlmostEquals(giga(encoder), 558, 1);
});

Deno.test("a first stage without attention is the same less the attention's weights", () => {
  const [with_, without] = [true, false].map((attention) =>
    stageGraph(firstStage("vq-f4", { attention, channels: 16 }), { method: "decode", pixels: 64 })
  );
  // Four maps of 64 channels onto themselves, and a normalisation.
  const own = 4 * (64 * 64 + 64) + 2 * 64;
  assertEquals(parameterCount(with_!) - parameterCount(without!), own);
});
