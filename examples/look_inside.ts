// deno-lint-ignore-file no-console camelcase -- prints what it finds, by its names in diffusers
/**
 * A model's parts, one by one, as tensors: `deno run -R examples/look_inside.ts`.
 *
 * @module
 */
import { type HostTensor, hostTensor, openModel, TorchGenerator } from "@denoise/denoise";

await using model = await openModel("shapes");

// Words to ids to vectors.
const { ids, used } = (await model.tokenizer()).encodePadded("a red circle above a blue square");
console.log(`${used} of ${ids.length} tokens are not padding`);
const bert = await model.component("bert");
const { last_hidden_state } = await bert.run({
  input_ids: { dtype: "i32", shape: [1, ids.length], data: ids },
});
show("last_hidden_state", last_hidden_state!);

// Noise, and what the denoiser makes of it; inner modules by their paths in the checkpoint.
const sample = hostTensor([1, 4, 16, 16], new TorchGenerator(7).randn(4 * 16 * 16));
const timestep = hostTensor([1], [981]);
const inputs = { sample, timestep, encoder_hidden_states: last_hidden_state! };
const outputs = ["conv_in", "down_blocks.0.resnets.0", "mid_block.attentions.0", "sample"];
const unet = await model.component("unet");
const inside = await unet.run(inputs, { outputs });
for (const [name, tensor] of Object.entries(inside)) show(name, tensor);

// Latents to pixels.
const vae = await model.component("vqvae");
const decoded = await vae.run({ z: sample }, { method: "decode" });
show("decoded", decoded.sample!);

function show(name: string, { shape, data }: HostTensor): void {
  const numbers = Array.from(data);
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const deviation = Math.hypot(...numbers.map((x) => x - mean)) / Math.sqrt(numbers.length);
  console.log(`${name} [${shape.join(", ")}]: ${mean.toFixed(3)} ± ${deviation.toFixed(3)}`);
}
