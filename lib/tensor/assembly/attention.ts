// Causal attention of one head, a block of queries at a time, against the keys that these can see.

import { multiplyFloats } from "./float_product";
import { roundProbabilities } from "./log2";
import { matmul, PRODUCT_WORKSPACE } from "./matmul";
import { divideRow, powersOfSeen } from "./softmax";
import { workspace } from "./workspace";

/**
 * Attention of the queries that see the first `seen`, `seen + 1`, ... keys of one head, or only the last of
 * these.
 *
 * @param rows Queries: their scores, rows times keys seen, must fit the workspace.
 * @param q Queries [rows, headDim], rows `strideQ` floats apart; output likewise.
 * @param k Keys [keys, headDim], rows `strideK` floats apart; values likewise.
 * @param bias Floats [keys], added to the scaled scores of every query; none for address 0.
 * @param first Where the probabilities of the window's first key go, [rows].
 * @param firsts 32-bit integers [rows], the first key of the window that each query sees; key 0 for
 * address 0.
 * @param base Which key of the window is the first of `k`.
 * @param native Whether a native library multiplies.
 * @param maximum, lowest, zeroBelow What probabilities are rounded to, as by `roundToPowers`; no rounding
 * for `maximum` 0.
 * @param softpick Whether scores become shares by softpick, and not by softmax.
 */
export function attend(
  rows: i32,
  seen: i32,
  headDim: i32,
  q: usize,
  output: usize,
  strideQ: i32,
  k: usize,
  v: usize,
  strideK: i32,
  scale: f32,
  bias: usize,
  first: usize,
  firsts: usize,
  base: i32,
  native: bool,
  maximum: f32,
  lowest: f32,
  zeroBelow: f32,
  softpick: bool,
): void {
  const scores = workspace + (native ? 0 : PRODUCT_WORKSPACE);
  const width = seen + rows - 1;
  // Rows a power of two apart would fall into the same sets of the caches.
  const stride = native ? (width + 31) & ~15 | 16 : (width + 3) & ~3;
  if (native) multiplyFloats(q, strideQ, k, strideK, true, scores, stride, rows, width, headDim);
  else matmul(q, k, scores, rows, width, headDim, strideQ, 1, 1, strideK, stride);
  let row = scores;
  for (let r = 0; r < rows; r++, row += <usize> stride << 2) {
    const skipped = firsts ? load<i32>(firsts + (<usize> r << 2)) - base : 0;
    const sum = powersOfSeen(row, row, scale, bias, skipped, seen + r, width, softpick);
    const powers = row + (<usize> skipped << 2), count = seen + r - skipped;
    // 0 stays 0, in a last vector behind the keys that are seen.
    if (maximum != 0 && !isNaN(sum)) roundProbabilities(count, powers, sum, maximum, lowest, zeroBelow);
    else divideRow(powers, sum, count);
    store<f32>(first + (<usize> r << 2), base ? 0 : load<f32>(row));
  }
  if (native) multiplyFloats(scores, stride, v, strideK, false, output, strideQ, rows, headDim, width);
  else matmul(scores, v, output, rows, headDim, width, stride, 1, strideK, 1, strideQ);
}
