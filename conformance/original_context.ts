/**
 * What an original model attends to, from recorded tokens.
 *
 * @module
 */
import type { Value } from "../backends/backend.ts";
import type { HostTensor } from "../graph/tensor_spec.ts";
import type { OriginalCase } from "./original_case.ts";
import type { OriginalCheckpoint } from "./original_checkpoint.ts";

/** Encodes the unconditional text's tokens, then the prompt's. The value is the caller's. */
export async function originalContext(
  { ids, uncond_ids }: OriginalCase["inputs"],
  checkpoint: OriginalCheckpoint,
): Promise<Value> {
  const encoder = await checkpoint.component("text_encoder", "bert");
  const [n, tokens] = ids!.shape as [number, number];
  const both: HostTensor = {
    dtype: "i32",
    shape: [2 * n, tokens],
    data: Int32Array.from([...uncond_ids!.data, ...ids!.data]),
  };
  const outputs = ["last_hidden_state"];
  const program = await encoder.program({ input_ids: both }, { outputs });
  return program.run({ input_ids: both }).last_hidden_state!;
}
