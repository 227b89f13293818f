/**
 * What the model expects to draw, after each step: `deno run -R -W examples/watch_it_form.ts [FILE]`.
 *
 * @module
 */
import { encodePng, type Picture, pipeline } from "@denoise/denoise";

const [file = "watch_it_form.png"] = Deno.args;

await using generate = await pipeline("text-to-image", "shapes");
const frames: Picture[] = [];
await generate({
  prompt: "a yellow diamond left of a white ring",
  steps: 5,
  seed: 3,
  // From pure noise the first guess is a blur; each step knows more.
  onStep: async (step) => {
    frames.push(...await step.preview());
  },
});
await Deno.writeFile(file, await encodePng(beside(frames)));

/** One picture of several of the same size, from left to right. */
function beside(pictures: readonly Picture[]): Picture {
  const { width, height, channels } = pictures[0]!;
  const row = width * channels;
  const data = new Uint8Array(pictures.length * height * row);
  for (const [at, picture] of pictures.entries()) {
    for (let y = 0; y < height; y++) {
      const pixels = picture.data.subarray(y * row, (y + 1) * row);
      data.set(pixels, (y * pictures.length + at) * row);
    }
  }
  return { width: width * pictures.length, height, channels, data };
}
