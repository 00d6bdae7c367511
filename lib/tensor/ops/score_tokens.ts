import { counted, require } from "../../core/mod.ts";
import type { AgileKernel } from "../agile.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { fused } from "./fused.ts";
import { linear, requireBias } from "./linear.ts";
import { computeScores } from "./score_tiles.ts";
import { requireTargets, tokenCrossEntropy } from "./token_cross_entropy.ts";

/** What a head makes logits of: x weightᵀ + bias, `[rows, vocabulary]`. */
export interface HeadOperands {
  /** Hidden states as the head reads them, `[rows, in]`. */
  x: tf.Tensor2D;
  /** `[vocabulary, in]` */
  weight: tf.Tensor2D;
  /** `[vocabulary]` */
  bias?: tf.Tensor1D;
}

/** How good next-token distributions are, `[rows]` each. */
export interface TokenScores {
  /** The cross-entropy of each row's target in nats. */
  loss: tf.Tensor1D;
  /** The reference's `loss`; with a reference only. */
  referenceLoss?: tf.Tensor1D;
  /** KL(reference || head) in nats; with a reference only. */
  divergence?: tf.Tensor1D;
  /** 1 where the most likely token, or the first of several, is the reference's, else 0; with a reference only. */
  agreement?: tf.Tensor1D;
}

/**
 * Scores next-token distributions, alone or beside those of a reference, without keeping logits: on `agile` a
 * tile of them at a time is multiplied, read while it is in the cache, and forgotten.
 *
 * @param targets `[rows]`, each in 0..vocabulary-1
 * @param reference Of as many rows and the same vocabulary.
 * @throws {InputError} If shapes do not fit, a target is outside the vocabulary or their number is not `rows`.
 */
export function scoreTokens(
  head: HeadOperands,
  targets: Int32Array,
  reference?: HeadOperands,
): TokenScores {
  requireFitting(head, targets, reference);
  const { x: referenceX, weight: referenceWeight, bias: referenceBias } = reference ?? {};
  const inputs = { ...head, referenceX, referenceWeight, referenceBias };
  const [loss, referenceLoss, divergence, agreement] = fused(
    "ScoreTokens",
    inputs as Record<string, tf.Tensor>, // some of which may be missing
    { targets },
    () => composed(head, targets, reference),
  ) as tf.Tensor1D[];
  return reference ? { loss, referenceLoss, divergence, agreement } : { loss };
}

function requireFitting(
  head: HeadOperands,
  targets: Int32Array,
  reference: HeadOperands = head,
): void {
  const action = "score tokens";
  for (const { x, weight, bias } of [head, reference]) {
    const fits = x.rank === 2 && weight.rank === 2 && x.size > 0 && x.shape[1] === weight.shape[1];
    const rule = "x and weight must be [rows, in] and [vocabulary, in]";
    require(fits, action, rule, [x.shape, weight.shape]);
    requireBias(bias, weight.shape[0], action);
  }
  const [own, other] = [head, reference].map(({ x, weight }) => [x.shape[0], weight.shape[0]]);
  const [rows, vocabulary] = own;
  const rule = `the reference must have ${rows} rows and ${counted(vocabulary, "token")}`;
  require(own.join() === other.join(), action, rule, other);
  requireTargets(targets, rows, vocabulary, action);
}

/** Logits that the composition makes at a time, but at least those of a row. */
const composedLogits = 2 ** 22;

/** The same of TensorFlow.js operations, some rows at a time. */
function composed(
  head: HeadOperands,
  targets: Int32Array,
  reference?: HeadOperands,
): tf.Tensor1D[] {
  const [rows, vocabulary] = [targets.length, head.weight.shape[0]];
  const together = Math.max(1, Math.floor(composedLogits / vocabulary));
  const parts = split(rows, together, rows).map(([first, count]) => {
    const logitsOf = ({ x, weight, bias }: HeadOperands) =>
      linear(tf.slice2d(x, [first, 0], [count, -1]), weight, bias);
    const own = targets.subarray(first, first + count);
    return tf.tidy(() => {
      const logits = logitsOf(head);
      const loss = tokenCrossEntropy(logits, own);
      if (!reference) return [loss];
      const expected = logitsOf(reference);
      return [loss, tokenCrossEntropy(expected, own), ...compare(expected, logits)];
    });
  });
  return parts[0].map((_, score) => tf.concat1d(parts.map((part) => part[score])));
}

function compare(reference: tf.Tensor2D, other: tf.Tensor2D): tf.Tensor1D[] {
  const [logP, logQ] = [reference, other].map((logits) => tf.logSoftmax(logits));
  const [bestP, bestQ] = [reference, other].map((logits) => tf.argMax(logits, 1));
  const divergence = tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), 1);
  return [tf.relu(divergence), tf.cast(tf.equal(bestP, bestQ), "float32")] as tf.Tensor1D[];
}

/** The kernel behind {@linkcode scoreTokens}. */
export const scoreTokensKernels: AgileKernel[] = [{ name: "ScoreTokens", compute: computeScores }];
