import { require } from "../core/mod.ts";
import { type Hadamard, hadamardMatrix, hadamardOrder } from "./hadamard.ts";

// The rotation of n channels is that of QuaRot: x -> x (H_K^T ⊗ S) / sqrt(n), where K is the order of the
// Hadamard matrix H that belongs to n and S Sylvester's of order n / K.

/**
 * Refuses a number of channels that no Hadamard matrix known here rotates.
 *
 * @param action What errors say cannot be done.
 * @param what What the channels are: `the stream`.
 * @throws {InputError}
 */
export function requireHadamard(size: number, action: string, what: string): void {
  const rule = `there must be a Hadamard matrix for the size of ${what}`;
  require(hadamardOrder(size) !== undefined, action, rule, size);
}

/**
 * Rotates values along one axis, in place.
 *
 * @param values `[..., size, inner]`
 * @throws {InputError} If there is no Hadamard matrix of this size.
 */
export function rotateByHadamard(values: Float64Array, size: number, inner = 1): void {
  requireHadamard(size, "rotate values", "their axis");
  const { order, entries } = hadamardMatrix(hadamardOrder(size)!);
  const length = size * inner;
  const part = length / order; // that each row of H is multiplied with
  const scale = 1 / Math.sqrt(size);
  const mixed = new Float64Array(length);
  for (let start = 0; start < values.length; start += length) {
    const own = values.subarray(start, start + length);
    for (let from = 0; from < length; from += part) sumsAndDifferences(own, from, part, inner);
    mixed.fill(0);
    for (let row = 0; row < order; row++) {
      for (let column = 0; column < order; column++) {
        const factor = scale * entries[row * order + column];
        const [to, from] = [row * part, column * part];
        for (let i = 0; i < part; i++) mixed[to + i] += factor * own[from + i];
      }
    }
    own.set(mixed);
  }
}

/** Multiplies `[length / inner, inner]` from `first` on by Sylvester's matrix. */
function sumsAndDifferences(
  values: Float64Array,
  first: number,
  length: number,
  inner: number,
): void {
  for (let half = inner; half < length; half *= 2) {
    for (let start = first; start < first + length; start += 2 * half) {
      for (let i = start; i < start + half; i++) {
        const [one, other] = [values[i], values[i + half]];
        values[i] = one + other;
        values[i + half] = one - other;
      }
    }
  }
}

/** A matrix `[order, order]` with orthogonal rows of length 1. */
export interface OrthogonalMatrix {
  readonly order: number;
  readonly entries: Float32Array;
}

/** See {@linkcode hadamardFactors}. */
export interface HadamardFactors {
  readonly left: OrthogonalMatrix;
  readonly right: OrthogonalMatrix;
}

/**
 * Two matrices whose Kronecker product is the rotation of so many channels, of about equal orders: `x -> x
 * (left ⊗ right)` takes the values, as a matrix X of `left.order` rows, to `left^T X right`.
 *
 * @throws {InputError} If there is no Hadamard matrix of this size.
 */
export function hadamardFactors(size: number): HadamardFactors {
  const known = factors.get(size);
  if (known) return known;
  requireHadamard(size, "rotate values", "their axis");
  const hadamard = hadamardMatrix(hadamardOrder(size)!);
  let power = 1;
  while (hadamard.order * power ** 2 * hadamard.order < size) power *= 2;
  const made = {
    left: orthogonal(hadamard, power),
    right: orthogonal({ order: 1, entries: Int8Array.of(1) }, size / hadamard.order / power),
  };
  factors.set(size, made);
  return made;
}

/** Those that were made, since a rotated site asks for them in every block of every pass. */
const factors = new Map<number, HadamardFactors>();

/** `H^T ⊗ Sylvester(power)` over the root of its order. */
function orthogonal({ order: inner, entries }: Hadamard, power: number): OrthogonalMatrix {
  const order = inner * power;
  const scale = 1 / Math.sqrt(order);
  const entry = (row: number, column: number) => {
    const [i, j] = [Math.floor(row / power), Math.floor(column / power)];
    return entries[j * inner + i] * sylvester(row % power, column % power);
  };
  return {
    order,
    entries: Float32Array.from(
      { length: order ** 2 },
      (_, i) => scale * entry(Math.floor(i / order), i % order),
    ),
  };
}

/** -1 to the number of ones that two numbers have in the same places. */
function sylvester(row: number, column: number): number {
  let sign = 1;
  for (let common = row & column; common > 0; common &= common - 1) sign = -sign;
  return sign;
}
