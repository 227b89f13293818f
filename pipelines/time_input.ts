/**
 * What a network is told instead of a timestep.
 *
 * @module
 */
import type { JsonValue } from "../formats/json.ts";
import { ModelError } from "../formats/model_error.ts";
import type { Plan } from "../schedulers/plan.ts";
import type { Evaluation } from "./denoise.ts";

/**
 * The time that a model's network wants at each row of a plan, by the setting `time_input` of its pipeline: the share of the
 * picture in a sample of unit variance (SR3, Saharia et al. 2021, section 2.1), `sqrt_alphas_cumprod`; its square (Palette),
 * `alphas_cumprod`. Undefined without the setting: the timestep itself.
 *
 * @throws {ModelError} If the setting is another.
 */
export function timeInput(
  settings: ReadonlyMap<string, JsonValue>,
  { rows }: Plan,
): ((evaluation: Evaluation) => number) | undefined {
  const name = settings.get("time_input");
  const share = ({ index }: Evaluation) => {
    const { signal, noise } = rows[index]!.level;
    return signal / Math.hypot(signal, noise);
  };
  switch (name) {
    case undefined:
      return undefined;
    case "sqrt_alphas_cumprod":
      return share;
    case "alphas_cumprod":
      return (evaluation) => share(evaluation) ** 2;
    default:
      throw new ModelError(
        `Cannot tell a network the time as ${
          JSON.stringify(name)
        }: wanted sqrt_alphas_cumprod or alphas_cumprod`,
      );
  }
}
