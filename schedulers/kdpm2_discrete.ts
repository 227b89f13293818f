/**
 * The midpoint method without noise.
 *
 * @module
 */
import { logarithmicMiddle, midpointClass } from "./midpoint.ts";
import type { SchedulerClass } from "./solver.ts";

/** `KDPM2DiscreteScheduler`. */
export const kdpm2Discrete: SchedulerClass = midpointClass({
  name: "KDPM2DiscreteScheduler",
  draws: 0,
  steps: (sigmas) =>
    sigmas.slice(0, -1).map((from, k) => {
      const to = sigmas[k + 1]!;
      return { from, middle: logarithmicMiddle(from, to), down: to, up: 0 };
    }),
});
