/**
 * What a case records of the first step.
 *
 * @module
 */
import type { StepEvent } from "../pipelines/text_to_image_options.ts";
import type { GoldenCase } from "./golden_case.ts";

/** Puts down what the network was given, attended to and said. Under guidance the reference records both halves of its input. */
export async function firstStepOutputs(
  event: Pick<StepEvent, "input" | "context" | "prediction">,
  { golden, found }: {
    readonly golden: GoldenCase;
    readonly found: Map<string, ArrayLike<number>>;
  },
): Promise<void> {
  const input = await event.input();
  const recorded = golden.tensors.get("output.unet_input.0");
  if (input === undefined || recorded === undefined) return;
  const copies = recorded.data.length / input.data.length;
  found.set("output.unet_input.0", Array.from({ length: copies }, () => [...input.data]).flat());
  found.set("output.encoder_hidden_states", (await event.context()).data);
  found.set("output.model_output.0", (await event.prediction())!.data);
}
