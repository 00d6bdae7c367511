import { require } from "../core/mod.ts";
import { addCounts, type OperationCounts, repeatCounts } from "../format/mod.ts";

/** Activations that share a table. */
const together = 4;

/** Entries of a table: half of the sums of four activations with signs, the others being their negatives. */
const entries = 2 ** (together - 1);

/**
 * The sums `a0 ± a1 ± a2 ± a3` of every four activations, as T-MAC tabulates them (Wei et al. 2024): bit j of an
 * entry's number is 1 where `a(j+1)` is added. Sums with `-a0` are the negatives of those with all signs changed.
 *
 * @param activations `[columns]`, columns a multiple of 4; integers of eight bits, or floats.
 * @returns `[columns / 4, 8]`, exact for integers, rounded to float32 for others.
 * @throws {InputError} If the columns are no multiple of 4.
 */
export function signedSumTables(activations: Int8Array | Float32Array): Float32Array {
  const columns = activations.length;
  require(columns % together === 0, "tabulate sums", "columns must be a multiple of 4", columns);
  const tables = new Float32Array(columns / together * entries);
  for (let place = 0; place < tables.length; place++) {
    const [first, signs] = [Math.floor(place / entries) * together, place % entries];
    let sum: number = activations[first];
    for (let j = 1; j < together; j++) {
      const value = activations[first + j];
      sum = Math.fround(signs >> (j - 1) & 1 ? sum + value : sum - value);
    }
    tables[place] = sum;
  }
  return tables;
}

/** Tables in eight bits with one scale. */
export interface QuantizedTables {
  /** -127..127. */
  codes: Int8Array;
  scale: number;
}

/**
 * Tables in eight bits, with one scale by their largest entry: what T-MAC looks up in by default. This is its only
 * rounding besides the weights'.
 */
export function quantizeTables(tables: Float32Array): QuantizedTables {
  const largest = tables.reduce((most, sum) => Math.max(most, Math.abs(sum)), 0);
  const scale = Math.fround(largest / 127);
  const magic = 1.5 * 2 ** 52; // leaves a float64 no bits for a fraction: rounds half to even
  const codes = Int8Array.from(tables, (sum) => scale === 0 ? 0 : sum / scale + magic - magic);
  return { codes, scale };
}

/** A matrix of weights of few bits. */
export interface BitPlanes {
  rows: number;
  columns: number;
  /** Of a code, 1..4. */
  bits: number;
  /** `[rows, columns]`, 0..2^bits-1. */
  codes: Uint8Array;
}

/**
 * Codes of weights times activations without a multiplication, in the order of T-MAC: for every bit of the codes and
 * every four columns the sum of the activations, with the signs that four bits stand for, is looked up; the sums of
 * bits are shifted by their place and added. Code w is `sum 2^b (s_b + 1) / 2` of signs s, so that half the sum of
 * the activations, `2^bits - 1` times, makes it whole.
 *
 * @param tables Of {@linkcode signedSumTables}, or their codes.
 * @param activationSum The sum of all activations.
 * @returns `[rows]`, for integer activations exactly the integer product; for codes of tables those take the place
 *   of the sums, and `activationSum` is divided by their scale. Also what it took, tables and sum aside, which serve
 *   all rows.
 * @throws {InputError} If codes have no 1..4 bits, or sizes do not fit.
 */
export function multiplyByTables(
  { rows, columns, bits, codes }: BitPlanes,
  tables: ArrayLike<number>,
  activationSum: number,
): { output: Float64Array; counts: OperationCounts } {
  const action = "multiply by tables";
  const isFew = Number.isInteger(bits) && bits >= 1 && bits <= 4;
  require(isFew, action, "codes must have 1..4 bits", bits);
  require(
    codes.length === rows * columns,
    action,
    `there must be ${rows * columns} codes`,
    codes.length,
  );
  const expected = columns / together * entries;
  require(
    tables.length === expected,
    action,
    `tables must have ${expected} entries`,
    tables.length,
  );
  const output = new Float64Array(rows);
  let [lookUps, planes] = [0, 0];
  for (let row = 0; row < rows; row++) {
    let total = (2 ** bits - 1) * activationSum;
    for (let bit = 0; bit < bits; bit++) {
      let sum = 0;
      for (let first = 0; first < columns; first += together) {
        sum += lookUp(tables, first / together, patternOf(codes, row * columns + first, bit));
        lookUps++;
      }
      total += sum * 2 ** bit; // a shift
      planes++;
    }
    output[row] = total / 2; // a shift, too
  }
  const counts = addCounts(
    repeatCounts({ "look up": 1, "add int32": 1 }, lookUps),
    repeatCounts({ "shift int32": 1, "add int32": 1 }, planes),
    repeatCounts({ "shift int32": 1 }, rows),
  );
  return { output, counts };
}

/** One bit of the codes of four columns. */
function patternOf(codes: Uint8Array, first: number, bit: number): number {
  let pattern = 0;
  for (let j = 0; j < together; j++) pattern |= (codes[first + j] >> bit & 1) << j;
  return pattern;
}

/** The sum of four activations, each added where its bit is 1 and subtracted where it is 0. */
function lookUp(tables: ArrayLike<number>, table: number, pattern: number): number {
  const at = table * entries;
  return pattern & 1 ? tables[at + (pattern >> 1)] : -tables[at + (entries - 1 - (pattern >> 1))];
}
