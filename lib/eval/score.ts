import { forward, type ForwardOptions, logits, type Model } from "../model/mod.ts";
import { tensorData, tf, tidy, tokenCrossEntropy } from "../tensor/mod.ts";
import { compareDistributions } from "./divergence.ts";

/**
 * What a model made of one window. Entry i belongs to position i, which predicts the original
 * token i + 1 whether or not that token was pruned; the last position predicts nothing.
 */
export interface WindowScores {
  /** Negative log-likelihood of the next token in nats, `[tokens - 1]`. */
  loss: Float32Array;
  /** 1 where the position reached the end, 0 where it was pruned and left early. */
  survived: Uint8Array;
  /** KL divergence from the reference's next-token distribution, nats; with a reference only. */
  divergence?: Float32Array;
  /** 1 where the most likely next token is the reference's; with a reference only. */
  agreement?: Uint8Array;
}

/** Rows of the head's output held at a time, in elements: 64 MiB of float32. */
const logitBudget = 2 ** 24;

/**
 * Scores every position of a window. A pruned position exits early: its last hidden state goes
 * through the final norm and the head.
 *
 * @param window Token ids, `[tokens]`.
 * @param reference The model to compare next-token distributions with, run without options.
 */
export function scoreWindow(
  model: Model,
  window: Int32Array,
  options: ForwardOptions = {},
  reference?: Model,
): WindowScores {
  const count = window.length - 1;
  const scores: WindowScores = {
    loss: new Float32Array(count),
    survived: new Uint8Array(count),
    ...reference && { divergence: new Float32Array(count), agreement: new Uint8Array(count) },
  };
  const step = Math.max(1, Math.floor(logitBudget / model.architecture.vocabularySize));
  tidy(() => {
    const { hidden, positions, exits } = forward(model, window, options);
    const expected = reference && forward(reference, window).hidden;
    for (const position of positions) if (position < count) scores.survived[position] = 1;
    for (const group of [{ hidden, positions }, ...exits]) {
      const scored = group.positions.filter((position) => position < count).length;
      for (let from = 0; from < scored; from += step) {
        const rows = Math.min(step, scored - from);
        const at = group.positions.subarray(from, from + rows);
        const part = tf.slice2d(group.hidden, [from, 0], [rows, -1]);
        scoreRows(model, part, at, window, scores, reference, expected);
      }
    }
  });
  return scores;
}

/** Scores some rows of hidden states that stand at the given positions. */
function scoreRows(
  model: Model,
  hidden: tf.Tensor2D,
  positions: Int32Array,
  window: Int32Array,
  scores: WindowScores,
  reference?: Model,
  expected?: tf.Tensor2D,
): void {
  tidy(() => {
    const predicted = logits(model, hidden);
    const targets = positions.map((position) => window[position + 1]);
    const losses = tensorData(tokenCrossEntropy(predicted, targets));
    positions.forEach((position, row) => scores.loss[position] = losses[row]);
    if (!reference || !expected) return;
    const same = tf.gather(expected, tf.tensor1d(positions, "int32"));
    const { divergence, agreement } = compareDistributions(
      tensorData(logits(reference, same)),
      tensorData(predicted),
      positions.length,
    );
    positions.forEach((position, row) => {
      scores.divergence![position] = divergence[row];
      scores.agreement![position] = agreement[row];
    });
  });
}
