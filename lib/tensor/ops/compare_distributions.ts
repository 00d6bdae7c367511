import { require } from "../../core/mod.ts";
import type { AgileKernel, KernelCall } from "../agile.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { fused } from "./fused.ts";

/** How two sets of next-token distributions differ, row by row. */
export interface Comparison {
  /** KL(softmax(reference) || softmax(other)) in nats, `[rows]`. */
  divergence: tf.Tensor1D;
  /** 1 where the most likely token is the same, else 0, `[rows]`. */
  agreement: tf.Tensor1D;
}

/**
 * Compares two sets of next-token distributions.
 *
 * @param reference Logits `[rows, vocabulary]`.
 * @param other Logits of the same shape.
 * @returns Where several tokens are equally likely, the first of them is the most likely one.
 * @throws {InputError} If the shapes do not fit.
 */
export function compareDistributions(reference: tf.Tensor2D, other: tf.Tensor2D): Comparison {
  const fits = reference.rank === 2 && reference.size > 0 &&
    reference.shape.join() === other.shape.join();
  const rule = "both must be [rows, vocabulary] of equal shape";
  require(fits, "compare distributions", rule, [reference.shape, other.shape]);
  const inputs = { reference, other };
  const [divergence, agreement] = fused("CompareDistributions", inputs, {}, () => {
    const [logP, logQ] = [reference, other].map((logits) => tf.logSoftmax(logits));
    const [bestP, bestQ] = [reference, other].map((logits) => tf.argMax(logits, 1));
    const divergence = tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), 1);
    return [tf.relu(divergence), tf.cast(tf.equal(bestP, bestQ), "float32")];
  });
  return { divergence: divergence as tf.Tensor1D, agreement: agreement as tf.Tensor1D };
}

/** Logits that one call reads at least. */
const callLength = 8192;

function compute({ inputs: { reference, other }, backend }: KernelCall): tf.TensorInfo[] {
  const [rows, columns] = reference.shape;
  const sources = [reference, other].map((tensor) => backend.addressOf(tensor));
  const [divergence, agreement] = [backend.output([rows]), backend.output([rows])];
  backend.scratch([24 * rows, 8 * rows], (sums, best) => {
    const parts = split(rows, Math.ceil(callLength / columns), backend.simd.callsAtMost);
    backend.run(
      "compareRows",
      parts.map(([first, count]) => [
        ...[count, columns, sums + 24 * first, best + 8 * first],
        ...sources.map((source) => source + 4 * first * columns),
      ]),
    );
    const totals = backend.view(Float64Array, sums, 3 * rows);
    const indices = backend.view(Int32Array, best, 2 * rows);
    const [kl, agreed] = [divergence, agreement].map(({ tensor }) => backend.floats(tensor));
    for (let row = 0; row < rows; row++) {
      const [total, otherTotal, weighted] = totals.subarray(3 * row);
      // Rounding can leave a tiny negative value.
      kl[row] = Math.max(0, weighted / total - Math.log(total) + Math.log(otherTotal));
      agreed[row] = indices[2 * row] === indices[2 * row + 1] ? 1 : 0;
    }
  });
  return [divergence.tensor, agreement.tensor];
}

/** The kernel behind {@linkcode compareDistributions}. */
export const compareDistributionsKernels: AgileKernel[] = [
  { name: "CompareDistributions", compute },
];
