import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { headInput, headOperands, logits, normalize, openModel } from "../../lib/model/mod.ts";
import { linear, tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { randomModel } from "../../experiments/measure/random_model.ts";
import { assertFloatsClose, randomFloats } from "../tensor/compare.ts";
import { tinyArchitectures, withRandomModel } from "./tiny_models.ts";

/** `x W^T` in float64. */
function product(x: Float32Array, weight: Float32Array, columns: number): number[] {
  return Array.from({ length: x.length / columns }, (_, row) => x.subarray(row * columns)).flatMap(
    (values) =>
      Array.from({ length: weight.length / columns }, (_, out) => {
        let sum = 0;
        for (let c = 0; c < columns; c++) sum += values[c] * weight[out * columns + c];
        return sum;
      }),
  );
}

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`logits() are the products of the head with headInput(): ${name}`, () =>
    withRandomModel(architecture, (model, { source: { outer } }) => {
      const { hiddenSize, embeddingSize, vocabularySize } = architecture;
      tidy(() => {
        const hidden = tf.tensor2d(randomFloats(3 * hiddenSize, 1), [3, hiddenSize]);
        const { finalNorm } = model.outer;
        const normed = architecture.finalNorm ? normalize(architecture, finalNorm, hidden) : hidden;
        const input = headInput(model, hidden);
        assertEquals(input.shape, [3, embeddingSize]);
        assertFloatsClose(
          tensorData(input),
          outer.projectOut
            ? product(tensorData(normed), decodeMatrix(outer.projectOut.weight), hiddenSize)
            : tensorData(normed),
          1e-5,
        );
        const scores = logits(model, hidden);
        assertEquals(scores.shape, [3, vocabularySize]);
        const head = decodeMatrix((outer.head ?? outer.embedding!).weight);
        assertFloatsClose(
          tensorData(scores),
          product(tensorData(input), head, embeddingSize),
          1e-5,
        );
      });
    }));
}

Deno.test("logits() keep no tensors but what they return, and the head", () =>
  withRandomModel(tinyArchitectures.opt, (model) => {
    const hidden = tf.zeros([2, 24]) as tf.Tensor2D;
    const before = tf.memory().numTensors;
    const scores = logits(model, hidden);
    assertEquals(tf.memory().numTensors, before + 2);
    logits(model, hidden).dispose();
    assertEquals(tf.memory().numTensors, before + 2);
    tf.dispose([hidden, scores]);
  }));

Deno.test("headOperands() are what logits() multiply", () =>
  withRandomModel(tinyArchitectures.opt, (model) => {
    tidy(() => {
      const hidden = tf.tensor2d(randomFloats(3 * 24, 1), [3, 24]);
      const { x, weight, bias } = headOperands(model, hidden);
      assertEquals(tensorData(linear(x, weight, bias)), tensorData(logits(model, hidden)));
    });
  }));

Deno.test("headOperands() refuses a head of 16-bit floats that stay as they are stored", async () => {
  using model = await openModel(randomModel("halves", tinyArchitectures.llama, "BF16"));
  const { hiddenSize } = tinyArchitectures.llama;
  tidy(() => {
    const hidden = tf.zeros<tf.Rank.R2>([2, hiddenSize]);
    assertThrows(
      () => headOperands(model, hidden),
      InputError,
      "Cannot score tokens: the head must hold its weight as float32",
    );
  });
});
