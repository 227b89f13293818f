import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Picture, pipeline, SchedulerError, SettingsError } from "../mod.ts";

const BACKEND = { backend: "onnxruntime" } as const;
const SHORT = { steps: 1, seed: 1 };

/** A picture of one colour. */
function flat(width: number, height: number, channels: 1 | 3 | 4 = 3): Picture {
  return { width, height, channels, data: new Uint8Array(width * height * channels).fill(90) };
}

const mask = (width: number, height: number, value: number): Picture => ({
  width,
  height,
  channels: 1,
  data: new Uint8Array(width * height).fill(value),
});

Deno.test("pictures of any shape are drawn anew, repainted and enlarged, or refused by their size", async () => {
  await using redraw = await pipeline("image-to-image", "shapes", BACKEND);
  await using repaint = await pipeline("inpainting", "shapes-inpaint", BACKEND);
  await using enlarge = await pipeline("super-resolution", "shapes-upscale", BACKEND);
  const prompt = "a red circle";
  for (const channels of [1, 3, 4] as const) {
    const image = flat(40, 16, channels);
    const white = mask(40, 16, 255);
    for (
      const { images: [made] } of [
        await redraw({ ...SHORT, image, prompt, strength: 1 }),
        await repaint({ ...SHORT, image, mask: white, prompt }),
      ]
    ) assertEquals([made!.width, made!.height, made!.data.length], [40, 16, 40 * 16 * 3]);
    const { images: [made] } = await enlarge({ ...SHORT, image });
    assertEquals([made!.width, made!.height], [128, 64]); // 40 is rounded down to 32, as diffusers does
  }
  for (const [width, height] of [[1, 1], [10_000, 1], [1, 40]] as const) {
    const image = flat(width, height);
    const side = width === 1 ? "width" : "height";
    const says = `Cannot use a picture whose ${side} is 1: the model needs 8 or more`;
    await assertRejects(() => redraw({ ...SHORT, image, prompt }), SettingsError, says);
    await assertRejects(
      () => repaint({ ...SHORT, image, mask: mask(width, height, 255), prompt }),
      SettingsError,
      says,
    );
  }
  for (const [width, height] of [[1, 1], [30, 1]] as const) {
    const { images: [made] } = await enlarge({ ...SHORT, image: flat(width, height) });
    assertEquals([made!.width, made!.height], [4 * width, 4 * height]);
  }
});

Deno.test("masks: of another size, all black, all white; strengths at both ends", async () => {
  await using repaint = await pipeline("inpainting", "shapes-inpaint", BACKEND);
  const image = flat(32, 32);
  const request = { ...SHORT, image, prompt: "a red circle", composite: true };
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const changed = ({ data }: Picture) => data.filter((value) => value !== 90).length;
  const paint = async (value: number, [width, height] = [32, 32]) => {
    const result = await repaint({ ...request, mask: mask(width!, height!, value), onWarning });
    return changed(result.images[0]!);
  };
  assertEquals([await paint(255, [16, 48]) > 2000, warnings], [true, []]); // the mask gets the picture's size
  assertEquals([await paint(255) > 2000, warnings], [true, []]);
  assertEquals(await paint(0), 0);
  assertStringIncludes(warnings.join(), "The mask is black: nothing is repainted");
  const white = mask(32, 32, 255);
  await assertRejects(
    () => repaint({ ...request, mask: white, strength: 0 }),
    SchedulerError,
    "a strength of 0: no step of 1 is left",
  );
  const { images } = await repaint({ ...request, mask: white, strength: 1 });
  assertEquals(changed(images[0]!) > 2000, true);
});

Deno.test("a model that cannot do the task says which can", async () => {
  const refused = (task: Parameters<typeof pipeline>[0], model: string, says: string) =>
    assertRejects(() => pipeline(task, model, BACKEND), SettingsError, says);
  await refused("super-resolution", "shapes", "these enlarge: LDMSuperResolutionPipeline");
  await refused("inpainting", "shapes-upscale", "these inpaint: LDMTextToImagePipeline");
  await refused("text-to-image", "shapes-upscale", "LDMTextToImagePipeline");
  await refused("unconditional-image-generation", "shapes", "these draw from noise: LDMPipeline");
});
