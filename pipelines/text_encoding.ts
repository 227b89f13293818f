/**
 * Prompts to what the denoiser attends to.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import { ModelError } from "../formats/model_error.ts";
import type { Tokenizer } from "../formats/tokenizers/tokenizer.ts";
import type { HostTensor } from "../graph/tensor_spec.ts";
import type { Component } from "./component.ts";
import type { TextToImageFamily } from "./text_to_image_family.ts";

/** Settings of {@linkcode encodePrompts}. */
export interface EncodePromptsOptions {
  readonly tokenizer: Tokenizer;
  /** The text encoder. */
  readonly component: Component;
  readonly family:
    & Pick<TextToImageFamily, "tokens">
    & Partial<Pick<TextToImageFamily, "vocabulary">>;
  /** Layers of the text encoder left out at the end. */
  readonly skip?: number;
  /** Told of prompts that are cut. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Encodes texts as `[texts, tokens, width]`; the value is the caller's. A long text loses its end, with a warning.
 *
 * @throws {ModelError} If tokenizer and text encoder do not belong together.
 */
export async function encodePrompts(
  texts: readonly string[],
  options: EncodePromptsOptions,
): Promise<Value> {
  const { tokenizer, component, family: { tokens, vocabulary = Infinity }, skip = 0, onWarning } =
    options;
  const ids = new Int32Array(texts.length * tokens);
  const warned = new Set<string>();
  texts.forEach((text, at) => {
    const { ids: row, truncated } = tokenizer.encodePadded(text, tokens);
    ids.set(row, at * tokens);
    if (truncated !== "" && !warned.has(text)) {
      warned.add(text);
      onWarning?.(
        `The prompt is longer than the ${
          tokens - 2
        } tokens that the model reads; this part is left out: ${truncated}`,
      );
    }
  });
  const unknown = ids.find((id) => id >= vocabulary);
  if (unknown !== undefined) {
    throw new ModelError(
      `Cannot encode a prompt: the tokenizer gives token ${unknown}, but ${component.name} knows ${vocabulary}; ` +
        "they do not belong together",
    );
  }
  const input: HostTensor = { dtype: "i32", shape: [texts.length, tokens], data: ids };
  const output = skip === 0 ? "last_hidden_state" : `skip.${skip}`;
  const program = await component.program({ input_ids: input }, {
    method: skip === 0 ? "forward" : "normalised",
    outputs: [output],
  });
  return program.run({ input_ids: input })[output]!;
}
