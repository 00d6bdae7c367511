import { assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { linear, tf, useBackend } from "../../../lib/tensor/mod.ts";
import {
  assertAgileMatchesCpu,
  assertFloatsClose,
  assertSameGradients,
  randomInput,
  randomTensor,
} from "../compare.ts";

const apply = (x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor) =>
  linear(x as tf.Tensor2D, weight as tf.Tensor2D, bias as tf.Tensor1D | undefined);

Deno.test("linear() has the value and gradients of a product and a sum", async () => {
  for (const [rows, inputs, outputs] of [[7, 5, 3], [1, 1, 1], [40, 33, 17]]) {
    const operands = [randomInput([rows, inputs], 1), randomInput([outputs, inputs], 2)];
    await assertSameGradients(operands, apply);
    await assertSameGradients([...operands, randomInput([outputs], 3)], apply);
  }
});

Deno.test("linear() rectifies what it would give otherwise", async () => {
  const rectified = (x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor) =>
    linear(x as tf.Tensor2D, weight as tf.Tensor2D, bias as tf.Tensor1D | undefined, "relu");
  const operands = [randomInput([40, 33], 1), randomInput([17, 33], 2)];
  for (const inputs of [operands, [...operands, randomInput([17], 3)]]) {
    await assertSameGradients(inputs, rectified);
    await assertAgileMatchesCpu(inputs, (...tensors) => {
      const [x, weight, bias] = tensors;
      return [tf.sub(rectified(x, weight, bias), tf.relu(apply(x, weight, bias)))];
    }, 0);
  }
});

Deno.test("linear() equals its definition", async () => {
  await useBackend("agile");
  const [x, weight, bias] = [[4, 6], [5, 6], [5]].map(randomTensor);
  const definition = tf.add(tf.matMul(x, tf.transpose(weight)), bias);
  assertFloatsClose(apply(x, weight, bias).dataSync(), definition.dataSync(), 1e-6);
});

Deno.test("linear() refuses shapes that do not fit", () => {
  assertThrows(
    () => apply(randomTensor([2, 3], 1), randomTensor([3, 2], 2)),
    InputError,
    "Cannot apply a linear layer: x and weight must be [rows, in] and [out, in], got [[2,3],[3,2]]",
  );
  assertThrows(
    () => apply(randomTensor([2, 3], 1), randomTensor([4, 3], 2), randomTensor([3], 3)),
    InputError,
    "Cannot apply a linear layer: bias must be [4], got [3]",
  );
});
