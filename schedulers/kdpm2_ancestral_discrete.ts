/**
 * The midpoint method with fresh noise after every step.
 *
 * @module
 */
import { ancestralStep } from "./euler_ancestral_discrete.ts";
import { logarithmicMiddle, midpointClass } from "./midpoint.ts";
import type { SchedulerClass } from "./solver.ts";

/** `KDPM2AncestralDiscreteScheduler`. */
export const kdpm2AncestralDiscrete: SchedulerClass = midpointClass({
  name: "KDPM2AncestralDiscreteScheduler",
  draws: 1,
  steps: (sigmas) =>
    sigmas.slice(0, -1).map((from, k) => {
      const { down, up } = roundedAncestralStep(from, sigmas[k + 1]!);
      return { from, middle: logarithmicMiddle(from, down), down, up };
    }),
});

/**
 * {@linkcode ancestralStep} in single precision. diffusers keeps these numbers in a table, and in long steps `to² - up²` cancels
 * so far that the middle, and with it the timestep that the network sees, depends on every rounding. Where nothing positive is
 * left diffusers goes on with NaN; here the exact numbers stand in.
 */
function roundedAncestralStep(from: number, to: number): { down: number; up: number } {
  const { fround, sqrt } = Math;
  const [square, fromSquare] = [fround(to * to), fround(from * from)];
  const up = fround(sqrt(fround(fround(square * fround(fromSquare - square)) / fromSquare)));
  const rest = fround(square - fround(up * up));
  return to > 0 && rest <= 0 ? ancestralStep(from, to) : { down: fround(sqrt(rest)), up };
}
