// deno-lint-ignore-file no-console
/**
 * The networks of a picture driven by hand through onnxruntime-web, without this library: what its backend is measured against.
 * Started by `bench/onnxruntime.ts`, which writes the files.
 *
 * @module
 */
const start = performance.now();
const ort = await import("onnxruntime-web");
const [folder, pictures, threads] = Deno.args as [string, string, string];
ort.env.wasm.numThreads = Number(threads);
const open = async (name: string) =>
  await ort.InferenceSession.create(await Deno.readFile(`${folder}/${name}/model.onnx`), {
    logSeverityLevel: 3,
  });
const text = await open("text_encoder");
const unet = await open("unet");
const decoder = await open("vae_decoder");
const times: number[] = [];
const calls: number[] = [];
for (let picture = 0; picture < Number(pictures); picture++) {
  const began = performance.now();
  const ids = new ort.Tensor("int32", new Int32Array(2 * 77), [2, 77]);
  const context = (await text.run({ input_ids: ids })).last_hidden_state!;
  let sample = new Float32Array(2 * 4 * 16 * 16).fill(0.1);
  for (let step = 0; step < 20; step++) {
    const called = performance.now();
    const { out_sample } = await unet.run({
      sample: new ort.Tensor("float32", sample, [2, 4, 16, 16]),
      timestep: new ort.Tensor("float32", Float32Array.of(999 - 50 * step), [1]),
      encoder_hidden_states: context,
    });
    const output = out_sample!.data as Float32Array;
    sample = sample.map((x, at) => 0.98 * x - 0.05 * output[at]!);
    calls.push(performance.now() - called);
  }
  const latents = new ort.Tensor("float32", sample.slice(0, 1024), [1, 4, 16, 16]);
  await decoder.run({ latent_sample: latents });
  times.push(performance.now() - began);
}
calls.sort((a, b) => a - b);
const unetCall = calls[Math.floor(calls.length / 2)];
console.log(JSON.stringify({ total: performance.now() - start, pictures: times, unet: unetCall }));
