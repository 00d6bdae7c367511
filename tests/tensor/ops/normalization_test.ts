import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { layerNorm, rmsNorm, tensorData, tf, useBackend } from "../../../lib/tensor/mod.ts";
import {
  assertFloatsClose,
  assertSameGradients,
  randomFloats,
  randomInput,
  randomTensor,
} from "../compare.ts";

const epsilon = 1e-5;
const rms = (x: tf.Tensor, gain: tf.Tensor) =>
  rmsNorm(x as tf.Tensor2D, gain as tf.Tensor1D, epsilon);
const layer = (x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor) =>
  layerNorm(x as tf.Tensor2D, gain as tf.Tensor1D, bias as tf.Tensor1D, epsilon);

Deno.test("rmsNorm() and layerNorm() have the value and gradients of their compositions", async () => {
  for (const [rows, channels] of [[7, 5], [1, 1], [3, 64], [200, 130]]) {
    const inputs = [[rows, channels], [channels], [channels]].map(randomInput);
    await assertSameGradients(inputs.slice(0, 2), rms);
    await assertSameGradients(inputs, layer);
  }
});

Deno.test("layerNorm() keeps float32 accuracy where the mean dwarfs the deviation", async () => {
  await useBackend("agile");
  const x = randomFloats(64, 1).map((value) => 1000 + value);
  const ones = tf.ones([64]) as tf.Tensor1D;
  const actual = tensorData(layer(tf.tensor2d(x, [1, 64]), ones, tf.zeros([64])));
  const mean = x.reduce((a, b) => a + b, 0) / 64;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 64;
  const expected = Float64Array.from(x, (value) => (value - mean) / Math.sqrt(variance + epsilon));
  assertFloatsClose(actual, expected, 1e-7);
});

Deno.test("rmsNorm() and layerNorm() give NaN, not zeros, where the squares leave float32", async () => {
  for (const backend of ["agile", "cpu"]) {
    await useBackend(backend);
    for (const [size, holds] of [[1e18, true], [1e20, false], [3e38, false]] as const) {
      tf.tidy(() => {
        const x = tf.tensor2d([1, 1, 1, 1, 1, size, -size, 0, 0, 0, 1, 1, 1, 1, 1], [3, 5]);
        const vector = tf.ones([5]) as tf.Tensor1D;
        for (const y of [rms(x, vector), layer(x, vector, vector)]) {
          const values = [...y.dataSync()];
          assertEquals(values.slice(5, 10).map(Number.isFinite), Array(5).fill(holds), `${size}`);
          assert([...values.slice(0, 5), ...values.slice(10)].every(Number.isFinite));
        }
      });
    }
  }
  await useBackend("agile");
});

Deno.test("rmsNorm() and layerNorm() refuse vectors of another length", () => {
  const x = randomTensor([2, 3], 1);
  assertThrows(
    () => rms(x, randomTensor([2], 2)),
    InputError,
    "Cannot normalize rows: x must be [rows, channels] and gain [channels], got [[2,3],[2]]",
  );
  assertThrows(
    () => layer(x, randomTensor([3], 2), randomTensor([4], 3)),
    InputError,
    "Cannot normalize rows: x must be [rows, channels] and bias [channels], got [[2,3],[4]]",
  );
});
