/**
 * What a pipeline's case expects, beside what was found.
 *
 * @module
 */
import type { HostTensorOf } from "../graph/tensor_spec.ts";
import { boundOf, type Comparison, magnitude } from "./comparison.ts";
import { type GoldenCase, recordedErrors } from "./golden_case.ts";
import { HALF } from "./onnx_cases.ts";
import { UnsupportedCaseError } from "./unsupported_case.ts";

/**
 * Puts every output of a case beside what was found under its name.
 *
 * @throws {UnsupportedCaseError} If one was not.
 */
export function compareOutputs(
  golden: GoldenCase,
  { found, exact }: {
    readonly found: ReadonlyMap<string, ArrayLike<number>>;
    readonly exact: boolean;
  },
): readonly Comparison[] {
  const errors = recordedErrors(golden);
  const outputs = [...golden.tensors].filter(([name]) => name.startsWith("output."));
  return outputs.map(([name, expected]) => {
    const actual = found.get(name);
    if (actual === undefined) throw new UnsupportedCaseError(name);
    const m = magnitude(expected.data);
    const bound = golden.settings.precision === "float16"
      ? HALF * m
      : boundOf("sampling", { error: errors.get(name)?.[0] ?? 0, magnitude: m, exact });
    return { name, actual, expected: expected.data, bound };
  });
}

/** `[n, c, h, w]` to `[n, h, w, c]` */
export function channelsLast({ shape, data }: HostTensorOf<"f32">): Float32Array {
  const [n, c, height, width] = shape as [number, number, number, number];
  const plane = height * width;
  const moved = new Float32Array(data.length);
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      for (let pixel = 0; pixel < plane; pixel++) {
        moved[(image * plane + pixel) * c + channel] = data[(image * c + channel) * plane + pixel]!;
      }
    }
  }
  return moved;
}
