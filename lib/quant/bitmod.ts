import { require } from "../core/mod.ts";
import { floatScales, listedType, type NumberType } from "../format/mod.ts";
import { requireFinite, requireLayout } from "./checks.ts";
import { roundToFloat16 } from "./rounding.ts";
import { eachGroup, type TypedQuantized } from "./typed.ts";

/** How BitMoD quantizes weights. */
export interface BitModOptions {
  /** 3 or 4. */
  bits: number;
  /** Columns of a row that share a scale and a type, or the whole row; the last group may be shorter. */
  groupSize: number | "row";
}

/** The positive numbers of either width, and what one of the four types has besides. */
const magnitudes: Readonly<Record<number, { shared: number[]; extra: Record<string, number> }>> = {
  3: { shared: [1, 2, 4], extra: { "FP3+3": 3, "FP3-3": -3, "FP3+6": 6, "FP3-6": -6 } },
  4: {
    shared: [1, 2, 3, 4, 6, 8, 12],
    extra: { "FP4+10": 10, "FP4-10": -10, "FP4+16": 16, "FP4-16": -16 },
  },
};

/**
 * The four types of a width, in the order in which they are tried.
 *
 * @throws {InputError} If the bits are not 3 or 4.
 */
export function bitModTypes(bits: number, name = "weight"): NumberType[] {
  const kind = magnitudes[bits];
  require(kind !== undefined, `quantize ${name}`, "bits of BitMoD must be 3 or 4", bits);
  const { shared, extra } = kind;
  return Object.entries(extra).map(([type, value]) => {
    const values = [...shared.map((each) => -each), 0, ...shared, value];
    return listedType(type, values.sort((one, other) => one - other));
  });
}

/** Scales stay within these, as F16 has them. */
const [leastScale, greatestScale] = [roundToFloat16(1e-5), roundToFloat16(1e4)];

/**
 * BitMoD (Chen et al. 2025) as yc2367/BitMoD-HPCA-25 computes it: each group takes that of four number types
 * with the least mean squared error, the first of equals. Every operation is rounded to F16, as is the weight.
 *
 * On purpose it differs from that code where all four errors are above 1000: there the group becomes 0.
 *
 * @param weight `[rows, columns]`, i.e. `[out, in]`.
 * @param name What errors call the matrix.
 * @throws {InputError} If a weight is not finite in F16, the shape does not fit, or the bits are not 3 or 4.
 */
export function bitMod(
  weight: Float32Array,
  columns: number,
  { bits, groupSize }: BitModOptions,
  name = "weight",
): TypedQuantized & { types: NumberType[]; choice: Uint8Array } {
  const types = bitModTypes(bits, name);
  requireLayout(weight.length, { channels: columns, inner: 1 }, name);
  const isSize = groupSize === "row" || (Number.isInteger(groupSize) && groupSize > 0);
  require(isSize, `quantize ${name}`, 'groupSize must be a positive integer or "row"', groupSize);
  const size = groupSize === "row" ? columns : groupSize;
  const halves = weight.map((value) => roundToFloat16(value));
  requireFinite(halves, name);
  const rows = weight.length / columns;
  const groups = rows * Math.ceil(columns / size);
  const codes = new Uint8Array(weight.length);
  const choice = new Uint8Array(groups);
  const scale = new Float16Array(groups);
  const trial = new Uint8Array(size);
  eachGroup(rows, columns, size, (group, start, end) => {
    const values = halves.subarray(start, end);
    let largest = 0;
    for (const value of values) largest = Math.max(largest, Math.abs(value));
    let least = Infinity;
    types.forEach((type, place) => {
      const step = half(largest / type.max, leastScale, greatestScale);
      const error = roundToFloat16(squaredError(values, type, step, trial) / values.length);
      if (error >= least && place > 0) return;
      least = error;
      choice[group] = place;
      scale[group] = step;
      codes.set(trial.subarray(0, values.length), start);
    });
  });
  return { codes, groupSize: size, scales: floatScales(scale), types, choice };
}

function half(value: number, least: number, greatest: number): number {
  return Math.min(Math.max(roundToFloat16(Math.fround(value)), least), greatest);
}

/** The sum of squared errors, each of which F16 rounds. */
function squaredError(
  values: Float32Array,
  { values: numbers, encode }: NumberType,
  step: number,
  into: Uint8Array,
): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const code = encode(roundToFloat16(Math.fround(values[i] / step)));
    into[i] = code;
    const error = roundToFloat16(roundToFloat16(numbers[code] * step) - values[i]);
    sum += roundToFloat16(error * error);
  }
  return sum;
}
