import { assertEquals } from "@std/assert";
import { floatMatrix } from "../../lib/format/mod.ts";
import { lMulMap } from "../../lib/linear/mod.ts";
import { lMul, roundMantissas } from "../../lib/quant/mod.ts";
import { tensorData, tf, useBackend } from "../../lib/tensor/mod.ts";
import { assertFloatsClose } from "../tensor/compare.ts";

Deno.test("lMulMap() sums L-Mul's products, adds the bias and applies what follows", async () => {
  await useBackend("agile");
  const [tokens, columns, rows, mantissaBits] = [3, 5, 4, 3];
  const w = Float32Array.from({ length: rows * columns }, (_, i) => i === 7 ? 0 : Math.sin(3 * i));
  const x = Float32Array.from(
    { length: tokens * columns },
    (_, i) => i === 4 ? 0 : Math.cos(i) * i,
  );
  const bias = Float32Array.of(1, -2, 0.5, 0);
  const before = tf.memory().numTensors;
  {
    using map = lMulMap(floatMatrix("F32", w, rows, columns), bias, mantissaBits);
    const [values, inputs] = [w, x].map((each) => roundMantissas(each, mantissaBits));
    const expected = Float32Array.from({ length: tokens * rows }, (_, place) => {
      const [token, row] = [Math.floor(place / rows), place % rows];
      let sum = bias[row];
      for (let i = 0; i < columns; i++) {
        sum += lMul(inputs[token * columns + i], values[row * columns + i], mantissaBits);
      }
      return sum;
    });
    tf.tidy(() => {
      const input = tf.tensor2d(x, [tokens, columns]);
      assertFloatsClose(tensorData(map.apply(input)).slice(), expected, 1e-5);
      const followed = tensorData(map.apply(input, { activation: "relu" })).slice();
      assertFloatsClose(followed, expected.map((value) => Math.max(value, 0)), 1e-5);
    });
  }
  assertEquals(tf.memory().numTensors, before);
});
