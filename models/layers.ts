/**
 * The layers that checkpoints name: an op with its weights at a cursor.
 *
 * @module
 */
import * as op from "../graph/ops/mod.ts";
import type { Tensor, Weights } from "../graph/trace.ts";

/** Activation functions of diffusers' networks, by the names that configurations use. */
export const DIFFUSERS_ACTIVATIONS = ["silu", "swish", "gelu", "relu", "mish"] as const;

/** Activation functions by the names that configurations use: diffusers' and those of transformers' text encoders. */
export const ACTIVATIONS = [
  ...DIFFUSERS_ACTIVATIONS,
  "gelu_new",
  "gelu_pytorch_tanh",
  "quick_gelu",
  "sigmoid",
  "tanh",
] as const;

/** An activation function by its name in a configuration. */
export type Activation = typeof ACTIVATIONS[number];

/** Applies an activation function. */
export function activate(x: Tensor, activation: Activation): Tensor {
  switch (activation) {
    case "silu":
    case "swish":
      return op.silu(x);
    case "gelu":
      return op.gelu(x);
    case "gelu_new":
    case "gelu_pytorch_tanh":
      return op.unary("geluTanh", x);
    case "quick_gelu":
      return op.unary("quickGelu", x);
    case "relu":
    case "sigmoid":
    case "tanh":
      return op.unary(activation, x);
    case "mish": {
      // x tanh(softplus(x)) with softplus(x) = max(x, 0) + log(1 + exp(-|x|)), which does not overflow.
      const tail = op.unary("log", op.add(1, op.exp(op.unary("negate", op.abs(x)))));
      return op.mul(x, op.unary("tanh", op.add(op.unary("relu", x), tail)));
    }
  }
}

/** An affine map of the last axis to `out` features. */
export function linear(
  w: Weights,
  x: Tensor,
  options: { readonly out: number; readonly bias?: boolean },
): Tensor {
  const { out, bias = true } = options;
  return w.module(() =>
    op.linear(x, {
      weight: w.tensor("weight", [out, x.size(-1)]),
      bias: bias ? w.tensor("bias", [out]) : undefined,
    })
  );
}

/** Settings of {@linkcode conv2d}. */
export interface ConvOptions {
  /** Channels of the result. */
  readonly out: number;
  /** Side of the square window, 3 unless said otherwise. */
  readonly kernel?: number;
  /** 1 unless said otherwise. */
  readonly stride?: number;
  /** Zeros on every side; (kernel - 1) / 2 unless said otherwise, which keeps the size at stride 1. */
  readonly padding?: number;
  /** Whether there is a bias; there is unless said otherwise. */
  readonly bias?: boolean;
}

/** A square convolution of `x [n, c, h, w]`. */
export function conv2d(w: Weights, x: Tensor, options: ConvOptions): Tensor {
  const { out, kernel = 3, stride = 1, padding = Math.floor((kernel - 1) / 2), bias = true } =
    options;
  return w.module(() =>
    op.conv2d(x, {
      weight: w.tensor("weight", [out, x.size(1), kernel, kernel]),
      bias: bias ? w.tensor("bias", [out]) : undefined,
      stride: [stride, stride],
      padding: [padding, padding, padding, padding],
    })
  );
}

/** Group normalisation of `x [n, c, ...]`. */
export function groupNorm(
  w: Weights,
  x: Tensor,
  options: { readonly groups: number; readonly epsilon: number },
): Tensor {
  const channels = [x.size(1)];
  return w.module(() =>
    op.groupNorm(x, {
      ...options,
      weight: w.tensor("weight", channels),
      bias: w.tensor("bias", channels),
    })
  );
}

/** Layer normalisation of the last axis. */
export function layerNorm(
  w: Weights,
  x: Tensor,
  options: { readonly epsilon?: number } = {},
): Tensor {
  const features = [x.size(-1)];
  return w.module(() =>
    op.layerNorm(x, {
      epsilon: options.epsilon ?? 1e-5,
      weight: w.tensor("weight", features),
      bias: w.tensor("bias", features),
    })
  );
}

/** Rows of a learned table `[count, width]`. */
export function embedding(
  w: Weights,
  ids: Tensor,
  options: { readonly count: number; readonly width: number },
): Tensor {
  return w.module(() =>
    op.embedding(ids, { table: w.tensor("weight", [options.count, options.width]) })
  );
}
