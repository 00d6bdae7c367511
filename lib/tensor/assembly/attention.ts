// Causal attention of one head, a block of queries at a time, against the keys that these can see.

import { roundProbabilities } from "./log2";
import { matmul, PRODUCT_WORKSPACE } from "./matmul";
import { divideRow, powersRow } from "./softmax";
import { workspace } from "./workspace";

/**
 * C = A op(B) in float32 by a native library: A [m, k], op(B) [k, n], rows of the matrices as they are
 * stored so many elements apart.
 */
// @ts-ignore: decorator
@external("env", "multiplyFloats")
declare function multiplyFloats(
  a: usize,
  strideA: i32,
  b: usize,
  strideB: i32,
  transposeB: bool,
  c: usize,
  strideC: i32,
  m: i32,
  n: i32,
  k: i32,
): void;

/**
 * Attention of the queries that see the first `seen`, `seen + 1`, ... keys of one head.
 *
 * @param native Whether a native library multiplies.
 * @param rows Queries: their scores, rows times keys seen, must fit the workspace.
 * @param q Queries [rows, headDim], rows `strideQ` floats apart; output likewise.
 * @param k Keys [keys, headDim], rows `strideK` floats apart; values likewise.
 * @param bias Floats [keys], added to the scaled scores of every query; none for address 0.
 * @param maximum, lowest, zeroBelow What probabilities are rounded to, as by `roundToPowers`; no rounding
 * for `maximum` 0.
 * @param first Where the probabilities of the first key go, [rows].
 */
export function attend(
  native: bool,
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
  maximum: f32,
  lowest: f32,
  zeroBelow: f32,
  first: usize,
): void {
  const scores = workspace + (native ? 0 : PRODUCT_WORKSPACE);
  const width = seen + rows - 1;
  // Rows a power of two apart would fall into the same sets of the caches.
  const stride = native ? (width + 31) & ~15 | 16 : (width + 3) & ~3;
  if (native) multiplyFloats(q, strideQ, k, strideK, true, scores, stride, rows, width, headDim);
  else matmul(q, k, scores, rows, width, headDim, strideQ, 1, 1, strideK, stride);
  let row = scores;
  for (let r = 0; r < rows; r++, row += <usize> stride << 2) {
    const sum = powersRow(row, row, scale, bias, seen + r, width);
    // 0 stays 0, in a last vector behind the keys that are seen.
    if (maximum == 0 || isNaN(sum)) divideRow(row, sum, seen + r);
    else roundProbabilities(seen + r, row, sum, maximum, lowest, zeroBelow);
    store<f32>(first + (<usize> r << 2), load<f32>(row));
  }
  if (native) multiplyFloats(scores, stride, v, strideK, false, output, strideQ, rows, headDim, width);
  else matmul(scores, v, output, rows, headDim, width, stride, 1, strideK, 1, strideQ);
}
