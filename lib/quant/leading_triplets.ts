import { require, seededRandom } from "../core/mod.ts";
import { bidiagonalSvd } from "./bidiagonal_svd.ts";
import { requireFinite } from "./checks.ts";

/** The largest singular values of a matrix and their vectors: `sum values[r] left[r]^T right[r]`. */
export interface SingularTriplets {
  /** Descending, `[rank]`. */
  values: Float64Array;
  /** Of length 1, `[rank, rows]`. */
  left: Float64Array[];
  /** Of length 1, `[rank, columns]`. */
  right: Float64Array[];
}

/** By how much of the largest singular value triplets may miss. */
const tolerance = 1e-7;

/** What is smaller beside the matrix counts as 0. */
const smallest = 2 ** -45;

/**
 * The largest singular values and their vectors, in float64: Lanczos bidiagonalization (Golub and Kahan 1965) with
 * full reorthogonalization, from a seeded start. Each step reads the matrix twice; as many follow as it takes
 * to have the triplets to 1e-7 of the largest value, or all there are.
 *
 * @param matrix `[rows, columns]`
 * @param rank 1..the smaller of rows and columns.
 * @param name What errors call the matrix.
 * @throws {InputError} If the rank is out of range or an element is not finite.
 */
export function leadingTriplets(
  matrix: Float32Array,
  rows: number,
  columns: number,
  rank: number,
  name = "matrix",
): SingularTriplets {
  const size = Math.min(rows, columns);
  const isRank = Number.isInteger(rank) && rank >= 1 && rank <= size;
  require(isRank, `find the singular values of ${name}`, `rank must be in 1..${size}`, rank);
  requireFinite(matrix, name);
  const down = (x: Float64Array) => multiply(matrix, rows, columns, x);
  const across = (x: Float64Array) => multiplyTransposed(matrix, rows, columns, x);
  if (columns <= rows) return bidiagonalize(down, across, rows, columns, rank);
  const { values, left, right } = bidiagonalize(across, down, columns, rows, rank);
  return { values, left: right, right: left };
}

/** Of a matrix with no more columns than rows, `[high, wide]`, by products with it and with its transpose. */
function bidiagonalize(
  multiply: (x: Float64Array) => Float64Array,
  multiplyBack: (x: Float64Array) => Float64Array,
  high: number,
  wide: number,
  rank: number,
): SingularTriplets {
  const { normal } = seededRandom(0);
  const random = (length: number) => Float64Array.from({ length }, normal);
  const [diagonal, above]: number[][] = [[], []];
  const [us, vs]: Float64Array[][] = [[], []];
  let largest = 0;
  /** The next vector of a base, and its length before: 0, and any direction, where nothing is left of it. */
  const extend = (base: Float64Array[], vector: Float64Array) => {
    const length = orthogonalize(vector, base);
    largest = Math.max(largest, length);
    if (length > smallest * largest) {
      base.push(vector.map((each) => each / length));
      return length;
    }
    const any = random(vector.length);
    const anyLength = orthogonalize(any, base);
    base.push(any.map((each) => each / anyLength));
    return 0;
  };
  extend(vs, random(wide));
  largest = 0;
  let steps = 0;
  for (let goal = Math.min(wide, 2 * rank + 16);; goal = Math.min(wide, Math.ceil(1.5 * goal))) {
    for (; steps < goal; steps++) {
      diagonal.push(extend(us, multiply(vs[steps])));
      above.push(steps + 1 < wide ? extend(vs, multiplyBack(us[steps])) : 0);
    }
    const { values, left, right } = bidiagonalSvd(diagonal, above);
    const miss = left.slice(0, rank).map((each) => Math.abs(above[steps - 1] * each[steps - 1]));
    if (steps < wide && Math.max(...miss) > tolerance * values[0]) continue;
    return {
      values: values.slice(0, rank),
      left: left.slice(0, rank).map((each) => combine(us, each, high)),
      right: right.slice(0, rank).map((each) => combine(vs, each, wide)),
    };
  }
}

/** Takes what lies along unit vectors out of a vector, until nothing much is left of it; its length then. */
function orthogonalize(vector: Float64Array, base: readonly Float64Array[]): number {
  for (let before = lengthOf(vector);;) {
    for (const each of base) {
      const share = dot(vector, each);
      for (let i = 0; i < vector.length; i++) vector[i] -= share * each[i];
    }
    const after = lengthOf(vector);
    if (after >= before / 2 || after === 0) return after;
    before = after;
  }
}

function combine(base: Float64Array[], shares: Float64Array, length: number): Float64Array {
  const sum = new Float64Array(length);
  shares.forEach((share, index) => {
    for (let i = 0; i < length; i++) sum[i] += share * base[index][i];
  });
  return sum;
}

function multiply(
  matrix: Float32Array,
  rows: number,
  columns: number,
  x: Float64Array,
): Float64Array {
  const y = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const line = matrix.subarray(row * columns, (row + 1) * columns);
    y[row] = dot(line, x);
  }
  return y;
}

function multiplyTransposed(
  matrix: Float32Array,
  rows: number,
  columns: number,
  x: Float64Array,
): Float64Array {
  const y = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const factor = x[row];
    const start = row * columns;
    for (let i = 0; i < columns; i++) y[i] += factor * matrix[start + i];
  }
  return y;
}

function dot(a: Float32Array | Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += a[i] * b[i];
  return sum;
}

function lengthOf(vector: Float64Array): number {
  return Math.sqrt(dot(vector, vector));
}
