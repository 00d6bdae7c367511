import { counted, require } from "../core/mod.ts";
import { requireInt4 } from "./codes.ts";
import { zeroPointCorrection } from "./correction.ts";
import {
  accumulateLanes,
  accumulateLanesChecked,
  multiplyPair,
  SAFE_ADDITIONS,
  splitLanes,
  spreadProducts,
} from "./lanes.ts";
import type { PackedWeights } from "./packed_weights.ts";
import type { RegisterName } from "./registers.ts";

/**
 * What happens to 16-bit lanes that cannot hold a long sum:
 *
 * - `spill`: it never comes to that, as they move into 32-bit totals every 256 rows;
 * - `wrap`: they overflow, the second column's carrying into the first's, which loses its own carry;
 * - `refuse`: the first overflow is an error.
 */
export type LaneOverflow = "spill" | "wrap" | "refuse";

/** How codes are multiplied. */
export interface Int4Options {
  /** The code that stands for an activation of zero, 0..15; 0 unless told, 8 in offset binary. */
  activationZeroPoint?: number;
  /** `spill` unless told. */
  overflow?: LaneOverflow;
}

/** Is told of each register that is set, in order; what follows the last row has row `rows`. */
export type RegisterObserver = (row: number, name: RegisterName, value: number) => void;

/**
 * The dot products of one row of activations with two adjacent columns of weights, as the circuit of
 * fig. 5 computes them: unsigned codes in the lanes, then {@linkcode zeroPointCorrection}.
 *
 * @param activations `[rows]`, each 0..15.
 * @param pair Selects columns `2 pair` and, if there is one, `2 pair + 1`.
 * @returns A signed 32-bit sum for each of these columns.
 * @throws {InputError} If an argument is out of range, or a lane overflows that must not.
 */
export function dotInt4(
  activations: Uint8Array,
  weights: PackedWeights,
  pair: number,
  { activationZeroPoint = 0, overflow = "spill" }: Int4Options = {},
  observe: RegisterObserver = () => {},
): number[] {
  const action = "multiply INT4";
  const { pairs, rows, columns } = weights;
  const width = Math.ceil(columns / 2);
  require(
    Number.isInteger(pair) && pair >= 0 && pair < width,
    action,
    `pair must be an integer in 0..${width - 1}`,
    pair,
  );
  require(
    activations.length === rows,
    action,
    `there must be ${counted(rows, "activation")}, one per row of the weights`,
    activations.length,
  );
  requireInt4(activationZeroPoint, action, "activationZeroPoint");

  const accumulate = overflow === "refuse" ? accumulateLanesChecked : accumulateLanes;
  const totals = [0, 0];
  let accumulator = 0;
  let activationSum = 0;
  for (let row = 0; row < rows; row++) {
    const operand = pairs[row * width + pair];
    const activation = activations[row];
    const products = multiplyPair(operand, activation);
    const lanes = spreadProducts(products);
    accumulator = accumulate(accumulator, lanes, row);
    activationSum += activation;
    observe(row, "weights", operand);
    observe(row, "activation", activation);
    observe(row, "products", products);
    observe(row, "lanes", lanes);
    observe(row, "accumulator", accumulator);
    observe(row, "activationSum", activationSum);

    const spills = overflow === "spill" && (row + 1) % SAFE_ADDITIONS === 0;
    if (!spills && row + 1 < rows) continue;
    splitLanes(accumulator).forEach((lane, column) => totals[column] += lane);
    accumulator = 0;
    observe(row, "firstTotal", totals[0]);
    observe(row, "secondTotal", totals[1]);
  }

  const existing = totals.slice(0, columns - 2 * pair);
  return existing.map((total, column) => {
    const index = 2 * pair + column;
    const correction = zeroPointCorrection(weights, index, activationSum, activationZeroPoint);
    const result = (total - correction) | 0;
    observe(rows, column === 0 ? "firstCorrection" : "secondCorrection", correction >>> 0);
    observe(rows, column === 0 ? "firstResult" : "secondResult", result >>> 0);
    return result;
  });
}
