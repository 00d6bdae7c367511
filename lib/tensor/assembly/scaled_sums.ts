// From sums of products of bytes to floats: corrected for zero points, scaled, and added to the output.

import { IntegerWeight, loadBytes } from "./integer_weight";
import { storeFirst } from "./vector";

/** Scaled sums of one block, one vector: `code` is what 8-bit weights lack of their zero points. */
// @ts-ignore: decorator
@inline
function scaled(wide: bool, sums: usize, step: v128, correction: v128, code: v128, codeSums: v128): v128 {
  let sum = i32x4.add(v128.load(sums), correction);
  if (wide) sum = i32x4.sub(sum, i32x4.mul(code, codeSums));
  return f32x4.mul(step, f32x4.convert_i32x4_s(sum));
}

/**
 * Adds the scaled sums of `count` blocks, the first one `first`, to `rows` rows of the output; with the
 * first block of all, to the bias. Eight rows are worked on at a time: sums of more than there are mean
 * nothing and are not stored.
 *
 * @param wide Whether weights have 8 bits: the products lack their zero points then.
 * @param y Floats [rows, rows of the weight].
 * @param bias Floats [padded rows of the weight].
 * @param sums 32-bit integers, those of one block [rows, columns].
 * @param blockBytes From the sums of one block to the next.
 * @param columns As sums are stored.
 * @param rowSums 32-bit integers [rows / 4, blocks, 4]: sums of the activations' codes.
 * @param zeroPoint The code of zero of the activations.
 */
// @ts-ignore: decorator
@inline
function addBlocks(
  wide: bool,
  y: usize,
  bias: usize,
  sums: usize,
  blockBytes: usize,
  columns: i32,
  rowSums: usize,
  zeroPoint: i32,
  row: i32,
  rows: i32,
  column: i32,
  first: i32,
  count: i32,
  weight: IntegerWeight,
): void {
  const stride = <usize> weight.rows << 2, gridStride = <usize> weight.paddedRows;
  const rowBytes = <usize> columns << 2, fourBytes = <usize> weight.blocks << 4;
  const grid = <usize> first * gridStride + column, width = min(columns, weight.rows - column);
  const minus = i32x4.splat(-zeroPoint);
  const scales = weight.scale() + (grid << 2), zeros = weight.zero() + grid;
  for (let r = 0; r < rows; r += 8, sums += rowBytes << 3) {
    const left = rows - r;
    const output = y + <usize> (row + r) * stride + (<usize> column << 2);
    const codeSums = rowSums + (<usize> ((row + r) * weight.blocks + 4 * first) << 2);
    for (let j = 0; j < width; j += 4) {
      const at = <usize> j << 2, here = width - j;
      let a = v128.load(bias + (<usize> column << 2) + at), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
      let to = output + at;
      if (first > 0) {
        a = v128.load(to);
        if (left > 1) b = v128.load(to += stride);
        if (left > 2) c = v128.load(to += stride);
        if (left > 3) d = v128.load(to += stride);
        if (left > 4) e = v128.load(to += stride);
        if (left > 5) f = v128.load(to += stride);
        if (left > 6) g = v128.load(to += stride);
        if (left > 7) h = v128.load(to += stride);
      }
      let from = sums + at, scale = scales + at, zero = zeros + j, sum = grid + j, codes = codeSums;
      for (let block = count; block > 0; block--) {
        const step = v128.load(scale), correction = i32x4.mul(weight.sums(sum), minus);
        let code = correction, four = correction;
        if (wide) {
          code = i32x4.sub(loadBytes(zero), i32x4.splat(128));
          four = v128.load(codes);
        }
        let s = from;
        a = f32x4.add(a, scaled(wide, s, step, correction, code, v128.shuffle<i32>(four, four, 0, 0, 0, 0)));
        b = f32x4.add(b, scaled(wide, s += rowBytes, step, correction, code, v128.shuffle<i32>(four, four, 1, 1, 1, 1)));
        c = f32x4.add(c, scaled(wide, s += rowBytes, step, correction, code, v128.shuffle<i32>(four, four, 2, 2, 2, 2)));
        d = f32x4.add(d, scaled(wide, s += rowBytes, step, correction, code, v128.shuffle<i32>(four, four, 3, 3, 3, 3)));
        if (wide) four = v128.load(codes + fourBytes);
        e = f32x4.add(e, scaled(wide, s += rowBytes, step, correction, code, v128.shuffle<i32>(four, four, 0, 0, 0, 0)));
        f = f32x4.add(f, scaled(wide, s += rowBytes, step, correction, code, v128.shuffle<i32>(four, four, 1, 1, 1, 1)));
        g = f32x4.add(g, scaled(wide, s += rowBytes, step, correction, code, v128.shuffle<i32>(four, four, 2, 2, 2, 2)));
        h = f32x4.add(h, scaled(wide, s += rowBytes, step, correction, code, v128.shuffle<i32>(four, four, 3, 3, 3, 3)));
        from += blockBytes;
        scale += gridStride << 2;
        sum += gridStride;
        if (wide) {
          zero += gridStride;
          codes += 16;
        }
      }
      to = output + at;
      storeFirst(to, a, here);
      if (left > 1) storeFirst(to += stride, b, here);
      if (left > 2) storeFirst(to += stride, c, here);
      if (left > 3) storeFirst(to += stride, d, here);
      if (left > 4) storeFirst(to += stride, e, here);
      if (left > 5) storeFirst(to += stride, f, here);
      if (left > 6) storeFirst(to += stride, g, here);
      if (left > 7) storeFirst(to += stride, h, here);
    }
  }
}

/** {@link addBlocks} of 4-bit weights: the compiler would make one function of both, with both's work. */
export function addNarrowBlocks(
  y: usize,
  bias: usize,
  sums: usize,
  blockBytes: usize,
  columns: i32,
  rowSums: usize,
  zeroPoint: i32,
  row: i32,
  rows: i32,
  column: i32,
  first: i32,
  count: i32,
  weight: IntegerWeight,
): void {
  addBlocks(false, y, bias, sums, blockBytes, columns, rowSums, zeroPoint, row, rows, column, first, count, weight);
}

/** {@link addBlocks} of 8-bit weights. */
export function addWideBlocks(
  y: usize,
  bias: usize,
  sums: usize,
  blockBytes: usize,
  columns: i32,
  rowSums: usize,
  zeroPoint: i32,
  row: i32,
  rows: i32,
  column: i32,
  first: i32,
  count: i32,
  weight: IntegerWeight,
): void {
  addBlocks(true, y, bias, sums, blockBytes, columns, rowSums, zeroPoint, row, rows, column, first, count, weight);
}
