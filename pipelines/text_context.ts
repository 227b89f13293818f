/**
 * What a denoiser attends to: prompts, and under guidance the negative prompts before them.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import type { Tokenizer } from "../formats/tokenizers/tokenizer.ts";
import { concat } from "../graph/ops/mod.ts";
import { trace } from "../graph/trace.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Model } from "./model.ts";
import { encodePrompts } from "./text_encoding.ts";
import type { TextSettings } from "./text_settings.ts";
import type { TextToImageFamily } from "./text_to_image_family.ts";

/** Settings of {@linkcode encodeContext}. */
export interface EncodeContextOptions {
  readonly model: Model;
  readonly family: Pick<TextToImageFamily, "tokens" | "textEncoder">;
  readonly tokenizer: Tokenizer;
  readonly arithmetic: Arithmetic;
  /** Told of prompts that are cut. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Encodes the texts of a call: `[n, tokens, width]`, or under guidance `[2 n, tokens, width]` with the negative prompts' rows
 * first, as in the reference. The value is the caller's.
 */
export async function encodeContext(
  texts: TextSettings,
  options: EncodeContextOptions,
): Promise<Value> {
  const { prompts, negatives, guided, clipSkip } = texts;
  const component = await options.model.component(options.family.textEncoder);
  const settings = { ...options, component };
  if (!guided) return await encodePrompts(prompts, { ...settings, skip: clipSkip });
  if (clipSkip === 0) return await encodePrompts([...negatives, ...prompts], settings);
  // Layers are skipped for the prompt only.
  using negative = await encodePrompts(negatives, settings);
  using positive = await encodePrompts(prompts, { ...settings, skip: clipSkip });
  const join = await options.arithmetic.program(
    `join texts ${positive.spec.shape.join()}`,
    () =>
      trace(({ negative, positive }) => concat([negative, positive], { axis: 0 }), {
        negative: negative.spec,
        positive: positive.spec,
      }),
  );
  return join.run({ negative, positive }).output!;
}
