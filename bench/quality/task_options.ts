/**
 * What the measurements of a task are started with.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { type BackendChoice, BACKENDS } from "../../mod.ts";

/** Settings of a measurement. */
export interface TaskOptions {
  /** An embedded model's name, or a folder. */
  readonly model: string;
  /** How many unseen scenes. */
  readonly scenes: number;
  readonly backend: BackendChoice & string;
  /** Where everything measured goes, as JSON. */
  readonly json: string | undefined;
}

/**
 * Reads `[--model NAME|FOLDER] [--scenes 200] [--backend onnxruntime] [--json FILE]`.
 *
 * @param model The model where none is named.
 * @throws {Error} If an argument is not known or has no meaning.
 */
export function readTaskOptions(args: readonly string[], model: string): TaskOptions {
  const options = parseArgs([...args], {
    string: ["model", "scenes", "backend", "json"],
    default: { model, scenes: "200", backend: "onnxruntime" },
    unknown(argument) {
      throw new Error(
        `Cannot use the argument ${argument}: wanted [--model NAME|FOLDER] [--scenes 200] [--backend onnxruntime] [--json FILE]`,
      );
    },
  });
  const scenes = Number(options.scenes);
  if (!(Number.isInteger(scenes) && scenes >= 2)) {
    throw new Error(`Cannot measure ${options.scenes} scenes: wanted a whole number from 2`);
  }
  const backend = BACKENDS.find((name) => name === options.backend);
  if (backend === undefined) {
    throw new Error(
      `Cannot measure on ${options.backend}: wanted one of ${BACKENDS.join(", ")}`,
    );
  }
  return {
    model: String(options.model),
    scenes,
    backend,
    json: options.json as string | undefined,
  };
}
