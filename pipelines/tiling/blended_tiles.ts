/**
 * An autoencoder that works tile by tile as diffusers' `enable_tiling()` has it, with the same numbers.
 *
 * @module
 */
import type { Value } from "../../backends/backend.ts";
import { add, concat, gather, mul, slice } from "../../graph/ops/mod.ts";
import { f32, type HostTensor, hostTensor, i32 } from "../../graph/tensor_spec.ts";
import { trace } from "../../graph/trace.ts";
import type { Arithmetic } from "../arithmetic.ts";
import type { Component } from "../component.ts";
import { SettingsError } from "../settings.ts";

/** Settings of {@linkcode blendedTiles}. */
export interface BlendedTilesOptions {
  readonly arithmetic: Arithmetic;
  /** `decode` takes latents, `encode` pictures. */
  readonly method: "decode" | "encode";
  /** The method's output: `sample`; of an encoder `quant_conv`, the moments that diffusers blends. */
  readonly output: string;
  /** Side of a tile of the input. */
  readonly tile: number;
  /** Side of what a tile becomes. */
  readonly becomes: number;
  /** Share of a tile that overlaps the next. Default 1/4. */
  readonly overlap?: number;
}

/**
 * Runs an autoencoder on tiles from left to right and top to bottom, the last ones cut off by the edges, and fades each into
 * the next over the overlap: diffusers' `tiled_decode` and `tiled_encode`. Each tile has normalisation statistics of its own
 * and a quarter overlaps less than a decoder reaches, so that the grid may show. The result is the caller's.
 *
 * @param input `[n, c, height, width]`
 * @throws {SettingsError} If a tile's sides or the overlap leave nothing.
 */
export async function blendedTiles(
  component: Component,
  input: Value,
  options: BlendedTilesOptions,
): Promise<Value> {
  const { method, output, tile, becomes, overlap = 0.25 } = options;
  const stride = Math.trunc(tile * (1 - overlap));
  const extent = Math.trunc(becomes * overlap);
  const limit = becomes - extent;
  if (!(stride >= 1 && limit >= 1 && extent >= 0)) {
    throw new SettingsError(
      `Cannot use tiles of ${tile} that overlap by ${overlap}: nothing would be left of a tile`,
    );
  }
  const [n, c, height, width] = input.spec.shape as [number, number, number, number];
  const key = method === "decode" ? "z" : "x";
  const lists = { tops: starts(height, stride), lefts: starts(width, stride) };
  using owned = new Owned();
  const tools = new Blending(options.arithmetic);
  const bands: Value[] = [];
  let above: Value[] = [];
  for (const top of lists.tops) {
    const row: Value[] = [];
    for (const [at, left] of lists.lefts.entries()) {
      const sides = { height: Math.min(tile, height - top), width: Math.min(tile, width - left) };
      using part = await tools.cut(input, { top, left, ...sides });
      const program = await component.program({ [key]: f32(n, c, sides.height, sides.width) }, {
        method,
        outputs: [output],
      });
      let made = owned.take(program.run({ [key]: part })[output]!);
      for (const [axis, before] of [[2, above[at]], [3, row.at(-1)]] as const) {
        if (before === undefined || extent === 0) continue;
        const alone = made;
        made = owned.take(await tools.blend(before, alone, { axis, extent }));
        owned.free([alone]);
      }
      row.push(made);
    }
    bands.push(owned.take(await tools.join(row, { axis: 3, limit })));
    owned.free(above);
    above = row;
  }
  return await tools.join(bands, { axis: 2, limit });
}

/** Every `stride`-th position. */
function starts(side: number, stride: number): number[] {
  return Array.from({ length: Math.ceil(side / stride) }, (_, at) => at * stride);
}

/** Values that are freed at the end, or before it. */
class Owned implements Disposable {
  readonly #values = new Set<Value>();

  take(value: Value): Value {
    this.#values.add(value);
    return value;
  }

  free(values: readonly Value[]): void {
    for (const value of values) if (this.#values.delete(value)) value[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.free([...this.#values]);
  }
}

/** What happens to tiles between the networks. Results are the caller's. */
class Blending {
  readonly #arithmetic: Arithmetic;

  constructor(arithmetic: Arithmetic) {
    this.#arithmetic = arithmetic;
  }

  /** A part of a whole. */
  async cut(
    whole: Value,
    box: {
      readonly top: number;
      readonly left: number;
      readonly height: number;
      readonly width: number;
    },
  ): Promise<Value> {
    const { spec } = whole;
    const program = await this.#arithmetic.program(
      `cut ${spec.shape.join()} ${box.height},${box.width}`,
      () =>
        trace(({ whole, rows, columns }) => ({
          tile: gather(gather(whole, { axis: 2, indices: rows }), { axis: 3, indices: columns }),
        }), { whole: spec, rows: i32(box.height), columns: i32(box.width) }),
    );
    const rows = countFrom(box.top, box.height);
    const columns = countFrom(box.left, box.width);
    return program.run({ whole, rows, columns }).tile!;
  }

  /** `second` with its beginning faded in from the end of `first`. */
  async blend(
    first: Value,
    second: Value,
    { axis, extent }: { readonly axis: 2 | 3; readonly extent: number },
  ): Promise<Value> {
    const [a, b] = [first.spec, second.spec];
    const [from, side] = [a.shape[axis]!, b.shape[axis]!];
    const length = Math.min(from, side, extent);
    const rampShape = axis === 2 ? [1, 1, length, 1] : [1, 1, 1, length];
    const program = await this.#arithmetic.program(
      `blend tiles ${axis} ${length} ${a.shape.join()} ${b.shape.join()}`,
      () =>
        trace(({ first, second, out, into }) => {
          const end = slice(first, { axis, start: from - length, stop: from });
          const begin = slice(second, { axis, start: 0, stop: length });
          const mixed = add(mul(end, out), mul(begin, into));
          if (length === side) return { tile: mixed };
          const rest = slice(second, { axis, start: length, stop: side });
          return { tile: concat([mixed, rest], { axis }) };
        }, { first: a, second: b, out: f32(...rampShape), into: f32(...rampShape) }),
    );
    const into = Float32Array.from({ length }, (_, at) => at / length);
    const out = Float32Array.from({ length }, (_, at) => 1 - at / length);
    return program.run({
      first,
      second,
      out: hostTensor(rampShape, out),
      into: hostTensor(rampShape, into),
    }).tile!;
  }

  /** The first `limit` positions of each part, one after the other. */
  async join(
    parts: readonly Value[],
    { axis, limit }: { readonly axis: 2 | 3; readonly limit: number },
  ): Promise<Value> {
    const shapes = parts.map(({ spec }) => spec.shape.join()).join(" ");
    const named = parts.map((part, at) => [`part.${at}`, part] as const);
    const program = await this.#arithmetic.program(
      `join tiles ${axis} ${limit} ${shapes}`,
      () =>
        trace<string>((given) => {
          const cropped = named.map(([name]) => {
            const part = given[name]!;
            const stop = Math.min(limit, part.size(axis));
            return slice(part, { axis, start: 0, stop });
          });
          return { whole: cropped.length === 1 ? cropped[0]! : concat(cropped, { axis }) };
        }, Object.fromEntries(named.map(([name, part]) => [name, part.spec]))),
    );
    return program.run(Object.fromEntries(named)).whole!;
  }
}

function countFrom(start: number, length: number): HostTensor {
  return {
    dtype: "i32",
    shape: [length],
    data: Int32Array.from({ length }, (_, at) => start + at),
  };
}
