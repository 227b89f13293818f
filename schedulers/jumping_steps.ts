/**
 * The order in which RePaint visits steps.
 *
 * @module
 */

/** How a sampler goes back (Lugmayr et al. 2022, section 4.2 and appendix B). */
export interface Jumps {
  /** How many steps one jump goes back. */
  readonly jumpLength: number;
  /** How often each part is sampled; 1 is without jumps. */
  readonly jumpNSample: number;
}

/** The numbers of the steps, from the noisiest; where one is not below its predecessor, a step is undone. */
export function jumpingSteps(
  { steps, jumpLength, jumpNSample }: Jumps & { readonly steps: number },
): number[] {
  const jumps = new Map<number, number>();
  for (let t = 0; t < steps - jumpLength; t += jumpLength) jumps.set(t, jumpNSample - 1);
  const visited: number[] = [];
  for (let t = steps - 1; t >= 0; t--) {
    visited.push(t);
    const left = jumps.get(t) ?? 0;
    if (left === 0) continue;
    jumps.set(t, left - 1);
    for (let k = 0; k < jumpLength; k++) visited.push(++t);
  }
  return visited;
}
