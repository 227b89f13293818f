/**
 * Networks by their classes in diffusers and transformers: configuration in, graphs out.
 *
 * @module
 */
import type { ConfigReader } from "../../formats/config_reader.ts";
import type { Graph } from "../../graph/graph.ts";
import { describe, type TensorSpec } from "../../graph/tensor_spec.ts";

/** The specs of a method's inputs, by diffusers' names. */
export type InputSpecs = Readonly<Record<string, TensorSpec>>;

/** One thing that a network can do: `forward`, `encode`, `decode`. */
export interface Method {
  /** Its inputs and what they mean, for messages: `sample [n, 4, h, w]`. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Inputs that may be left out. */
  readonly optional?: readonly string[];
  /** The network at these sizes. */
  graph(specs: InputSpecs): Graph;
}

/** A network whose configuration is read; weights are not involved. */
export interface Network {
  /** The class's name. */
  readonly className: string;
  /** What it can do, by name. */
  readonly methods: ReadonlyMap<string, Method>;
}

/** Reads a class's configuration. */
export type NetworkReader = (config: ConfigReader) => Network;

/** A network was given inputs that it does not take. */
export class ComponentError extends Error {
  /** The name of this class. */
  override name = "ComponentError";
}

/**
 * Finds a method and checks the names, types and ranks of its inputs.
 *
 * @throws {ComponentError} If there is no such method, or an input is missing, unknown, or of a wrong type or rank.
 */
export function checkMethod(
  network: Network,
  options: { readonly method: string; readonly specs: InputSpecs },
): Method {
  const { className, methods } = network;
  const method = methods.get(options.method);
  if (method === undefined) {
    throw new ComponentError(
      `Cannot run ${options.method} of ${className}: it has ${[...methods.keys()].join(", ")}`,
    );
  }
  const list = Object.entries(method.inputs).map(([name, text]) => `${name} ${text}`).join(", ");
  for (const [name, text] of Object.entries(method.inputs)) {
    const spec = options.specs[name];
    if (spec === undefined) {
      if (method.optional?.includes(name)) continue;
      throw new ComponentError(`Cannot run ${className}: ${name} is missing; it takes ${list}`);
    }
    const rank = text.split("]")[0]!.split(",").length;
    const dtype = text.includes("whole numbers") ? "i32" : "f32";
    if (spec.dtype !== dtype || spec.shape.length !== rank) {
      throw new ComponentError(
        `Cannot run ${className}: ${name} is ${describe(spec)}, but it takes ${dtype}${text}`,
      );
    }
  }
  for (const name of Object.keys(options.specs)) {
    if (!(name in method.inputs)) {
      throw new ComponentError(
        `Cannot run ${className}: it has no input ${name}; it takes ${list}`,
      );
    }
  }
  return method;
}
