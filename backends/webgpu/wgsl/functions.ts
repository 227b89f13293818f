/**
 * Functions in WGSL that keep their promises. The language promises little for `sin`, `cos` and `tanh` far from 0, and lets
 * a compiler assume that there are no NaNs, so the range is reduced here, and a NaN is found by its bits and passed on.
 *
 * @module
 */

interface WgslFunction {
  readonly needs?: readonly string[];
  readonly text: string;
}

const FUNCTIONS: Readonly<Record<string, WgslFunction>> = {
  isNan: {
    text: `fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }`,
  },
  least: {
    needs: ["isNan"],
    text: `fn least(a: f32, b: f32) -> f32 {
  return select(select(min(a, b), b, isNan(b)), a, isNan(a));
}`,
  },
  greatest: {
    needs: ["isNan"],
    text: `fn greatest(a: f32, b: f32) -> f32 {
  return select(select(max(a, b), b, isNan(b)), a, isNan(a));
}`,
  },
  sigmoid: {
    needs: ["isNan"],
    text: `fn sigmoid(x: f32) -> f32 {
  return select(1.0 / (1.0 + exp(min(-x, 88.0))), x, isNan(x));
}`,
  },
  silu: {
    text: `fn silu(x: f32) -> f32 { return x / (1.0 + exp(min(-x, 88.0))); }`,
  },
  // erfc to 1.2e-7 of its value (Press et al., Numerical Recipes, 6.2: a Chebyshev fit).
  erfc: {
    text: `fn erfc(x: f32) -> f32 {
  let z = abs(x);
  let t = 1.0 / (1.0 + 0.5 * z);
  let p = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 +
    t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  let tail = t * exp(max(p - z * z, -88.0));
  return select(tail, 2.0 - tail, x < 0.0);
}`,
  },
  gelu: {
    needs: ["erfc"],
    text: `fn gelu(x: f32) -> f32 {
  return 0.5 * x * erfc(clamp(x * -0.70710678118, -9.0, 9.0));
}`,
  },
  // Near 0 the series (to x^9), elsewhere 1 - 2 / (e^2x + 1), where nothing cancels.
  tanhSafe: {
    needs: ["isNan"],
    text: `fn tanhSafe(x: f32) -> f32 {
  let z = min(abs(x), 10.0);
  let q = z * z;
  let near = z * (1.0 + q * (-0.333333333 + q * (0.133333333 + q * (-0.0539682540 + q * 0.0218694885))));
  let far = 1.0 - 2.0 / (exp(2.0 * z) + 1.0);
  let y = select(far, near, z < 0.25);
  return select(select(y, -y, x < 0.0), x, isNan(x));
}`,
  },
  geluTanh: {
    needs: ["tanhSafe"],
    text: `fn geluTanh(x: f32) -> f32 {
  return 0.5 * x * (1.0 + tanhSafe(0.7978845608 * x * (1.0 + 0.044715 * x * x)));
}`,
  },
  quickGelu: {
    needs: ["isNan"],
    text: `fn quickGelu(x: f32) -> f32 { return x / (1.0 + exp(min(-1.702 * x, 88.0))); }`,
  },
  multiplyWide: {
    text: `fn multiplyWide(a: u32, b: u32) -> vec2u {
  let a0 = a & 0xffffu; let a1 = a >> 16u; let b0 = b & 0xffffu; let b1 = b >> 16u;
  let low = a0 * b0;
  let middle = a1 * b0 + (low >> 16u);
  let other = a0 * b1 + (middle & 0xffffu);
  return vec2u(a1 * b1 + (middle >> 16u) + (other >> 16u), (other << 16u) | (low & 0xffffu));
}`,
  },
  // Sine of x + turn π/2. The angle is taken modulo a full turn exactly, as Payne & Hanek 1983 do: the 24 bits of x times
  // those 64 bits of 2/π that matter, modulo 2^64: two bits of quadrant, then the fraction. What is not finite has no sine.
  sine: {
    needs: ["multiplyWide"],
    text: `fn sine(x: f32, turn: u32) -> f32 {
  let bits = bitcast<u32>(x);
  let e = (bits >> 23u) & 0xffu;
  var quadrant = turn;
  var r = x;
  if (e > 125u) {
    var digits = array<u32, 8>(0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u,
      0x3c439041u, 0xfe5163abu);
    let first = min(e - 120u, 134u);
    let word = first >> 5u;
    let shift = first & 31u;
    let carry = 31u - shift;
    let high = (digits[word] << shift) | ((digits[word + 1u] >> 1u) >> carry);
    let low = (digits[word + 1u] << shift) | ((digits[word + 2u] >> 1u) >> carry);
    let m = (bits & 0x7fffffu) | 0x800000u;
    let product = multiplyWide(m, low);
    let top = m * high + product.x;
    let fraction = (top << 2u) | (product.y >> 30u);
    let turns = (top >> 30u) + (fraction >> 31u);
    let angle = f32(bitcast<i32>(fraction)) * 3.6572951981e-10;
    let negative = (bits >> 31u) == 1u;
    r = select(angle, -angle, negative);
    quadrant += select(turns, 0u - turns, negative);
  }
  let q = r * r;
  let s = r + r * q * (-0.16666667 + q * (0.0083333310 + q * (-0.00019840874 + q * 2.7525562e-6)));
  let c = 1.0 + q * (-0.5 + q * (0.041666646 + q * (-0.0013888378 + q * 2.4760495e-5)));
  let y = select(s, c, (quadrant & 1u) == 1u);
  return select(select(y, -y, (quadrant & 2u) == 2u), x - x, e == 255u);
}`,
  },
  // Nearest half, ties to even; 65520 and more become infinite.
  roundHalf: {
    text: `fn roundHalf(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let magnitude = bits & 0x7fffffffu;
  let sign = bits & 0x80000000u;
  if (magnitude > 0x7f800000u) { return x; }
  if (magnitude < 0x38800000u) { return round(x * 16777216.0) / 16777216.0; }
  let rounded = (magnitude + 0xfffu + ((magnitude >> 13u) & 1u)) & 0xffffe000u;
  return bitcast<f32>(sign | select(rounded, 0x7f800000u, rounded >= 0x47800000u));
}`,
  },
  halfBits: {
    needs: ["roundHalf"],
    text: `fn halfBits(x: f32) -> u32 {
  let bits = bitcast<u32>(roundHalf(x));
  let magnitude = bits & 0x7fffffffu;
  let sign = (bits >> 16u) & 0x8000u;
  if (magnitude > 0x7f800000u) { return sign | 0x7e00u; }
  if (magnitude == 0x7f800000u) { return sign | 0x7c00u; }
  if (magnitude < 0x38800000u) { return sign | u32(bitcast<f32>(magnitude) * 16777216.0); }
  return sign | ((magnitude - 0x38000000u) >> 13u);
}`,
  },
};

/** The text of WGSL functions and of those that they need. */
export function wgslFunctions(names: Iterable<string>): string {
  const found = new Map<string, string>();
  const add = (name: string) => {
    if (found.has(name)) return;
    const known = FUNCTIONS[name];
    if (known === undefined) {
      throw new RangeError(`Cannot write WGSL: there is no function ${name}`);
    }
    known.needs?.forEach(add);
    found.set(name, known.text);
  };
  for (const name of names) add(name);
  return [...found.values()].join("\n");
}
