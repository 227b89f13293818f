/**
 * What the browser runs: two steps of the embedded model on its GPU, whose latents it posts back.
 *
 * @module
 */
import { hasWebgpu, pipeline } from "../../mod.ts";

async function draw(): Promise<unknown> {
  if (!await hasWebgpu()) throw new Error("navigator.gpu has no adapter");
  await using generate = await pipeline("text-to-image", "shapes", { backend: "webgpu" });
  const { latents, images } = await generate({
    prompt: "a red circle above a blue square",
    seed: 7,
    steps: 2,
  });
  const png = await images[0]!.encode();
  return { latents: [...latents.data], backend: generate.model.backend.name, bytes: png.length };
}

const result = await draw().catch((error) => ({ error: String(error?.stack ?? error) }));
await fetch("/result", { method: "POST", body: JSON.stringify(result) });
