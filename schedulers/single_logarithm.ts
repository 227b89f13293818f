/**
 * The natural logarithm of single precision as NumPy's vector code computes it.
 *
 * diffusers looks timesteps up among such logarithms and cuts some of them off to whole numbers, so that a unit in the last place
 * here can be a whole timestep there.
 *
 * @module
 */

/** Coefficients of a rational approximation of ln(1 + y) for 1 + y from 1/√2 to √2, the highest power first. */
const NUMERATOR = [
  2.589979117907922693523e-02,
  3.808837741388407920751e-01,
  1.480000633576506585156,
  2.112677543073053063722,
  9.999999999999998702752e-01,
  0,
].map(Math.fround);
const DENOMINATOR = [
  5.875095403124574342950e-03,
  1.546476374983906719538e-01,
  9.864942958519418960339e-01,
  2.453006071784736363091,
  2.612677543073109236779,
  1,
].map(Math.fround);
const LN2 = Math.fround(Math.LN2);
/** The least normal single. */
const LEAST = 2 ** -126;

/** ln x of a single, off by less than 4 units in the last place. */
export function singleLogarithm(x: number): number {
  if (!(x >= LEAST && x < Infinity)) return Math.fround(Math.log(x));
  const { fround, SQRT2 } = Math;
  let exponent = exponentOf(x);
  let mantissa = x / 2 ** exponent; // from 1 to 2
  if (mantissa > SQRT2) {
    exponent++;
    mantissa /= 2;
  }
  const y = mantissa - 1;
  const polynomial = (coefficients: readonly number[]) =>
    coefficients.reduce((total, coefficient) => fround(total * y + coefficient), 0);
  const quotient = fround(polynomial(NUMERATOR) / polynomial(DENOMINATOR));
  return fround(exponent * LN2 + quotient);
}

/** The power of two of a normal single. */
function exponentOf(x: number): number {
  const [bits] = new Uint32Array(Float32Array.of(x).buffer);
  return (bits! >>> 23) - 127;
}
