/**
 * Tensors in the form that somebody's ONNX file wants them in.
 *
 * @module
 */
import type { ModelFeed } from "../../backends/onnxruntime/model.ts";
import type { OrtType } from "../../backends/onnxruntime/protocol.ts";
import { OnnxError } from "../../formats/onnx/onnx_error.ts";
import type { SignatureValue } from "../../formats/onnx/signature.ts";
import type { TensorSpec } from "../../graph/tensor_spec.ts";
import { ComponentError } from "../networks/network.ts";

/** What an input may be of: ids are whole numbers, samples are not, timesteps are either. */
export type Numbers = "whole" | "float" | "any";

const TYPES: Readonly<Record<Numbers, readonly OrtType[]>> = {
  whole: ["int64", "int32"],
  float: ["float32", "float16"],
  any: ["int64", "int32", "float32", "float16"],
};

/**
 * The type of a file's input, if it is one that it may have.
 *
 * @throws {OnnxError} If it is not.
 */
export function inputType(
  port: SignatureValue,
  { numbers, where }: { readonly numbers: Numbers; readonly where: string },
): OrtType {
  const type = TYPES[numbers].find((known) => known === port.type);
  if (type !== undefined) return type;
  throw new OnnxError(
    `Cannot use ${where}: its input ${port.name} is ${port.type}, but must be ${
      TYPES[numbers].join(" or ")
    }`,
  );
}

/**
 * How a tensor is given: the file's own type, and sizes that fit.
 *
 * @throws {ComponentError} If the file takes other sizes.
 */
export function bindInput(
  port: SignatureValue,
  { spec, numbers, where }: {
    readonly spec: TensorSpec;
    readonly numbers: Numbers;
    readonly where: string;
  },
): Omit<ModelFeed, "input"> {
  checkSizes(port, { spec, where });
  return { as: inputType(port, { numbers, where }) };
}

/**
 * How a timestep `[1]` is given. A file takes a scalar; or a vector whose length is fixed, or that of the batch where it bears the
 * batch's name, or else free.
 */
export function bindTimestep(
  port: SignatureValue,
  { sample, batch, where }: {
    readonly sample: SignatureValue;
    readonly batch: number;
    readonly where: string;
  },
): Omit<ModelFeed, "input"> {
  const as = inputType(port, { numbers: "any", where });
  const [length] = port.dims ?? [];
  if (port.dims?.length === 0) return { as, dims: [] };
  if (typeof length === "number") return { as, dims: [length] };
  const isBatch = length !== "" && length === sample.dims?.[0];
  return { as, dims: [isBatch ? batch : 1] };
}

/**
 * Checks sizes against those that a file has fixed.
 *
 * @throws {ComponentError} If they differ.
 */
export function checkSizes(
  { name, dims }: SignatureValue,
  { spec, where }: { readonly spec: TensorSpec; readonly where: string },
): void {
  if (dims === null) return;
  const fits = dims.length === spec.shape.length &&
    dims.every((size, axis) => typeof size === "string" || size === spec.shape[axis]);
  if (fits) return;
  throw new ComponentError(
    `Cannot run ${where}: ${name} is [${spec.shape.join(", ")}], but the file takes [${
      dims.map((size) => size === "" ? "any" : size).join(", ")
    }]`,
  );
}
