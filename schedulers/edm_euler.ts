/**
 * Euler's method for networks with the preconditioning of Karras et al. 2022 (table 1, EDM).
 *
 * @module
 */
import { choice, number, trainStepsKey } from "./config_keys.ts";
import { eulerMove } from "./euler_discrete.ts";
import { linspace32 } from "./noise_schedule.ts";
import { karrasSigmas } from "./sigma_spacing.ts";
import { levelOfSigma } from "./sigmas.ts";
import { type SchedulerClass, schedulerClass } from "./solver.ts";
import { linspace } from "./spacing.ts";
import { OUTPUT, sum } from "./terms.ts";

/** `EDMEulerScheduler`. */
export const edmEuler: SchedulerClass = schedulerClass({
  name: "EDMEulerScheduler",
  keys: {
    num_train_timesteps: trainStepsKey,
    sigma_min: number(0.002, { least: 0 }),
    sigma_max: number(80, { least: 0 }),
    sigma_data: number(0.5, { least: 0 }),
    sigma_schedule: choice("karras", ["karras", "exponential"]),
    prediction_type: choice("epsilon", ["epsilon", "v_prediction"]),
    rho: number(7),
    final_sigmas_type: choice("zero", ["zero", "sigma_min"]),
  },
  accepts: ["strength", "begin", "sChurn", "sTmin", "sTmax", "sNoise"],
  solve: (config) => {
    const { sigma_min: least, sigma_max: most, sigma_data: data, rho } = config;
    const place = (steps: number): Float32Array =>
      config.sigma_schedule === "karras"
        ? Float32Array.from(karrasSigmas({ most, least, ramp: linspace(0, 1, steps), rho }))
        : linspace32(Math.log(least), Math.log(most), steps).map(Math.exp).reverse();
    return {
      track: (count, options) => {
        const placed = place(count!);
        const last = config.final_sigmas_type === "zero" ? 0 : placed.at(-1)!;
        const sigmas = Float32Array.of(...placed, last);
        const timesteps = Array.from(placed, (sigma) => 0.25 * Math.fround(Math.log(sigma)));
        return {
          timesteps,
          sigmas,
          initialScale: Math.sqrt(most ** 2 + 1),
          kept: 0,
          level: (position) => levelOfSigma(sigmas[position]!),
          moves: (begin) =>
            timesteps.slice(begin).map((timestep, i) =>
              eulerMove({
                timestep,
                sigmas,
                position: begin + i,
                options,
                inputScale: 1 / Math.hypot(sigmas[begin + i]!, data),
                clean: (x, sigma) => {
                  const variance = sigma ** 2 + data ** 2;
                  const sign = config.prediction_type === "epsilon" ? 1 : -1;
                  return sum(
                    [data ** 2 / variance, x],
                    [sign * sigma * data / Math.sqrt(variance), OUTPUT],
                  );
                },
              })
            ),
        };
      },
    };
  },
});
