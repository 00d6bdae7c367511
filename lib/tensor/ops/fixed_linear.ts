import { require } from "../../core/mod.ts";
import { requireAgile } from "../agile.ts";
import { type HeldNumbers, holdNumbers } from "../held_numbers.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";

/** Integers of 16 bits, `code * 2^exponent`, as {@linkcode fixedLinear} reads them. */
export interface FixedCodes {
  /** `[rows, columns]` */
  codes: Int16Array;
  exponent: number;
}

/** A weight of such integers. Whoever has it disposes of it. */
export interface FixedWeight extends Disposable {
  rows: number;
  columns: number;
  exponent: number;
  /** `[rows, places]`: columns, and zeros up to a multiple of eight. */
  held: HeldNumbers<Int8Array>;
}

/** Elements that the kernel reads at a time. */
const together = 8;

/**
 * Holds a weight for {@linkcode fixedLinear}.
 *
 * @throws {InputError} If it does not fit the memory, or another backend than `agile` computes.
 */
export function holdFixed(
  { codes, exponent }: FixedCodes,
  rows: number,
  columns: number,
): FixedWeight {
  requireAgile("hold a weight of fixed point");
  const places = roundUp(columns);
  const held = holdNumbers(new Int8Array(), 2 * rows * places, `a weight of ${rows} x ${columns}`);
  const { buffer, byteOffset } = held.values;
  fillLines(new Int16Array(buffer, byteOffset, rows * places), codes, columns, places);
  return { rows, columns, exponent, held, [Symbol.dispose]: () => held[Symbol.dispose]() };
}

/**
 * `x W^T` in dynamic fixed point (DFP16): products of 16-bit integers, `chain` columns at a time summed up in 32
 * bits; these sums become float32 and are added in that, one after the other, and the whole is multiplied by
 * `2^(exponent of x + exponent of W)`. A sum that leaves 32 bits wraps around, as in the instructions of processors
 * that do not saturate: it keeps its remainder modulo 2^32. Two products fit, unless all four factors are -2^15.
 *
 * @param x `[rows, in]`, with its integers.
 * @param chain A multiple of eight.
 * @returns `[rows, out]`
 * @throws {InputError} If something does not fit or another backend than `agile` computes.
 */
export function fixedLinear(
  { codes, exponent }: FixedCodes,
  weight: FixedWeight,
  chain: number,
): tf.Tensor2D {
  const action = "apply a linear layer of fixed point";
  const backend = requireAgile(action);
  const { rows: outputs, columns } = weight;
  const rows = codes.length / columns;
  require(Number.isInteger(rows), action, `x must be [rows, ${columns}]`, codes.length);
  const isChain = Number.isInteger(chain) && chain > 0 && chain % together === 0;
  require(isChain, action, "chain must be a positive multiple of 8", chain);
  const places = roundUp(columns);
  const sums = backend.output([rows, outputs]);
  backend.scratch([2 * rows * places], (source) => {
    const bytes = backend.view(Int8Array, source, 2 * rows * places);
    const lines = new Int16Array(bytes.buffer, bytes.byteOffset, rows * places);
    fillLines(lines, codes, columns, places);
    backend.run(
      "fixedLinear",
      split(outputs, 4, backend.simd.callsAtMost).map(([first, count]) => [
        ...[source, weight.held.address! + 2 * first * places, sums.address + 4 * first],
        ...[rows, count, places, outputs, Math.min(chain, places)],
      ]),
    );
  });
  const product = tf.engine().makeTensorFromTensorInfo(sums.tensor) as tf.Tensor2D;
  const scaled = tf.mul(product, 2 ** (exponent + weight.exponent)) as tf.Tensor2D;
  product.dispose();
  return scaled;
}

/** Writes rows, each followed by zeros. */
function fillLines(lines: Int16Array, codes: Int16Array, columns: number, places: number): void {
  for (let from = 0, to = 0; from < codes.length; from += columns, to += places) {
    lines.set(codes.subarray(from, from + columns), to);
    lines.fill(0, to + columns, to + places);
  }
}

function roundUp(columns: number): number {
  return Math.ceil(columns / together) * together;
}
