import fc from "fast-check";
import type { AffineCodes, CommonStep } from "../../lib/format/mod.ts";

/** Operands of a product `[m, k] x [k, n]` in codes 0..15, with their zero points. */
export interface Operands {
  m: number;
  k: number;
  n: number;
  activations: Uint8Array;
  weights: Uint8Array;
  activationZeroPoint: number;
  weightZeroPoint: number;
}

/** The product in integers without bounds, from the definition of a zero point. */
export function exactProduct(
  { m, k, n, activations, weights, activationZeroPoint, weightZeroPoint }: Operands,
): bigint[] {
  return Array.from({ length: m * n }, (_, index) => {
    const [i, j] = [Math.floor(index / n), index % n];
    let sum = 0n;
    for (let row = 0; row < k; row++) {
      sum += BigInt(activations[i * k + row] - activationZeroPoint) *
        BigInt(weights[row * n + j] - weightZeroPoint);
    }
    return sum;
  });
}

const code = fc.integer({ min: 0, max: 15 });

/** Codes that are random, or all alike: 0 or the largest. */
export function codes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ minLength: length, maxLength: length, max: 15 }) },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(length).fill(15)) },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(length)) },
  );
}

/** Operands of at most the given sizes and at least the given depth. */
export function operands(
  { m, k: [shallowest, deepest], n }: { m: number; k: [number, number]; n: number },
): fc.Arbitrary<Operands> {
  return fc.record({
    m: fc.integer({ min: 1, max: m }),
    k: fc.integer({ min: shallowest, max: deepest }),
    n: fc.integer({ min: 1, max: n }),
    activationZeroPoint: code,
    weightZeroPoint: code,
  }).chain((sizes) =>
    fc.record({
      activations: codes(sizes.m * sizes.k),
      weights: codes(sizes.k * sizes.n),
    }).map((values) => ({ ...sizes, ...values }))
  );
}

/** A layer with a row of activations or more. */
export interface LayerOperands {
  m: number;
  activations: Uint8Array;
  /** Of 4 bits. */
  layer: AffineCodes & { groupIndex: Int32Array };
  input: CommonStep;
}

/** Layers of at most the given sizes, whose columns fall into one to three groups in any order. */
export function layers(
  { m, columns: [fewest, most], rows }: { m: number; columns: [number, number]; rows: number },
): fc.Arbitrary<LayerOperands> {
  const sizes = fc.record({
    m: fc.integer({ min: 1, max: m }),
    columns: fc.integer({ min: fewest, max: most }),
    rows: fc.integer({ min: 1, max: rows }),
    groups: fc.integer({ min: 1, max: 3 }),
  });
  const power = (max: number, length: number) =>
    fc.uint8Array({ minLength: length, maxLength: length, max });
  return sizes.chain(({ m, columns, rows, groups }) =>
    fc.record({
      activations: codes(m * columns),
      weights: codes(rows * columns),
      zeroPoint: codes(rows * groups),
      activationZero: code,
      scale: fc.float32Array({
        minLength: rows * groups,
        maxLength: rows * groups,
        min: 2 ** -10,
        max: 1,
        noNaN: true,
      }),
      group: fc.array(fc.integer({ min: 0, max: groups - 1 }), {
        minLength: columns,
        maxLength: columns,
      }),
      shift: fc.oneof(power(0, columns), power(3, columns)),
      step: fc.constantFrom(1, 0.125, 0.1),
    }).map(({ activations, weights, zeroPoint, activationZero, scale, group, shift, step }) => ({
      m,
      activations,
      layer: {
        bits: 4,
        rows,
        columns,
        codes: weights,
        scale,
        zeroPoint,
        groupIndex: Int32Array.from(group),
      },
      input: { step, zeroPoint: activationZero, shift },
    }))
  );
}
