import { refuse, require } from "../core/mod.ts";
import { blameNonFinite, forward, type ForwardOptions, logits, type Model } from "../model/mod.ts";
import { compareDistributions, tensorData, tf, tidy, tokenCrossEntropy } from "../tensor/mod.ts";

/**
 * What a model made of one window. Entry i belongs to position i, which predicts the original
 * token i + 1 whether or not that token was pruned; the last position predicts nothing.
 */
export interface WindowScores {
  /** Negative log-likelihood of the next token in nats, `[tokens - 1]`. */
  loss: Float32Array;
  /** 1 where the position reached the end, 0 where it was pruned and left early. */
  survived: Uint8Array;
  /** The reference's `loss`; with a reference only. */
  referenceLoss?: Float32Array;
  /** KL divergence from the reference's next-token distribution, nats; with a reference only. */
  divergence?: Float32Array;
  /** 1 where the most likely next token is the reference's; with a reference only. */
  agreement?: Uint8Array;
}

/**
 * Scores every position of a window. A pruned position exits early: its last hidden state goes
 * through the final norm and the head.
 *
 * @param window Token ids, `[tokens]`, at least two.
 * @param reference The model to compare next-token distributions with, run without options.
 * @param logitBudget How much of the head's output is held at a time, in elements (but at least
 *   one position); 256 MiB of float32 unless given. The scores do not depend on it.
 * @throws {InputError} If the window is too short or too long, an id is outside the vocabulary, the
 *   reference has another vocabulary, or a model gives NaN: the message names the tensor, or the site,
 *   and the layer that is not finite first.
 */
export function scoreWindow(
  model: Model,
  window: Int32Array,
  options: ForwardOptions = {},
  reference?: Model,
  logitBudget = 2 ** 26,
): WindowScores {
  const action = `score a window with ${model.name}`;
  const count = window.length - 1;
  require(count > 0, action, "it must have at least 2 tokens", window.length);
  const { vocabularySize } = model.architecture;
  if (reference) {
    const other = reference.architecture.vocabularySize;
    require(
      other === vocabularySize,
      action,
      `the reference must know ${vocabularySize} tokens`,
      other,
    );
  }
  const scores: WindowScores = {
    loss: new Float32Array(count),
    survived: new Uint8Array(count),
    ...reference && {
      referenceLoss: new Float32Array(count),
      divergence: new Float32Array(count),
      agreement: new Uint8Array(count),
    },
  };
  const step = Math.max(1, Math.floor(logitBudget / vocabularySize));
  tidy(() => {
    const { hidden, positions, exits } = forward(model, window, options);
    const expected = reference && forward(reference, window, { signal: options.signal }).hidden;
    for (const position of positions) if (position < count) scores.survived[position] = 1;
    for (const group of [{ hidden, positions }, ...exits]) {
      const scored = group.positions.filter((position) => position < count);
      for (let from = 0; from < scored.length; from += step) {
        options.signal?.throwIfAborted();
        const at = scored.subarray(from, from + step);
        tidy(() => {
          const predicted = logits(model, tf.slice2d(group.hidden, [from, 0], [at.length, -1]));
          recordLosses(scores.loss, at, predicted, window);
          if (!reference) return;
          const same = tf.gather(expected!, tf.tensor1d(at, "int32"));
          const byReference = logits(reference, same);
          recordLosses(scores.referenceLoss!, at, byReference, window);
          recordComparison(scores, at, predicted, byReference);
        });
      }
    }
  });
  if (scores.loss.includes(NaN)) {
    blameNonFinite(action, model, window, options);
    refuse(action, "its logits must be numbers", NaN);
  }
  if (scores.divergence?.includes(NaN)) {
    blameNonFinite(`score a window with ${reference!.name}`, reference!, window);
  }
  return scores;
}

function recordLosses(
  loss: Float32Array,
  positions: Int32Array,
  predicted: tf.Tensor2D,
  window: Int32Array,
): void {
  const targets = positions.map((position) => window[position + 1]);
  const losses = tensorData(tokenCrossEntropy(predicted, targets));
  positions.forEach((position, row) => loss[position] = losses[row]);
}

function recordComparison(
  scores: WindowScores,
  positions: Int32Array,
  predicted: tf.Tensor2D,
  expected: tf.Tensor2D,
): void {
  const comparison = compareDistributions(expected, predicted);
  const divergence = tensorData(comparison.divergence);
  const agreement = tensorData(comparison.agreement);
  positions.forEach((position, row) => {
    scores.divergence![position] = divergence[row];
    scores.agreement![position] = agreement[row];
  });
}
