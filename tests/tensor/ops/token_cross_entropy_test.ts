import { assertThrows } from "@std/assert";
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
