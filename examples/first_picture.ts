/**
 * Words to a picture: `deno run -R -W examples/first_picture.ts [FILE]`.
 *
 * @module
 */
import { pipeline } from "@denoise/denoise";

const [file = "first_picture.png"] = Deno.args;

await using generate = await pipeline("text-to-image", "shapes");
const { images } = await generate({
  prompt: "a red circle above a blue square",
  steps: 10,
  seed: 7, // the same seed gives the same picture, here and in diffusers
});
await images[0]!.save(file);
