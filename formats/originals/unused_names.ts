/**
 * What an opened checkpoint holds and nobody asks for.
 *
 * @module
 */
import type { Recognised } from "./recognise.ts";
import type { WeightSource } from "../weight_source.ts";

/** Names that never matter to sampling. */
const HARMLESS: readonly RegExp[] = [
  // Tables of the noise schedule, which is computed anew.
  /^(low_scale_model\.)?(betas|gammas|alphas_cumprod\w*|sqrt_\w+|log_one_minus_\w+|posterior_\w+|logvar|lvlb_weights)$/,
  /^scale_factor$/,
  // Losses, discriminators and counters of training; weights that are averages of others, or that others are.
  /(^|\.)loss\./,
  /(^|\.)model_ema\./,
  /^model\.diffusion_model\./,
  /^(global_step|epoch|lr_schedulers|optimizer_states|callbacks)/,
  // Positions in a row; layers that are for other tasks.
  /\.position_ids$/,
  /\.logit_scale$/,
  /\.attn_mask$/,
  // The last layer of version 2's text encoder.
  /^cond_stage_model\.model\.transformer\.resblocks\./,
];

/**
 * Names of tensors that no network uses. With `__is_first_stage__`, the first stage is stored twice, and its second copy is
 * left out of the list.
 */
export function unusedNames(
  source: WeightSource,
  { used, recognised }: { readonly used: ReadonlySet<string>; readonly recognised: Recognised },
): readonly string[] {
  const copy = recognised.conditioning === "none" ? "cond_stage_model." : null;
  return [...source.tensors.keys()].filter((name) =>
    !used.has(name) && !HARMLESS.some((pattern) => pattern.test(name)) &&
    !(copy !== null && name.startsWith(copy) &&
      used.has(name.replace(copy, recognised.firstStage ?? copy)))
  );
}
