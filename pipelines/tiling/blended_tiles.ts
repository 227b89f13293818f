/**
 * An autoencoder that works tile by tile as diffusers' `enable_tiling()` has it, with the same numbers.
 *
 * @module
 */
import type { Backend, Program, Value } from "../../backends/backend.ts";
import { specsOf } from "../../graph/graph.ts";
import { add, concat, mul, slice } from "../../graph/ops/mod.ts";
import { f32, type HostTensor, hostTensor, type TensorSpec } from "../../graph/tensor_spec.ts";
import { trace } from "../../graph/trace.ts";
import { Arithmetic } from "../arithmetic.ts";
import type { Component } from "../component.ts";
import { SettingsError } from "../settings.ts";
import { cutProgram } from "./cut_and_join.ts";
import type { Sides } from "./tile_grid.ts";

/** Settings of {@linkcode blendedTiles}. */
export interface BlendedTilesOptions {
  readonly backend: Backend;
  /** `decode` takes latents, `encode` pictures. */
  readonly method: "decode" | "encode";
  /** The method's output: `sample`; of an encoder `quant_conv`, the moments that diffusers blends. */
  readonly output: string;
  /** Side of a tile of the input. */
  readonly tile: number;
  /** From the beginning of a tile to that of the next. diffusers: `trunc(tile (1 - overlap))`, of a share of 1/4. */
  readonly stride: number;
  /** Side of what a tile becomes. */
  readonly becomes: number;
  /** How much of that is faded into the next. diffusers: `trunc(becomes overlap)`. */
  readonly extent: number;
}

/**
 * Compiles what runs an autoencoder on tiles from left to right and top to bottom, the last ones cut off by the edges, and fades
 * each into the next over the overlap: diffusers' `tiled_decode` and `tiled_encode`. Each tile has normalisation statistics of
 * its own and a quarter overlaps less than a decoder reaches, so that the grid may show.
 *
 * @param spec Of the input, `[n, c, height, width]`.
 * @throws {SettingsError} If a tile's sides or the overlap leave nothing.
 */
export async function blendedTiles(
  component: Component,
  spec: TensorSpec,
  options: BlendedTilesOptions,
): Promise<BlendedTiles> {
  const { method, output, tile, stride, becomes, extent, backend } = options;
  const limit = becomes - extent;
  if (!(stride >= 1 && limit >= 1 && extent >= 0)) {
    throw new SettingsError(
      `Cannot use tiles of ${tile} from ${stride} to ${stride}, faded over ${extent}: nothing would be left of a tile`,
    );
  }
  const [n, c, height, width] = spec.shape as [number, number, number, number];
  const key = method === "decode" ? "z" : "x";
  using stack = new DisposableStack();
  // All programs are needed again and again, and each pair of sides may need its own.
  const arithmetic = stack.use(new Arithmetic(backend, Infinity));
  const networks = new Map<string, Program>();
  const network = async (...sides: [height: number, width: number]): Promise<Program> => {
    const known = networks.get(sides.join());
    if (known !== undefined) return known;
    const program = stack.use(
      await component.compile({ [key]: f32(n, c, ...sides) }, { method, outputs: [output] }),
    );
    networks.set(sides.join(), program);
    return program;
  };
  const make = async (box: Box): Promise<MadeTile> => {
    const cut = await cutting(arithmetic, { spec, box });
    const program = await network(box.height, box.width);
    const made = specsOf(program.graph).get(program.graph.outputs[0]!.id)!;
    const run = (input: Value): Value => {
      using part = cut(input);
      return program.run({ [key]: part })[output]!;
    };
    return { spec: made, run, fades: [] };
  };
  const rows: { readonly tiles: MadeTile[]; readonly join: Join }[] = [];
  for (const top of starts(height, stride)) {
    const tiles: MadeTile[] = [];
    for (const [at, left] of starts(width, stride).entries()) {
      const sides = { height: Math.min(tile, height - top), width: Math.min(tile, width - left) };
      const { fades, ...made } = await make({ top, left, ...sides });
      const befores = { above: rows.at(-1)?.tiles[at], left: tiles.at(-1) };
      for (const side of extent === 0 ? [] : ["above", "left"] as const) {
        const before = befores[side]?.spec;
        if (before === undefined) continue;
        const axis = side === "above" ? 2 : 3;
        const fade = await fading(arithmetic, { before, spec: made.spec, axis, extent });
        fades.push({ side, fade });
      }
      tiles.push({ ...made, fades });
    }
    const specs = tiles.map(({ spec }) => spec);
    rows.push({ tiles, join: await joining(arithmetic, { specs, axis: 3, limit }) });
  }
  const bands = rows.map(({ join }) => join.spec);
  const last = await joining(arithmetic, { specs: bands, axis: 2, limit });
  const owned = stack.move();
  return {
    spec: last.spec,
    run: (input) => runTiles(input, { rows, last }),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** What runs an autoencoder on tiles. */
export interface BlendedTiles extends Disposable {
  /** Of what comes of a whole. */
  readonly spec: TensorSpec;
  /** What comes of a whole; it is the caller's. */
  run(input: Value): Value;
}

/** A tile of the input. */
interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** A tile and how it comes to be. */
interface MadeTile {
  readonly spec: TensorSpec;
  readonly run: (input: Value) => Value;
  /** What it is faded in from, in this order. */
  readonly fades: {
    readonly side: "above" | "left";
    readonly fade: (before: Value, tile: Value) => Value;
  }[];
}

/** Parts in a row, or rows one below the other. */
interface Join {
  readonly spec: TensorSpec;
  readonly run: (parts: readonly Value[]) => Value;
}

function runTiles(
  input: Value,
  { rows, last }: {
    readonly rows: readonly { readonly tiles: readonly MadeTile[]; readonly join: Join }[];
    readonly last: Join;
  },
): Value {
  using owned = new Owned();
  const bands: Value[] = [];
  let aboves: Value[] = [];
  for (const { tiles, join } of rows) {
    const row: Value[] = [];
    for (const [at, { run, fades }] of tiles.entries()) {
      let made = owned.take(run(input));
      for (const { side, fade } of fades) {
        const alone = made;
        made = owned.take(fade((side === "above" ? aboves[at] : row.at(-1))!, alone));
        owned.free([alone]);
      }
      row.push(made);
    }
    bands.push(owned.take(join.run(row)));
    owned.free(aboves);
    aboves = row;
  }
  return last.run(bands);
}

/** How many tiles there are on a whole, and how many times its positions they have together. */
export function countBlendedTiles(
  { height, width }: Sides,
  { tile, stride }: Pick<BlendedTilesOptions, "tile" | "stride">,
): { readonly tiles: number; readonly overhead: number } {
  const covered = (side: number) =>
    starts(side, stride).reduce((sum, start) => sum + Math.min(tile, side - start), 0);
  return {
    tiles: starts(height, stride).length * starts(width, stride).length,
    overhead: covered(height) * covered(width) / (height * width),
  };
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

/** A part of a whole. */
async function cutting(
  arithmetic: Arithmetic,
  { spec, box }: { readonly spec: TensorSpec; readonly box: Box },
): Promise<(whole: Value) => Value> {
  const program = await cutProgram(arithmetic, { spec, tile: box });
  const rows = countFrom(box.top, box.height);
  const columns = countFrom(box.left, box.width);
  return (whole) => program.run({ whole, rows, columns }).tile!;
}

/** A tile with its beginning faded in from the end of the one before. */
async function fading(
  arithmetic: Arithmetic,
  { before, spec, axis, extent }: {
    readonly before: TensorSpec;
    readonly spec: TensorSpec;
    readonly axis: 2 | 3;
    readonly extent: number;
  },
): Promise<(before: Value, tile: Value) => Value> {
  const [from, side] = [before.shape[axis]!, spec.shape[axis]!];
  const length = Math.min(from, side, extent);
  const rampShape = axis === 2 ? [1, 1, length, 1] : [1, 1, 1, length];
  const program = await arithmetic.program(
    `blend tiles ${axis} ${length} ${before.shape.join()} ${spec.shape.join()}`,
    () =>
      trace(({ before, tile, out, into }) => {
        const end = slice(before, { axis, start: from - length, stop: from });
        const begin = slice(tile, { axis, start: 0, stop: length });
        const mixed = add(mul(end, out), mul(begin, into));
        if (length === side) return { tile: mixed };
        const rest = slice(tile, { axis, start: length, stop: side });
        return { tile: concat([mixed, rest], { axis }) };
      }, { before, tile: spec, out: f32(...rampShape), into: f32(...rampShape) }),
  );
  const into = hostTensor(rampShape, Float32Array.from({ length }, (_, at) => at / length));
  const out = hostTensor(rampShape, Float32Array.from({ length }, (_, at) => 1 - at / length));
  return (before, tile) => program.run({ before, tile, out, into }).tile!;
}

/** The first `limit` positions of each part, one after the other. */
async function joining(
  arithmetic: Arithmetic,
  { specs, axis, limit }: {
    readonly specs: readonly TensorSpec[];
    readonly axis: 2 | 3;
    readonly limit: number;
  },
): Promise<Join> {
  const shapes = specs.map(({ shape }) => shape.join()).join(" ");
  const program = await arithmetic.program(
    `join tiles ${axis} ${limit} ${shapes}`,
    () =>
      trace<string>((given) => {
        const cropped = specs.map(({ shape }, at) => {
          const stop = Math.min(limit, shape[axis]!);
          return slice(given[`part.${at}`]!, { axis, start: 0, stop });
        });
        return { whole: cropped.length === 1 ? cropped[0]! : concat(cropped, { axis }) };
      }, Object.fromEntries(specs.map((spec, at) => [`part.${at}`, spec]))),
  );
  return {
    spec: specsOf(program.graph).get(program.graph.outputs[0]!.id)!,
    run: (parts) =>
      program.run(Object.fromEntries(parts.map((part, at) => [`part.${at}`, part]))).whole!,
  };
}

function countFrom(start: number, length: number): HostTensor {
  return {
    dtype: "i32",
    shape: [length],
    data: Int32Array.from({ length }, (_, at) => start + at),
  };
}
