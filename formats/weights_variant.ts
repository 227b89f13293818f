/**
 * Which variant of its weights each component of a model is opened in.
 *
 * @module
 */
import type { ModelComponent, ModelFolder } from "./model_folder.ts";
import type { WeightsOptions } from "./open_weights.ts";

/**
 * How a component's weights are opened where a variant of the model is asked for: a component that has no such files is opened
 * as it is, as in diffusers. If no component has them, the variant is asked for all the same, so that opening says what there
 * is.
 */
export async function weightsOptions(
  folder: ModelFolder,
  component: ModelComponent,
  variant: string | undefined,
): Promise<WeightsOptions> {
  if (variant === undefined) return {};
  const has = async (each: ModelComponent) => await each.hasVariant?.(variant) ?? false;
  if (await has(component)) return { variant };
  for (const other of folder.components.values()) {
    if (other.kind === "network" && await has(other)) return {};
  }
  return { variant };
}
