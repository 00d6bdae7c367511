import { require } from "../core/mod.ts";
import { requireBits, requireFinite } from "./checks.ts";
import { roundHalfEven, roundToFloat16 } from "./rounding.ts";

/** Codes of groups of adjacent values: `code * scale + minimum`. */
export interface MinimumCodes {
  /** 0..2^bits-1. */
  codes: Uint8Array;
  /** One for each group. */
  scale: Float32Array;
  /** The least value of each group, which is code 0. */
  minimum: Float32Array;
}

/** The type that all is computed in: every operation is rounded to it. */
export type MinimumDtype = "F32" | "F16";

const roundings = { F32: Math.fround, F16: roundToFloat16 };

/**
 * Rounds groups of adjacent values to the codes between their extremes (KIVI, quant/new_pack.py): clamped, then
 * rounded half to even. A group of one value gets codes 0.
 *
 * @param x Of a length that groups divide.
 * @param bits 2..8.
 * @param name What errors call the values.
 * @throws {InputError} If groups do not divide them, a value is not finite in this type, or the bits are not
 *   2..8.
 */
export function quantizeFromMinimum(
  x: Float32Array,
  groupSize: number,
  bits: number,
  dtype: MinimumDtype = "F32",
  name = "tensor",
): MinimumCodes {
  requireBits(bits, name);
  const count = x.length / groupSize;
  const rule = "groups must divide its values";
  require(Number.isInteger(count) && groupSize > 0, `quantize ${name}`, rule, groupSize);
  const round = roundings[dtype];
  const values = x.map(round);
  requireFinite(values, name);
  const codeMax = 2 ** bits - 1;
  const codes = new Uint8Array(x.length);
  const scale = new Float32Array(count);
  const minimum = new Float32Array(count);
  for (let group = 0, start = 0; group < count; group++, start += groupSize) {
    let [least, greatest] = [Infinity, -Infinity];
    for (let i = start; i < start + groupSize; i++) {
      if (values[i] < least) least = values[i];
      if (values[i] > greatest) greatest = values[i];
    }
    const step = round(round(greatest - least) / codeMax);
    for (let i = start; step > 0 && i < start + groupSize; i++) {
      codes[i] = roundHalfEven(Math.min(round(round(values[i] - least) / step), codeMax));
    }
    scale[group] = step;
    minimum[group] = least;
  }
  return { codes, scale, minimum };
}

/** What the codes stand for, in the type that they were made in. */
export function dequantizeFromMinimum(
  { codes, scale, minimum }: MinimumCodes,
  dtype: MinimumDtype = "F32",
): Float32Array {
  const round = roundings[dtype];
  const groupSize = codes.length / scale.length;
  const values = new Float32Array(codes.length);
  // What each code stands for, and the group in which: few codes of many values need to be rounded.
  const levels = new Float32Array(256);
  const groupOf = new Int32Array(256).fill(-1);
  for (let group = 0, start = 0; group < scale.length; group++, start += groupSize) {
    const [step, least] = [scale[group], minimum[group]];
    for (let i = start; i < start + groupSize; i++) {
      const code = codes[i];
      if (groupOf[code] !== group) {
        groupOf[code] = group;
        levels[code] = round(round(code * step) + least);
      }
      values[i] = levels[code];
    }
  }
  return values;
}
