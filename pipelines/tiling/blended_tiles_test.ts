import { assert, assertRejects } from "@std/assert";
import { referenceBackend } from "../../backends/reference/backend.ts";
import { parseGoldenCase } from "../../conformance/golden_case.ts";
import type { JsonObject } from "../../formats/json.ts";
import { f32 } from "../../graph/tensor_spec.ts";
import { SettingsError } from "../settings.ts";
import { smallAutoencoder } from "../../tests/small_upscaler.ts";
import { blendedTiles } from "./blended_tiles.ts";

const GOLDENS = new URL("../../tests/goldens/tiling/", import.meta.url);

for (const name of ["quarter", "third", "none"]) {
  Deno.test(`tiles are blended as diffusers blends them: overlap ${name}`, async () => {
    const golden = parseGoldenCase(await Deno.readFile(new URL(`${name}.safetensors`, GOLDENS)));
    const { tile, overlap } = golden.settings as unknown as { tile: number; overlap: number };
    await using backend = referenceBackend();
    using component = await smallAutoencoder(golden.settings.config as JsonObject, { backend });
    for (
      const { method, output, input, expected, sides } of [
        {
          method: "decode",
          output: "sample",
          input: "input.latents",
          expected: "output.decoded",
          sides: { tile, becomes: 4 * tile },
        },
        {
          method: "encode",
          output: "quant_conv",
          input: "input.picture",
          expected: "output.moments",
          sides: { tile: 4 * tile, becomes: tile },
        },
      ] as const
    ) {
      using given = backend.upload(golden.tensors.get(input)!);
      const stride = Math.trunc(sides.tile * (1 - overlap));
      const extent = Math.trunc(sides.becomes * overlap);
      const options = { backend, method, output, stride, extent, ...sides };
      using tiles = await blendedTiles(component, given.spec, options);
      using made = tiles.run(given);
      const { shape, data } = await made.read();
      const wanted = golden.tensors.get(expected)!;
      assert(shape.join() === wanted.shape.join(), `${method}: [${shape}], not [${wanted.shape}]`);
      // PyTorch's own float32 error is about 1e-6 of numbers up to 3.
      const worst = Array.from(wanted.data).reduce(
        (most, x, at) => Math.max(most, Math.abs(x - data[at]!)),
        0,
      );
      assert(worst < 2e-5, `${method}: ${worst}`);
    }
  });
}

Deno.test("tiles of which nothing is left are refused", async () => {
  await using backend = referenceBackend();
  using component = await smallAutoencoder({ block_out_channels: [32] }, { backend });
  const options = {
    backend,
    method: "decode",
    output: "sample",
    tile: 2,
    becomes: 2,
    extent: 2,
  } as const;
  await assertRejects(
    () => blendedTiles(component, f32(1, 4, 2, 2), { ...options, stride: 0 }),
    SettingsError,
    "nothing would be left",
  );
});
