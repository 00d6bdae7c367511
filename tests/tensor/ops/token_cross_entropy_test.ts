import { assert, assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { tensorData, tf, tokenCrossEntropy, useBackend } from "../../../lib/tensor/mod.ts";
import { assertFloatsClose, assertSameGradients, randomInput, randomTensor } from "../compare.ts";

Deno.test("tokenCrossEntropy() has the value and gradient of its composition", async () => {
  for (const [rows, vocabulary] of [[3, 1], [3, 2], [5, 13], [40, 1001], [2, 20000]]) {
    const targets = Int32Array.from({ length: rows }, (_, row) => (row * 37) % vocabulary);
    await assertSameGradients(
      [randomInput([rows, vocabulary], 1)],
      (logits) => tokenCrossEntropy(logits as tf.Tensor2D, targets),
    );
  }
});

Deno.test("tokenCrossEntropy() is log(vocabulary) for equal logits, however large", async () => {
  await useBackend("agile");
  const loss = tokenCrossEntropy(tf.fill([2, 7], 300), Int32Array.of(0, 6));
  assertFloatsClose(tensorData(loss), [Math.log(7), Math.log(7)], 1e-6);
});

Deno.test("tokenCrossEntropy() refuses targets that do not fit", () => {
  const logits = randomTensor([2, 7], 1) as tf.Tensor2D;
  assertThrows(
    () => tokenCrossEntropy(logits, Int32Array.of(1)),
    InputError,
    "Cannot take the cross-entropy: targets must number 2, got 1",
  );
  assertThrows(
    () => tokenCrossEntropy(logits, Int32Array.of(1, 7)),
    InputError,
    "Cannot take the cross-entropy: targets must be 0..6, got 7",
  );
});

Deno.test("tokenCrossEntropy() of many like logits errs by the rounding of its result alone", async () => {
  await useBackend("agile");
  const [rows, vocabulary] = [12, 200_000];
  // The same small power again and again: a sum in float32 loses the same part of it each time.
  const below = Array.from({ length: rows }, (_, row) => Math.fround(-0.3 - 0.37 * row));
  const logits = tf.tidy(() => tf.mul(tf.tensor2d(below, [rows, 1]), tf.ones([1, vocabulary])));
  const values = tensorData(logits).slice();
  for (let row = 0; row < rows; row++) values[row * vocabulary] = 0;
  const loss = tensorData(
    tokenCrossEntropy(tf.tensor2d(values, [rows, vocabulary]), new Int32Array(rows)),
  );
  const exact = below.map((logit) => Math.log(1 + (vocabulary - 1) * Math.exp(logit)));
  loss.forEach((found, row) => {
    const error = found / exact[row] - 1;
    assert(Math.abs(error) < 7e-8, `relative error ${error} below ${below[row]}`);
  });
});
