// Causal attention of one head, a block of queries at a time, against the keys that these can see.

import { roundToPowers } from "./log2";
import { matmul, PRODUCT_WORKSPACE } from "./matmul";
import { softmaxRow } from "./softmax";
import { workspace } from "./workspace";

/**
 * Turns scores into attention probabilities, in place. Row r sees the first `seen + r` keys; those
 * behind, up to `width`, get 0.
 *
 * @param stride Floats from one row to the next: at least `width` rounded up to 4.
 * @param bias Floats [width], added to the scaled scores of every row; none for address 0.
 * @param maximum, lowest, zeroBelow What {@link roundToPowers} rounds to; no rounding for `maximum` 0.
 * @param first Where the probabilities of the first key go, [rows].
 */
export function attentionProbabilities(
  rows: i32,
  seen: i32,
  width: i32,
  scores: usize,
  stride: i32,
  scale: f32,
  bias: usize,
  maximum: f32,
  lowest: f32,
  zeroBelow: f32,
  first: usize,
): void {
  for (let r = 0; r < rows; r++, seen++, scores += <usize> stride << 2) {
    softmaxRow(scores, scores, scale, bias, seen, width);
    // A row of NaN stays one; 0 stays 0, in a last vector behind the keys that are seen.
    const rounded = maximum != 0 && !isNaN(load<f32>(scores));
    if (rounded) roundToPowers(seen, scores, scores, maximum, lowest, zeroBelow);
    store<f32>(first + (<usize> r << 2), load<f32>(scores));
  }
}

/**
 * Attention of the queries that see the first `seen`, `seen + 1`, ... keys of one head.
 *
 * @param rows Queries: their scores, rows times keys seen, must fit the workspace.
 * @param q Queries [rows, headDim], rows `strideQ` floats apart; output likewise.
 * @param k Keys [keys, headDim], rows `strideK` floats apart; values likewise.
 * @param scale, bias, maximum, lowest, zeroBelow, first As of {@link attentionProbabilities}.
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
  maximum: f32,
  lowest: f32,
  zeroBelow: f32,
  first: usize,
): void {
  const scores = workspace + PRODUCT_WORKSPACE;
  const width = seen + rows - 1;
  const stride = (width + 3) & ~3;
  matmul(q, k, scores, rows, width, headDim, strideQ, 1, 1, strideK, stride);
  attentionProbabilities(
    rows, seen, width,
    scores, stride,
    scale, bias, maximum, lowest, zeroBelow, first,
  );
  matmul(scores, v, output, rows, headDim, width, stride, 1, strideK, 1, strideQ);
}
