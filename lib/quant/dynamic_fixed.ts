import { require } from "../core/mod.ts";
import { requireFinite } from "./checks.ts";
import { roundHalfEven } from "./rounding.ts";

/** The largest integer of 16 bits; the least is one further from zero. */
const most = 2 ** 15 - 1;

/** The least exponent: one that fits a signed byte and leaves float32 its normal numbers. */
const leastExponent = -126;

/** A tensor as integers of 16 bits that share an exponent (DFP16): `code * 2^exponent`. */
export interface DynamicFixed {
  codes: Int16Array;
  /** -126..113. */
  exponent: number;
}

/**
 * Rounds a tensor to dynamic fixed point: its exponent is that of its largest magnitude less 14, so that this takes
 * 15 bits and a sign. Ties are rounded to even; what rounds to 2^15 saturates at 2^15 - 1, while -2^15 is an integer of 16 bits. Smaller numbers lose the
 * bits that lie below the exponent.
 *
 * @param name What errors call the tensor.
 * @throws {InputError} If it is empty or not finite.
 */
export function quantizeDynamicFixed(x: Float32Array, name = "tensor"): DynamicFixed {
  require(x.length > 0, `quantize ${name}`, "it must hold at least one element", x.length);
  requireFinite(x, name);
  let largest = 0;
  for (const value of x) largest = Math.max(largest, Math.abs(value));
  const exponent = Math.max(exponentOf(largest) - 14, leastExponent);
  const steps = 2 ** -exponent;
  const codes = new Int16Array(x.length);
  for (let i = 0; i < x.length; i++) codes[i] = Math.min(roundHalfEven(x[i] * steps), most);
  return { codes, exponent };
}

/** `code * 2^exponent`, exact in float32. */
export function dequantizeDynamicFixed({ codes, exponent }: DynamicFixed): Float32Array {
  const step = 2 ** exponent;
  return Float32Array.from(codes, (code) => code * step);
}

/** The exponent of a float32 number as it is stored; -127 for what is below the normal ones. */
function exponentOf(value: number): number {
  return (new Int32Array(Float32Array.of(value).buffer)[0] >> 23 & 255) - 127;
}
