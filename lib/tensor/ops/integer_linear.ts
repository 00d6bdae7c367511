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
  const columns = paddedColumns(outputs);
  const chunk = Math.min(rows, Math.ceil(chunkLength / columns));
  const start = bias ? backend.floats(bias) : new Float32Array(outputs);
  const { tensor } = backend.output([rows, outputs]);
  const result = backend.floats(tensor);
  backend.scratch(scratchSizes(weight, chunk, columns), (...addresses) => {
    const scratch = layOut(weight, chunk, columns, addresses, backend);
    for (let first = 0; first < rows; first += chunk) {
      const count = Math.min(chunk, rows - first);
      codes(first, count, backend.view(Uint8Array, scratch.activation, count * places));
      const sums = backend.view(Float32Array, scratch.sums, count * columns);
      for (let row = 0; row < count; row++) sums.set(start, row * columns);
      addBlocks(weight, count, columns, scratch, backend);
      for (let row = 0; row < count; row++) {
        const from = row * columns;
        result.set(sums.subarray(from, from + outputs), (first + row) * outputs);
      }
    }
  });
  return tf.engine().makeTensorFromTensorInfo(tensor) as tf.Tensor2D;
}

/** Addresses in scratch memory. */
type Scratch = ReturnType<typeof layOut>;

/** Bytes of what {@linkcode layOut} divides up. */
function scratchSizes(weight: IntegerWeight, chunk: number, columns: number): number[] {
  const { order: { length: places }, scale: { length: grids }, codes: { length: packed } } = weight;
  return [
    ...[chunk * places, columns * places, 4 * chunk * columns, 4 * chunk * columns],
    ...[4 * grids, 4 * grids, 4 * grids, 4 * chunk, packed, grids, 2 * places],
  ];
}

/** Divides scratch memory up and writes what belongs to the weight, its codes as signed bytes. */
function layOut(
  weight: IntegerWeight,
  chunk: number,
  columns: number,
  addresses: number[],
  backend: AgileBackend,
) {
  const { order: { length: places }, scale: { length: grids }, bits } = weight;
  const [activation, codes, products, sums, scale, offset, zero, rowSums, packed, points, factor] =
    addresses;
  backend.view(Float32Array, scale, grids).set(weight.scale);
  backend.view(Int32Array, offset, grids).set(weight.offset);
  backend.view(Int32Array, rowSums, chunk).fill(0); // and 4-bit weights leave them so
  if (bits === 8) {
    backend.view(Uint8Array, codes, weight.codes.length).set(weight.codes);
    const zeros = backend.view(Int32Array, zero, grids);
    weight.zeroPoint.forEach((code, grid) => zeros[grid] = code - 128);
  } else {
    backend.view(Uint8Array, packed, weight.codes.length).set(weight.codes);
    backend.view(Uint8Array, points, grids).set(weight.zeroPoint);
    backend.view(Int16Array, factor, places).set(weight.factor);
    forBlocks(weight, (index, place, depth) => {
      const from = weight.rows * place;
      const [zeroPoints, factors] = [points + index * weight.rows, factor + 2 * place];
      backend.run(
        "unpackInt4",
        [[codes + from, packed + from / 2, zeroPoints, factors, weight.rows, depth]],
      );
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
  backend: AgileBackend,
): void {
  const { rows: n, order: { length: strideA } } = weight;
  const { products, sums, rowSums } = scratch;
  forBlocks(weight, (index, place, k) => {
    const [a, b] = [scratch.activation + place, scratch.codes + n * place];
    const shape = { m: count, n, k, strideA, strideC: columns };
    backend.integerProduct.multiply(a, b, products, shape);
    if (weight.bits === 8) {
      const codes = backend.view(Uint8Array, scratch.activation, count * strideA);
      const totals = backend.view(Int32Array, rowSums, count);
      for (let row = 0; row < count; row++) totals[row] = sum(codes, row * strideA + place, k);
    }
    const grids = [scratch.scale, scratch.offset, scratch.zero]
      .map((address) => address + 4 * index * n);
    backend.run("addScaled", [[sums, products, ...grids, rowSums, count, columns]]);
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
