import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { dequantizeAbsmax, quantizeAbsmax } from "../../lib/quant/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { roundedMap, roundingHook, straightThrough } from "../../lib/train/mod.ts";
import { assertFloatsClose, randomFloats } from "../tensor/compare.ts";

const [rows, columns] = [5, 7];
const values = randomFloats(rows * columns, 1);
const rounded = dequantizeAbsmax(quantizeAbsmax(values, columns, 3));

Deno.test("straightThrough() rounds forwards and passes the gradient on backwards", () => {
  tidy(() => {
    const x = tf.tensor2d(values, [rows, columns]);
    assertEquals(tensorData(straightThrough(x, 3, "x")), rounded);
    // d/dx of sum(c Q(x)^2) is 2 c Q(x): that of the square at the rounded value, passed on.
    const factors = randomFloats(rows * columns, 2);
    const slope = tf.grad((each) =>
      tf.mul(tf.square(straightThrough(each as tf.Tensor2D, 3, "x")), tf.tensor2d(factors, x.shape))
    )(x);
    assertFloatsClose(tensorData(slope), rounded.map((each, i) => 2 * factors[i] * each), 1e-6);
  });
});

Deno.test("straightThrough() refuses what is not finite, and names it", () => {
  assertThrows(
    () => tidy(() => straightThrough(tf.tensor2d([1, Infinity], [1, 2]), 4, "attn.q of layer 3")),
    InputError,
    "Cannot quantize attn.q of layer 3: element 1 must be finite, got Infinity",
  );
});

Deno.test("roundedMap() multiplies by the rounded weight; its weight's gradient is that of the product", () => {
  tidy(() => {
    const weight = tf.tensor2d(values, [rows, columns]);
    const bias = tf.tensor1d(randomFloats(rows, 3));
    const x = tf.tensor2d(randomFloats(2 * columns, 4), [2, columns]);
    const dy = tf.tensor2d(randomFloats(2 * rows, 5), [2, rows]);
    const apply = (w: tf.Tensor) => roundedMap(w as tf.Tensor2D, bias, 3, "w").apply(x);
    const product = tf.add(tf.matMul(x, tf.tensor2d(rounded, [rows, columns]), false, true), bias);
    assertFloatsClose(tensorData(apply(weight)), tensorData(product), 1e-6);
    const slope = tf.grad(apply)(weight, dy);
    assertFloatsClose(tensorData(slope), tensorData(tf.matMul(dy, x, true)), 1e-6);
  });
});

Deno.test("roundingHook() is called where linear maps and attention read", () => {
  assertEquals(
    [...roundingHook(4).sites!].sort(),
    ["attn.input", "attn.k", "attn.output", "attn.q", "attn.v", "mlp.hidden", "mlp.input"],
  );
});
