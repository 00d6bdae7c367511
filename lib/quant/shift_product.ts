import { require } from "../core/mod.ts";
import type { Operation, OperationCounts } from "../format/mod.ts";

/** What is added of an activation for a weight. */
interface ShiftTerm {
  /** By how much to the left; of a term that no weight shifts, nothing. */
  shift?: number;
  /** Whether it is added, subtracted or left out. */
  factor: -1 | 0 | 1;
}

/** Weights of four bits by which integers are multiplied with shifts and additions. */
export interface ShiftFormat {
  /** What weights are whole multiples of. */
  readonly unit: number;
  /** Of one product with a number of eight bits, its addition to an INT32 sum included. */
  readonly counts: OperationCounts;
  /** The terms of a weight by its code, 0..15; as many for each. */
  terms(code: number): readonly ShiftTerm[];
}

/** The formats of MixPE: INT4 in two's complement, whose lowest term is not shifted, and FP4 E2M1. */
export const shiftFormats = {
  int4: {
    unit: 1,
    counts: { "shift int12": 3, "add int12": 3, "add int32": 1 },
    terms: (code) =>
      [0, 1, 2, 3].map((bit) => {
        const isSet = (code >> bit & 1) === 1;
        return { ...bit > 0 && { shift: bit }, factor: !isSet ? 0 : bit === 3 ? -1 : 1 };
      }),
  },
  fp4: {
    unit: 0.5,
    counts: { "shift int12": 2, "add int12": 1, "add int32": 1 },
    terms(code) {
      const [sign, exponent, mantissa] = [
        code >> 3 === 0 ? 1 : -1,
        code >> 1 & 3,
        code & 1,
      ] as const;
      return [
        { shift: exponent, factor: exponent > 0 ? sign : 0 },
        { shift: Math.max(exponent - 1, 0), factor: mantissa === 1 ? sign : 0 },
      ];
    },
  },
} as const satisfies Record<string, ShiftFormat>;

/** Operations as they are counted. */
type Tally = Partial<Record<Operation, number>>;

/**
 * A weight times an integer of eight bits, in units of the format: no multiplication takes part.
 *
 * @param tally Operations are added to it.
 */
export function shiftProduct(
  { terms }: ShiftFormat,
  code: number,
  activation: number,
  tally: Tally = {},
): number {
  let product = 0;
  for (const [order, { shift, factor }] of terms(code).entries()) {
    if (shift !== undefined) count(tally, "shift int12");
    const shifted = activation << (shift ?? 0);
    if (order > 0) count(tally, "add int12");
    product += factor === 0 ? 0 : factor === 1 ? shifted : -shifted;
  }
  return product;
}

function count(tally: Tally, operation: Operation): void {
  tally[operation] = (tally[operation] ?? 0) + 1;
}

/** A matrix of weights in groups of columns, each with a scale. */
export interface ShiftWeights {
  rows: number;
  columns: number;
  /** `[rows, columns]`, 0..15. */
  codes: Uint8Array;
  /** A divisor of `columns`. */
  groupSize: number;
  /** `[rows, columns / groupSize]` */
  scales: Float32Array;
}

/**
 * Weights of four bits by activations of eight in the order of MixPE (Zhang et al. 2024): products by shifts and
 * additions, summed in integers over a group of columns, and dequantized once for the group, in float32.
 *
 * @param activations `[tokens, columns]`; their own steps are not part of it.
 * @returns `[tokens, rows]`, and what it took.
 * @throws {InputError} If groups do not divide the columns, or sizes do not fit.
 */
export function multiplyByShifts(
  format: ShiftFormat,
  { rows, columns, codes, groupSize, scales }: ShiftWeights,
  activations: Int8Array,
): { output: Float32Array; counts: OperationCounts } {
  const action = "multiply by shifts";
  const groups = columns / groupSize;
  require(Number.isInteger(groups), action, `groups must divide ${columns} columns`, groupSize);
  const fits = codes.length === rows * columns && scales.length === rows * groups;
  const sizes = `there must be ${rows * columns} codes and ${rows * groups} scales`;
  require(fits, action, sizes, [codes.length, scales.length]);
  const tokens = activations.length / columns;
  require(
    Number.isInteger(tokens),
    action,
    `tokens must have ${columns} values`,
    activations.length,
  );
  const output = new Float32Array(tokens * rows);
  const counts: Tally = {};
  for (let token = 0; token < tokens; token++) {
    for (let row = 0; row < rows; row++) {
      for (let group = 0; group < groups; group++) {
        let sum = 0;
        for (let i = group * groupSize; i < (group + 1) * groupSize; i++) {
          const activation = activations[token * columns + i];
          sum += shiftProduct(format, codes[row * columns + i], activation, counts);
          count(counts, "add int32");
        }
        const scale = format.unit * scales[row * groups + group];
        output[token * rows + row] += Math.fround(sum * scale);
        count(counts, "multiply float32");
        count(counts, "add float32");
      }
    }
  }
  return { output, counts };
}
