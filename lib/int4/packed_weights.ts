import { counted, require } from "../core/mod.ts";
import { requireInt4 } from "./codes.ts";
import { packPair } from "./lanes.ts";

/** The longest sum of products of at most 225 that a signed 32-bit register holds. */
export const MAX_ROWS = Math.floor((2 ** 31 - 1) / 225);

/** A weight matrix `[rows, columns]` as the multiplier reads it: adjacent columns in pairs. */
export interface PackedWeights {
  /** `[rows, ceil(columns / 2)]`, see {@linkcode packPair}; an odd last column is paired with 0. */
  pairs: Uint16Array;
  rows: number;
  columns: number;
  /** The code of zero in each column, `[columns]`, 0..15. */
  zeroPoint: Uint8Array;
  /** The sum of the codes of each column, `[columns]`: what the activations' zero point multiplies. */
  columnSums: Uint32Array;
}

/** The shape of a weight matrix and the codes that stand for zero. */
export interface WeightLayout {
  /** 1..{@linkcode MAX_ROWS}. */
  rows: number;
  columns: number;
  /** 0..15, of all columns or of each, `[columns]`; 0 for unsigned weights, 8 for offset binary. */
  zeroPoint?: number | Uint8Array;
}

/**
 * Packs weights once, for any number of products.
 *
 * @param codes `[rows, columns]`, each 0..15.
 * @throws {InputError} If a code or the zero point is out of range, or the shape does not fit.
 */
export function packWeights(
  codes: Uint8Array,
  { rows, columns, zeroPoint = 0 }: WeightLayout,
): PackedWeights {
  const action = "pack weights";
  require(
    Number.isInteger(rows) && rows >= 1 && rows <= MAX_ROWS,
    action,
    `rows must be an integer in 1..${MAX_ROWS}, or 32-bit sums could overflow`,
    rows,
  );
  require(
    Number.isInteger(columns) && columns >= 1,
    action,
    "columns must be an integer, at least 1",
    columns,
  );
  require(
    codes.length === rows * columns,
    action,
    `codes must have ${rows} x ${columns} elements`,
    codes.length,
  );
  const zeroPoints = typeof zeroPoint === "number" ? Array(columns).fill(zeroPoint) : zeroPoint;
  require(
    zeroPoints.length === columns,
    action,
    `there must be one zeroPoint, or one for each of ${counted(columns, "column")}`,
    zeroPoints.length,
  );
  for (const zero of zeroPoints) requireInt4(zero, action, "zeroPoint");
  const columnSums = new Uint32Array(columns);
  codes.forEach((code, index) => columnSums[index % columns] += code);
  const width = Math.ceil(columns / 2);
  const pairs = Uint16Array.from({ length: rows * width }, (_, index) => {
    const column = 2 * (index % width);
    const start = Math.floor(index / width) * columns + column;
    return packPair(codes[start], column + 1 < columns ? codes[start + 1] : 0);
  });
  return { pairs, rows, columns, zeroPoint: Uint8Array.from(zeroPoints), columnSums };
}
