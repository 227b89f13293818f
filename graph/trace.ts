/**
 * Running a network's function on symbolic tensors and keeping what it did.
 *
 * @module
 */
import type { Graph, NamedValue, Node, ValueId } from "./graph.ts";
import { type OpDefinition, ShapeError } from "./op.ts";
import type { OpAttributes, OpName } from "./ops/mod.ts";
import { describe, type DType, sameShape, type TensorSpec } from "./tensor_spec.ts";

/** A value of the graph that is being traced: a shape and a type, no data, nothing to dispose. */
export class Tensor implements TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Its name in the graph. */
  readonly id: ValueId;

  /** Made by {@linkcode trace} and by ops only. */
  constructor(id: ValueId, spec: TensorSpec) {
    this.id = id;
    this.shape = spec.shape;
    this.dtype = spec.dtype;
  }

  /** Size of an axis; negative axes count from the end. */
  size(axis: number): number {
    const size = this.shape.at(axis);
    if (size === undefined) throw new RangeError(`Cannot read axis ${axis} of ${describe(this)}`);
    return size;
  }
}

/** The graph in the making. */
class Recording {
  readonly inputs: NamedValue[] = [];
  readonly parameters = new Map<string, NamedValue>();
  readonly nodes: Node[] = [];
  readonly modules = new Map<string, ValueId>();
  readonly tensors: Tensor[] = [];
  site = "";

  value(spec: TensorSpec): Tensor {
    const tensor = new Tensor(this.tensors.length, { ...spec, shape: [...spec.shape] });
    this.tensors.push(tensor);
    return tensor;
  }

  input(name: string, spec: TensorSpec): Tensor {
    const tensor = this.value(spec);
    // A host tensor is a spec too: its data stays outside.
    const { shape, dtype } = tensor;
    this.inputs.push({ name, id: tensor.id, spec: { shape, dtype } });
    return tensor;
  }

  parameter(name: string, shape: readonly number[]): Tensor {
    const known = this.parameters.get(name);
    if (known === undefined) {
      const spec: TensorSpec = { shape, dtype: "f32" };
      const tensor = this.value(spec);
      this.parameters.set(name, { name, id: tensor.id, spec });
      return tensor;
    }
    if (!sameShape(known.spec.shape, shape)) {
      throw new ShapeError(
        `use ${name} as [${shape.join(", ")}]`,
        `it is [${known.spec.shape.join(", ")}] elsewhere in this graph`,
        this.site,
      );
    }
    return this.tensors[known.id]!;
  }
}

let recording: Recording | undefined;

function current(): Recording {
  if (recording === undefined) {
    throw new Error("Cannot apply an op here: ops work only inside the function given to trace");
  }
  return recording;
}

/** Applies an op in the trace in progress. Op files call it; models call the ops. */
export function apply<Op extends OpName>(
  definition: OpDefinition<Op>,
  inputs: readonly Tensor[],
  attributes: OpAttributes[Op],
): Tensor {
  const { nodes, tensors, site, value } = current();
  for (const tensor of inputs) {
    if (tensors[tensor.id] !== tensor) {
      throw new Error(
        `Cannot use a tensor of another trace in ${definition.name} at ${site || "the top"}`,
      );
    }
  }
  let output: TensorSpec;
  try {
    // An op may give back its input's spec, which is a tensor here: a graph is data.
    const { shape, dtype } = definition.infer(inputs, attributes);
    if (shape.some((size) => !Number.isInteger(size) || size < 0)) {
      throw new ShapeError(
        `apply ${definition.name} to ${inputs.map(describe).join(", ")}`,
        `its result would be [${shape.join(", ")}], and sizes are whole numbers`,
      );
    }
    output = { shape, dtype };
  } catch (error) {
    if (error instanceof ShapeError && site !== "") {
      throw new ShapeError(error.action, error.reason, site);
    }
    throw error;
  }
  const tensor = value.call(recording, output);
  nodes.push(
    {
      id: tensor.id,
      op: definition.name,
      attributes,
      inputs: inputs.map(({ id }) => id),
      output,
      site,
      // The compiler cannot see that `op` and `attributes` belong together: both are of type Op.
    } as unknown as Node,
  );
  return tensor;
}

/**
 * A cursor in a checkpoint: hands out named parameters of the trace in progress.
 *
 * @example A linear layer
 * ```ts
 * import { f32, linear, trace } from "@denoise/denoise";
 *
 * const graph = trace(({ x }, weights) =>
 *   weights.at("proj").module((w) => linear(x, { weight: w.tensor("weight", [8, 4]) })), {
 *   x: f32(1, 4),
 * });
 * graph.parameters[0]!.name; // "proj.weight"
 * ```
 */
export class Weights {
  /** Where the cursor stands: `down_blocks.0.resnets.1`, `""` at the top. */
  readonly path: string;

  /** A cursor at a path. */
  constructor(path = "") {
    this.path = path;
  }

  /** A cursor one or more names deeper. */
  at(name: string): Weights {
    return new Weights(this.path === "" ? name : `${this.path}.${name}`);
  }

  /** The parameter `name` below the cursor, which must have this shape in every checkpoint. */
  tensor(name: string, shape: readonly number[]): Tensor {
    return current().parameter(this.at(name).path, shape);
  }

  /** Runs `build` as the module at the cursor: its nodes get the path as site, its result the path as name. */
  module(build: (weights: Weights) => Tensor): Tensor {
    const tracing = current();
    const outer = tracing.site;
    tracing.site = this.path;
    try {
      const result = build(this);
      tracing.modules.set(this.path, result.id);
      return result;
    } finally {
      tracing.site = outer;
    }
  }
}

/** What a traced function returns: one tensor, which is then called `output`, or several by name. */
export type Traced = Tensor | Readonly<Record<string, Tensor>>;

/**
 * Runs `build` once on symbolic tensors and returns what it did as a graph.
 *
 * @param build The network: a pure function of tensors and a cursor in its checkpoint.
 * @param inputs The spec of every input.
 * @throws {ShapeError} If shapes do not fit, with the site.
 *
 * @example
 * ```ts
 * import { add, f32, trace } from "@denoise/denoise";
 *
 * const graph = trace(({ a, b }) => add(a, b), { a: f32(2, 3), b: f32(3) });
 * graph.nodes[0]!.output.shape; // [2, 3]
 * ```
 */
export function trace<Names extends string>(
  build: (inputs: Readonly<Record<Names, Tensor>>, weights: Weights) => Traced,
  inputs: Readonly<Record<Names, TensorSpec>>,
): Graph {
  const outer = recording;
  const tracing = new Recording();
  recording = tracing;
  try {
    const tensors = Object.fromEntries(
      Object.entries<TensorSpec>(inputs).map(([name, spec]) => [name, tracing.input(name, spec)]),
    ) as Record<Names, Tensor>;
    const result = build(tensors, new Weights());
    const named: Readonly<Record<string, Tensor>> = result instanceof Tensor
      ? { output: result }
      : result;
    for (const [name, tensor] of Object.entries(named)) {
      if (tracing.tensors[tensor.id] !== tensor) {
        throw new Error(`Cannot output ${name}: it is a tensor of another trace`);
      }
    }
    return {
      inputs: tracing.inputs,
      parameters: [...tracing.parameters.values()],
      nodes: tracing.nodes,
      outputs: Object.entries(named).map(([name, { id }]) => ({ name, id })),
      modules: tracing.modules,
    };
  } finally {
    recording = outer;
  }
}
