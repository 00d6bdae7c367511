import { require } from "../../core/mod.ts";
import type { AgileBackend } from "../agile.ts";
import { paddedColumns } from "../integer_product.ts";
import type { IntegerWeight } from "../integer_weight.ts";
import { tf } from "../tf.ts";
import { integerBackend } from "./integer_product.ts";

/** Sums that are worked on at once: 1 MiB of integers and as much of floats. */
const chunkLength = 2 ** 18;

/**
 * Writes the codes of `count` rows of activations from row `first`, `[count, places]`, their columns
 * in the order of the weight and 0 at padding.
 */
export type RowCodes = (first: number, count: number, out: Uint8Array) => void;

/**
 * A linear layer in integers: unsigned 8-bit activations times 4- or 8-bit weights, summed up in
 * 32 bits. Only the sums over whole blocks of columns become floats: corrected for the zero points,
 * scaled, and added to each other and the bias in float32.
 *
 * 4-bit weights are unpacked to bytes in scratch memory for the time of a call; nothing is kept.
 *
 * @param weight [out, in], packed for these activations.
 * @param rows How many rows the activation has.
 * @param bias [out]
 * @returns [rows, out]
 * @throws {InputError} If the bias does not fit or another backend than `agile` computes.
 */
export function integerLinear(
  weight: IntegerWeight,
  rows: number,
  codes: RowCodes,
  bias?: tf.Tensor1D,
): tf.Tensor2D {
  const action = "apply a linear layer in integers";
  const { rows: outputs, order: { length: places } } = weight;
  const biasFits = !bias || (bias.rank === 1 && bias.shape[0] === outputs);
  require(biasFits, action, `bias must be [${outputs}]`, bias?.shape);
  const backend = integerBackend(action);
  const { simd } = backend;
  const columns = paddedColumns(outputs);
  const chunk = Math.min(rows, Math.ceil(chunkLength / columns));
  const scratch = layOut(weight, chunk, columns, backend);
  const start = bias ? backend.floats(bias) : new Float32Array(outputs);
  const result = backend.allocate(rows * outputs);
  for (let first = 0; first < rows; first += chunk) {
    const count = Math.min(chunk, rows - first);
    codes(first, count, simd.viewAs(Uint8Array, scratch.activation, count * places));
    const sums = simd.view(scratch.sums, count * columns);
    for (let row = 0; row < count; row++) sums.set(start, row * columns);
    addBlocks(weight, count, columns, scratch, backend);
    for (let row = 0; row < count; row++) {
      const from = row * columns;
      result.set(sums.subarray(from, from + outputs), (first + row) * outputs);
    }
  }
  return tf.tensor2d(result, [rows, outputs]);
}

/** Addresses in scratch memory. */
type Scratch = ReturnType<typeof layOut>;

/** Divides scratch memory up and writes what belongs to the weight, its codes as signed bytes. */
function layOut(
  weight: IntegerWeight,
  chunk: number,
  columns: number,
  { simd }: AgileBackend,
) {
  const { order: { length: places }, scale: { length: grids }, bits } = weight;
  const [activation, codes, products, sums, scale, offset, zero, rowSums, packed, points, factor] =
    simd.reserve(
      ...[chunk * places / 4, columns * places / 4, chunk * columns, chunk * columns],
      ...[grids, grids, grids, chunk, weight.codes.length / 4, grids / 4, places / 2],
    );
  simd.write(scale, weight.scale);
  simd.viewAs(Int32Array, offset, grids).set(weight.offset);
  simd.viewAs(Int32Array, rowSums, chunk).fill(0); // and 4-bit weights leave them so
  if (bits === 8) {
    simd.viewAs(Uint8Array, codes, weight.codes.length).set(weight.codes);
    const zeros = simd.viewAs(Int32Array, zero, grids);
    weight.zeroPoint.forEach((code, grid) => zeros[grid] = code - 128);
  } else {
    simd.viewAs(Uint8Array, packed, weight.codes.length).set(weight.codes);
    simd.viewAs(Uint8Array, points, grids).set(weight.zeroPoint);
    simd.viewAs(Int16Array, factor, places).set(weight.factor);
    forBlocks(weight, (index, place, depth) => {
      const from = weight.rows * place;
      const [zeroPoints, factors] = [points + index * weight.rows, factor + 2 * place];
      const { unpackInt4 } = simd.kernels;
      unpackInt4(codes + from, packed + from / 2, zeroPoints, factors, weight.rows, depth);
    });
  }
  return { activation, codes, products, sums, scale, offset, zero, rowSums };
}

/** Adds the scaled products of every block to the sums of `count` rows. */
function addBlocks(
  weight: IntegerWeight,
  count: number,
  columns: number,
  scratch: Scratch,
  { simd, integerProduct }: AgileBackend,
): void {
  const { rows: n, order: { length: strideA } } = weight;
  const activation = simd.viewAs(Uint8Array, scratch.activation, count * strideA);
  const products = simd.viewAs(Int32Array, scratch.products, count * columns);
  forBlocks(weight, (index, place, k) => {
    const a = activation.subarray(place);
    const b = simd.viewAs(Int8Array, scratch.codes + n * place, n * k);
    integerProduct.multiply(a, b, products, { m: count, n, k, strideA, strideC: columns });
    if (weight.bits === 8) {
      const rowSums = simd.viewAs(Int32Array, scratch.rowSums, count);
      for (let row = 0; row < count; row++) rowSums[row] = sum(a, row * strideA, k);
    }
    const [scale, offset, zero] = [scratch.scale, scratch.offset, scratch.zero]
      .map((address) => address + 4 * index * n);
    simd.kernels.addScaled(
      scratch.sums,
      scratch.products,
      scale,
      offset,
      zero,
      scratch.rowSums,
      count,
      columns,
    );
  });
}

function sum(values: Uint8Array, start: number, length: number): number {
  let total = 0;
  for (let i = start; i < start + length; i++) total += values[i];
  return total;
}

/** Calls `visit` with the number, the first place and the depth of each block. */
function forBlocks(
  { depths }: IntegerWeight,
  visit: (index: number, place: number, depth: number) => void,
): void {
  let place = 0;
  depths.forEach((depth, index) => {
    visit(index, place, depth);
    place += depth;
  });
}
