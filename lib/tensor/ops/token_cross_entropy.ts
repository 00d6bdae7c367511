import { require } from "../../core/mod.ts";
import type { AgileKernel, KernelCall } from "../agile.ts";
import { tf } from "../tf.ts";
import { fused, runKernel } from "./fused.ts";

/** Floats that one step works on: a few rows of logits that fit the cache. */
const chunkLength = 16384;

/**
 * The cross-entropy of each row's target in nats: log(sum over v of e^logits[v]) - logits[target].
 *
 * @param logits [rows, vocabulary]
 * @param targets [rows], each in 0..vocabulary-1
 * @returns [rows]
 * @throws {InputError} If a target is outside the vocabulary or their number is not `rows`.
 */
export function tokenCrossEntropy(logits: tf.Tensor2D, targets: Int32Array): tf.Tensor1D {
  const action = "take the cross-entropy";
  const [rows, vocabulary] = logits.shape;
  require(targets.length === rows, action, `targets must number ${rows}`, targets.length);
  const stranger = targets.find((target) => target < 0 || target >= vocabulary);
  require(stranger === undefined, action, `targets must be 0..${vocabulary - 1}`, stranger);
  return fused("TokenCrossEntropy", { logits }, { targets }, () => {
    const columns = tf.range(0, vocabulary, 1, "int32");
    const chosen = tf.equal(tf.tensor2d(targets, [rows, 1]), columns);
    const chosenLogits = tf.mul(logits, tf.cast(chosen, "float32"));
    return tf.sub(tf.logSumExp(logits, 1), tf.sum(chosenLogits, 1)) as tf.Tensor1D;
  });
}

function computeLoss({ inputs: { logits }, attrs: { targets }, backend }: KernelCall) {
  const [rows, columns] = logits.shape;
  const { simd } = backend;
  const values = backend.floats(logits);
  const result = backend.allocate(rows);
  forChunks(rows, columns, (first, count) => {
    const [parts, source] = simd.reserve(2 * count, count * columns);
    simd.write(source, values.subarray(first * columns, (first + count) * columns));
    simd.kernels.logSumExpParts(count, columns, parts, source);
    const largestAndSum = simd.view(parts, 2 * count);
    for (let r = 0; r < count; r++) {
      const logSum = largestAndSum[r] + Math.log(largestAndSum[count + r]);
      result[first + r] = logSum - values[(first + r) * columns + targets[first + r]];
    }
  });
  return backend.output([rows], result);
}

/** dlogits = (softmax(logits) - onehot(target)) dloss; log(sum e^logits) = loss + logits[target]. */
function computeGradient({ inputs: { logits, loss, dy }, attrs, backend }: KernelCall) {
  const [rows, columns] = logits.shape;
  const { targets } = attrs as { targets: Int32Array };
  const { simd } = backend;
  const [values, losses, slopes] = [logits, loss, dy].map((tensor) => backend.floats(tensor));
  const logSums = losses.map((value, r) => value + values[r * columns + targets[r]]);
  const result = backend.allocate(values.length);
  forChunks(rows, columns, (first, count) => {
    const [start, end] = [first * columns, (first + count) * columns];
    const [target, source, shift, factor] = simd.reserve(end - start, end - start, count, count);
    simd.write(source, values.subarray(start, end));
    simd.write(shift, logSums.subarray(first, first + count));
    simd.write(factor, slopes.subarray(first, first + count));
    simd.kernels.scaledExp(count, columns, target, source, shift, factor);
    result.set(simd.view(target, end - start), start);
  });
  slopes.forEach((slope, r) => result[r * columns + targets[r]] -= slope);
  return backend.output(logits.shape, result);
}

/** Calls `work(first, count)` for consecutive groups of rows. */
function forChunks(
  rows: number,
  columns: number,
  work: (first: number, count: number) => void,
): void {
  const step = Math.max(1, Math.floor(chunkLength / columns));
  for (let first = 0; first < rows; first += step) work(first, Math.min(step, rows - first));
}

/** The kernels behind {@linkcode tokenCrossEntropy}. */
export const tokenCrossEntropyKernels: AgileKernel[] = [
  {
    name: "TokenCrossEntropy",
    compute: computeLoss,
    gradient: {
      inputsToSave: ["logits"],
      outputsToSave: [true],
      gradFunc: (dy, [logits, loss], attributes) => ({
        logits: () =>
          runKernel("TokenCrossEntropyGradient", { logits, loss, dy: dy as tf.Tensor }, attributes),
      }),
    },
  },
  { name: "TokenCrossEntropyGradient", compute: computeGradient },
];
