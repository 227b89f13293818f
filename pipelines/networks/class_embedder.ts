/**
 * The table of classes of class-conditional latent diffusion, from its configuration in the original's words.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import { trace } from "../../graph/trace.ts";
import { embedClasses } from "../../models/class_embedder.ts";
import type { Network } from "./network.ts";

/** Wider than any embedding. */
const MAX_WIDTH = 2 ** 16;

/** What `ClassEmbedder` is configured with. */
export interface ClassEmbedderConfig {
  /** Rows of the table, `n_classes`. */
  readonly count: number;
  /** Width of a class's token, `embed_dim`. */
  readonly width: number;
}

/**
 * Reads a table's sizes.
 *
 * @throws {ModelError} Naming a key that is missing, wrong or not supported.
 */
export function readClassEmbedderConfig(c: ConfigReader): ClassEmbedderConfig {
  const config = {
    count: c.integer("n_classes"),
    width: c.integer("embed_dim", undefined, { max: MAX_WIDTH }),
  };
  c.done();
  return config;
}

/** `ClassEmbedder` as a network with the method `forward`: a class is one token that the denoiser attends to. */
export function classEmbedderNetwork(c: ConfigReader): Network {
  const config = readClassEmbedderConfig(c);
  return {
    className: "ClassEmbedder",
    methods: new Map([["forward", {
      inputs: { class_labels: "[n] of whole numbers" },
      graph: (specs) =>
        trace(
          ({ class_labels }, weights) => ({
            last_hidden_state: embedClasses(config, class_labels!, weights),
          }),
          specs,
        ),
    }]]),
  };
}
