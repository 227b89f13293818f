/**
 * An autoencoder in tiles that know nothing of each other, as diffusers' `enable_tiling()` has it.
 *
 * @module
 */
import type { Backend, Program, Value } from "../../backends/backend.ts";
import { concat } from "../../graph/ops/mod.ts";
import { withOutputs } from "../../graph/passes/with_outputs.ts";
import { f32, type TensorSpec } from "../../graph/tensor_spec.ts";
import { type Tensor, trace } from "../../graph/trace.ts";
import { posteriorOf } from "../../models/autoencoder_kl.ts";
import type { Arithmetic } from "../arithmetic.ts";
import type { Component } from "../component.ts";
import { ProgramCache } from "../program_cache.ts";
import { type BlendedTiles, blendedTiles, countBlendedTiles } from "./blended_tiles.ts";
import { type Coders, encoderSource, type PictureShape } from "./coders.ts";
import type { Sides } from "./tile_grid.ts";
import type { AutoencoderCost, NetworkCost } from "./tiling_cost.ts";

/** Settings of {@linkcode blendedAutoencoder}. */
export interface BlendedAutoencoderOptions {
  /** Side of a tile, and how far tiles overlap, in latent positions. */
  readonly tile: number;
  readonly overlap: number;
  readonly latentShape: readonly number[];
  readonly cost: AutoencoderCost;
}

/** What tiles are made with. */
export interface CoderParts {
  readonly component: Component;
  readonly arithmetic: Arithmetic;
  readonly backend: Backend;
  readonly factor: number;
}

/** An autoencoder in tiles that know nothing of each other. */
export async function blendedAutoencoder(
  parts: CoderParts,
  options: BlendedAutoencoderOptions,
): Promise<Coders> {
  const { component, backend, factor } = parts;
  const { tile, overlap, latentShape, cost } = options;
  const z = f32(...latentShape);
  using stack = new DisposableStack();
  const tiles = stack.use(
    await blendedTiles(component, z, {
      backend,
      method: "decode",
      output: "sample",
      tile,
      stride: tile - overlap,
      becomes: tile * factor,
      extent: overlap * factor,
    }),
  );
  const program: Program = {
    graph: withOutputs(component.graph({ z }, "decode"), ["sample"]),
    run: (given) => ({ sample: tiles.run(given.z as Value) }),
    [Symbol.dispose]() {},
  };
  const encoders = stack.use(new ProgramCache());
  const encoder = encoderSource(
    component,
    encoders,
    (shape, outputs) => blendedEncoder(parts, { ...options, shape, outputs }),
  );
  const owned = stack.move();
  return {
    encoder,
    decoder: { program: () => Promise.resolve(program) },
    cost,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

async function blendedEncoder(
  { component, backend, arithmetic, factor }: CoderParts,
  { tile, overlap, shape, outputs }: Pick<BlendedAutoencoderOptions, "tile" | "overlap"> & {
    readonly shape: PictureShape;
    readonly outputs: readonly string[];
  },
): Promise<Program> {
  const x = f32(...shape);
  const whole = component.graph({ x }, "encode");
  const graph = withOutputs(whole, outputs);
  const gaussian = component.className === "AutoencoderKL";
  // Moments are blended, before a mean and a deviation are made of them; a network that is only known as a file tells them apart.
  const moments = ["quant_conv", "encoder"].filter((path) => whole.modules.has(path)).slice(0, 1);
  const wanted = !gaussian ? outputs : moments.length > 0 ? moments : ["mean", "logvar"];
  using stack = new DisposableStack();
  const tiles: BlendedTiles[] = [];
  for (const output of wanted) {
    const blended = await blendedTiles(component, x, {
      backend,
      method: "encode",
      output,
      tile: tile * factor,
      stride: (tile - overlap) * factor,
      becomes: tile,
      extent: overlap,
    });
    tiles.push(stack.use(blended));
  }
  const finish = gaussian ? await posteriorProgram(arithmetic, tiles) : undefined;
  const owned = stack.move();
  return {
    graph,
    run({ x: given }) {
      using uploaded = "data" in given! ? backend.upload(given) : undefined;
      const x = uploaded ?? given as Value;
      if (finish === undefined) return { [wanted[0]!]: tiles[0]!.run(x) };
      using parts = new DisposableStack();
      const made = tiles.map((blended, at) => [`x${at}`, parts.use(blended.run(x))] as const);
      return finish.run(Object.fromEntries(made));
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** From moments, whole or in two halves, to `mean` and `std`. */
async function posteriorProgram(
  arithmetic: Arithmetic,
  parts: readonly { readonly spec: TensorSpec }[],
): Promise<Program> {
  const inputs = Object.fromEntries(parts.map(({ spec }, at) => [`x${at}`, spec]));
  return await arithmetic.program(
    `posterior ${parts.map(({ spec }) => spec.shape.join()).join(" ")}`,
    () =>
      trace<string>((given) => {
        const halves = Object.values(given) as Tensor[];
        const { mean, std } = posteriorOf(
          halves.length === 1 ? halves[0]! : concat(halves, { axis: 1 }),
        );
        return { mean, std };
      }, inputs),
  );
}

/** What it costs, on a whole in latent positions. */
export function blendedCost(
  { height, width }: Sides,
  { tile, overlap, bytes }: Pick<BlendedAutoencoderOptions, "tile" | "overlap"> & {
    bytes(sides: Sides): number;
  },
): NetworkCost {
  const sides = { height: Math.min(tile, height), width: Math.min(tile, width) };
  const single = height <= tile && width <= tile;
  const { tiles, overhead } = single
    ? { tiles: 1, overhead: 1 }
    : countBlendedTiles({ height, width }, { tile, stride: tile - overlap });
  return { tiles, tile: sides, overhead, bytes: bytes(sides) };
}
