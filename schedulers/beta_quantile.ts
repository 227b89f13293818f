/**
 * Quantiles of the beta distribution, for noise levels spread as Lee et al. 2024 ("Beta Sampling is All You Need") spread them.
 *
 * @module
 */

/**
 * The x below which the share p of a symmetric beta distribution lies: the inverse of the regularised incomplete beta
 * function I_x(shape, shape).
 */
export function symmetricBetaQuantile(p: number, shape: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  if (p > 0.5) return 1 - symmetricBetaQuantile(1 - p, shape);
  // I is increasing, and x lies in 0..1/2 here: halve the bracket down to neighbouring doubles.
  let [low, high] = [0, 0.5];
  for (let middle = 0.25; low < middle && middle < high; middle = (low + high) / 2) {
    if (incompleteBeta(middle, shape) < p) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * I_x(a, a) for x up to 1/2, by the hypergeometric series x^a (1-x)^a / (a B(a, a)) Σ (2a)_k / (a+1)_k x^k (DLMF 8.17.8), all
 * of whose terms are positive.
 */
function incompleteBeta(x: number, a: number): number {
  let [term, total] = [1, 1];
  for (let k = 0; term > 1e-17 * total; k++) {
    term *= (2 * a + k) / (a + 1 + k) * x;
    total += term;
  }
  return total * Math.exp(a * Math.log(x * (1 - x)) - logBeta(a)) / a;
}

/** ln B(a, a) = 2 ln Γ(a) - ln Γ(2a). */
function logBeta(a: number): number {
  return 2 * logGamma(a) - logGamma(2 * a);
}

/** ln Γ(x) for x > 0: the recurrence up to x >= 10, then Stirling's series (DLMF 5.11.1). */
function logGamma(x: number): number {
  let shift = 0;
  for (; x < 10; x++) shift += Math.log(x);
  const [inverse, square] = [1 / x, 1 / (x * x)];
  const series = inverse *
    (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))));
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
