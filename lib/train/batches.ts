import { counted, require, seededRandom } from "../core/mod.ts";

/** Inputs and the tokens that follow them, `[batch * window]` each. */
export interface Batch {
  inputs: Int32Array;
  targets: Int32Array;
}

/**
 * Draws the batch of one step: `batch` random stretches of the stream, each behind the start
 * token. The draw depends on the seed and the step alone, so training resumes exactly.
 *
 * @throws {InputError} If the stream is shorter than one window.
 */
export function drawBatch(
  stream: Int32Array,
  { batch, window, seed, startToken }: {
    batch: number;
    window: number;
    seed: number;
    startToken: number;
  },
  step: number,
): Batch {
  require(
    stream.length >= window,
    "draw a batch",
    `the text must have at least ${counted(window, "token")}`,
    stream.length,
  );
  const random = seededRandom((Math.imul(seed, 0x9e3779b1) + step) >>> 0);
  const inputs = new Int32Array(batch * window).fill(startToken);
  const targets = new Int32Array(batch * window);
  for (let row = 0; row < batch; row++) {
    const from = random.integer(0, stream.length - window);
    const stretch = stream.subarray(from, from + window);
    inputs.set(stretch.subarray(0, window - 1), row * window + 1);
    targets.set(stretch, row * window);
  }
  return { inputs, targets };
}
