import { require } from "../../core/mod.ts";
import type { AgileKernel, KernelCall } from "../agile.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { fused, runKernel } from "./fused.ts";

/** Elements that a call works on at least: about 10 microseconds. */
const grain = 2 ** 13;

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
  requireTargets(targets, rows, vocabulary, action);
  return fused("TokenCrossEntropy", { logits }, { targets }, () => {
    const columns = tf.range(0, vocabulary, 1, "int32");
    const chosen = tf.equal(tf.tensor2d(targets, [rows, 1]), columns);
    const chosenLogits = tf.mul(logits, tf.cast(chosen, "float32"));
    return tf.sub(tf.logSumExp(logits, 1), tf.sum(chosenLogits, 1)) as tf.Tensor1D;
  });
}

/**
 * Refuses targets of which not every row has one, or that are outside the vocabulary.
 *
 * @throws {InputError}
 */
export function requireTargets(
  targets: Int32Array,
  rows: number,
  vocabulary: number,
  action: string,
): void {
  require(targets.length === rows, action, `targets must number ${rows}`, targets.length);
  const stranger = targets.find((target) => target < 0 || target >= vocabulary);
  require(stranger === undefined, action, `targets must be 0..${vocabulary - 1}`, stranger);
}

function computeLoss({ inputs: { logits }, attrs: { targets }, backend }: KernelCall) {
  const [rows, columns] = logits.shape;
  const values = backend.floats(logits);
  const source = backend.addressOf(logits);
  const { tensor } = backend.output([rows]);
  const losses = backend.floats(tensor);
  backend.scratch([4 * rows, 8 * rows], (largests, sums) => {
    backend.run(
      "logSumExpParts",
      split(rows, Math.ceil(grain / columns), backend.simd.callsAtMost).map(([first, count]) => {
        const [largest, sum] = [largests + 4 * first, sums + 8 * first];
        return [count, columns, largest, sum, source + 4 * first * columns];
      }),
    );
    const largest = backend.view(Float32Array, largests, rows);
    const sum = backend.view(Float64Array, sums, rows);
    for (let r = 0; r < rows; r++) {
      losses[r] = largest[r] + Math.log(sum[r]) - values[r * columns + targets[r]];
    }
  });
  return tensor;
}

/** dlogits = (softmax(logits) - onehot(target)) dloss; log(sum e^logits) = loss + logits[target]. */
function computeGradient({ inputs: { logits, loss, dy }, attrs, backend }: KernelCall) {
  const [rows, columns] = logits.shape;
  const { targets } = attrs as { targets: Int32Array };
  const [values, losses, slopes] = [logits, loss, dy].map((tensor) => backend.floats(tensor));
  const [source, factors] = [backend.addressOf(logits), backend.addressOf(dy)];
  const { tensor, address } = backend.output(logits.shape);
  backend.scratch([4 * rows], (logSums) => {
    const shifts = backend.view(Float32Array, logSums, rows);
    for (let r = 0; r < rows; r++) shifts[r] = losses[r] + values[r * columns + targets[r]];
    backend.run(
      "scaledExp",
      split(rows, Math.ceil(grain / columns), backend.simd.callsAtMost).map(([first, count]) => {
        const [row, offset] = [4 * first, 4 * first * columns];
        return [count, columns, address + offset, source + offset, logSums + row, factors + row];
      }),
    );
  });
  const result = backend.floats(tensor);
  slopes.forEach((slope, r) => result[r * columns + targets[r]] -= slope);
  return tensor;
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
