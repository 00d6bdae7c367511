import { pauses } from "../core/mod.ts";
import { floatMatrix } from "../format/mod.ts";
import { type Block, blockOf, type LayerWeights, type LinearName } from "../model/mod.ts";
import { tensorData, tf, tidy } from "../tensor/mod.ts";
import { ratioTrials } from "./awq_scale.ts";
import type { AwqWeight } from "./awq_weight.ts";
import { changeMatrices } from "./linear_weights.ts";
import type { BlockContext } from "./pass.ts";
import type { SeenValues } from "./seen.ts";

/** The mean squared error of what a part of a block gives for all windows, with other weights of some maps. */
export type LossOf = (weights: Float32Array[]) => Promise<number>;

/**
 * The loss of a part of a block, which is computed anew for every window.
 *
 * @param names Of the maps that get other weights.
 * @param part Computes it, `[tokens, channels]`.
 */
export async function lossOfPart(
  layer: LayerWeights,
  names: readonly LinearName[],
  part: (block: Block, input: tf.Tensor2D) => tf.Tensor2D,
  { channels, windows }: SeenValues,
  { layer: index, onStep }: Pick<BlockContext, "layer" | "onStep">,
): Promise<LossOf> {
  const runs = (ratioTrials + 1) * windows.length;
  const pause = pauses();
  let done = 0;
  async function* outputs(changed: LayerWeights) {
    using block = blockOf(changed, index);
    for (const window of windows) {
      await pause();
      onStep(done++ / runs);
      yield tidy(() => {
        const input = tf.tensor2d(window, [window.length / channels, channels]);
        return tensorData(part(block, input)).slice();
      });
    }
  }
  const expected = await Array.fromAsync(outputs(layer));
  const size = expected.reduce((sum, output) => sum + output.length, 0);
  return async (weights) => {
    const changed = changeMatrices(
      layer,
      index,
      names,
      ({ order, rows, columns }) => floatMatrix("F32", weights[order], rows, columns),
    );
    let error = 0;
    let window = 0;
    for await (const output of outputs(changed)) {
      const right = expected[window++];
      for (let i = 0; i < output.length; i++) error += (output[i] - right[i]) ** 2;
    }
    return error / size;
  };
}

/**
 * The loss of a linear map by itself: what changes its weights by D gives `X D^T` more, whose squares add up to
 * the trace of `D X^T X D^T`. The windows are gone through once.
 */
export async function lossOfMap(
  { values: before, rows, columns }: AwqWeight,
  { windows }: SeenValues,
  { onStep }: Pick<BlockContext, "onStep">,
): Promise<LossOf> {
  const pause = pauses();
  const steps = windows.length + ratioTrials;
  let done = 0;
  const gram = new Float32Array(columns * columns);
  let tokens = 0;
  for (const window of windows) {
    await pause();
    onStep(done++ / steps);
    const count = window.length / columns;
    tokens += count;
    tidy(() => {
      const input = tf.tensor2d(window, [count, columns]);
      const product = tensorData(tf.matMul(input, input, true));
      for (let i = 0; i < gram.length; i++) gram[i] += product[i];
    });
  }
  return async ([weights]) => {
    await pause();
    onStep(done++ / steps);
    return tidy(() => {
      const change = tf.sub(
        tf.tensor2d(weights, [rows, columns]),
        tf.tensor2d(before, [rows, columns]),
      );
      const [factor, product] = [change, tf.matMul(change, tf.tensor2d(gram, [columns, columns]))]
        .map((each) => tensorData(each));
      let error = 0;
      for (let i = 0; i < product.length; i++) error += factor[i] * product[i];
      return error / (tokens * rows);
    });
  };
}
