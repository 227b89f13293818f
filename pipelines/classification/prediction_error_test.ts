import { assertAlmostEquals, assertEquals } from "@std/assert";
import { NO_WEIGHTS } from "../../backends/backend.ts";
import { referenceBackend } from "../../backends/reference/backend.ts";
import { hostTensor } from "../../graph/tensor_spec.ts";
import { TorchGenerator } from "../../random/torch_generator.ts";
import { type Loss, LOSSES, traceError, traceNoising } from "./prediction_error.ts";

const SHAPE = [2, 3, 2, 2];
const SIZE = 12;

const loss: Readonly<Record<Loss, (d: number) => number>> = {
  l2: (d) => d * d,
  l1: Math.abs,
  huber: (d) => Math.abs(d) < 1 ? d * d / 2 : Math.abs(d) - 0.5,
};

Deno.test("the error is the mean loss of the noise, of velocities the noise that they imply", async () => {
  const generator = new TorchGenerator(1);
  const draw = (size: number) => generator.randn(size).map((x) => 1.5 * x);
  const [latent, noise, output] = [draw(SIZE), draw(2 * SIZE), draw(2 * SIZE)];
  const alphas = [0.8, 0.1];
  const signal = hostTensor([2, 1, 1, 1], alphas.map(Math.sqrt));
  const sigma = hostTensor([2, 1, 1, 1], alphas.map((alpha) => Math.sqrt(1 - alpha)));
  await using backend = referenceBackend();
  using parameters = await backend.load(NO_WEIGHTS);
  using noising = await backend.compile(traceNoising(SHAPE), parameters);
  using sample = noising.run({
    latent: hostTensor([1, 3, 2, 2], latent),
    noise: hostTensor(SHAPE, noise),
    signal,
    sigma,
  }).sample!;
  const x = (await sample.read()).data;
  for (const prediction of ["epsilon", "v_prediction"] as const) {
    for (const name of LOSSES) {
      using program = await backend.compile(
        traceError(SHAPE, { prediction, loss: name }),
        parameters,
      );
      const velocity = prediction === "epsilon" ? {} : { sample, signal, sigma };
      using error = program.run({
        output: hostTensor(SHAPE, output),
        noise: hostTensor(SHAPE, noise),
        ...velocity,
      }).error!;
      assertEquals(error.spec.shape, [2]);
      const { data } = await error.read();
      for (const [row, alpha] of alphas.entries()) {
        const [s, n] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
        let sum = 0;
        for (let at = 0; at < SIZE; at++) {
          const place = row * SIZE + at;
          const noisy = s * latent[at]! + n * noise[place]!;
          assertAlmostEquals(x[place]!, noisy, 1e-6);
          // The velocity of x is s noise - n x0; of a sure denoiser it gives back the noise.
          const predicted = prediction === "epsilon"
            ? output[place]!
            : s * output[place]! + n * noisy;
          sum += loss[name](noise[place]! - predicted);
        }
        assertAlmostEquals(data[row]!, sum / SIZE, 1e-5);
      }
    }
  }
});
