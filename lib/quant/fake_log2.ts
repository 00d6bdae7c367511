import { decodeLog2, encodeRatio, type Log2Options, type Log2Params, log2Params } from "./log2.ts";

/** The float32 mantissa field of the first number above sqrt(2): from there on, log2 rounds up. */
const ROUNDS_UP_FROM = 0x3504f4;

/** Carries into the exponent field exactly when the mantissa is above sqrt(2). */
const ROUND_EXPONENT = 0x800000 - ROUNDS_UP_FROM;

/**
 * Quantizes to powers of two and back in one pass, bit-equal to {@linkcode quantizeLog2} followed
 * by {@linkcode dequantizeLog2}, which say what the profiles mean.
 *
 * No logarithm is taken: adding a constant to a float32's bits rounds its exponent, and the nine
 * leading bits (sign and rounded exponent) then index a table of levels.
 *
 * @param out Where the result goes; may be `x` itself.
 * @throws {InputError} As {@linkcode quantizeLog2}; `out` may be partly written by then.
 */
export function fakeQuantizeLog2(
  x: Float32Array,
  options: Log2Options,
  out: Float32Array = new Float32Array(x.length),
): Float32Array {
  const { name = "tensor" } = options;
  const params = log2Params(x, options);
  const levels = levelTable(params, name);
  const ratios = params.profile === "released" ? x : divide(x, params.maximum, out);
  const patterns = new Int32Array(ratios.buffer, ratios.byteOffset, ratios.length);
  for (let i = 0; i < patterns.length; i++) {
    let level = levels[(patterns[i] + ROUND_EXPONENT) >>> 23];
    if (level !== level) {
      const ratio = ratios[i];
      level = ratio === 0 ? 0 : decodeLog2(encodeRatio(ratio, params, name), params);
    }
    out[i] = level;
  }
  return out;
}

/**
 * The level of each combination of sign and rounded exponent, NaN where these do not decide it:
 * zero, subnormal and greatest numbers, NaN, and negative values in profile `released`.
 */
function levelTable(params: Log2Params, name: string): Float32Array {
  const levels = new Float32Array(512).fill(NaN);
  for (let exponent = 2; exponent < 255; exponent++) {
    const ratio = 2 ** (exponent - 127);
    levels[exponent] = decodeLog2(encodeRatio(ratio, params, name), params);
    if (params.profile === "paper") levels[256 + exponent] = -levels[exponent];
  }
  return levels;
}

function divide(x: Float32Array, divisor: number, out: Float32Array): Float32Array {
  for (let i = 0; i < x.length; i++) out[i] = x[i] / divisor;
  return out;
}
