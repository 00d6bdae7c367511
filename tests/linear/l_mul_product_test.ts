import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { lMulProduct } from "../../lib/linear/mod.ts";
import { lMul, roundMantissas } from "../../lib/quant/mod.ts";
import { tensorData, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { assertFloatsClose } from "../tensor/compare.ts";

const [count, rows, inner, columns, mantissaBits] = [2, 3, 5, 4, 3];

const first = Float32Array.from({ length: count * rows * inner }, (_, i) => Math.sin(3 * i) * i);
first[7] = 0;
const second = Float32Array.from({ length: count * inner * columns }, (_, i) => Math.cos(5 * i));
second[3] = 0;

for (const transposed of [false, true]) {
  Deno.test(`lMulProduct() sums L-Mul's products, ${transposed ? "" : "not "}transposed`, async () => {
    await useBackend("agile");
    const [x, w] = [first, second].map((each) => roundMantissas(each, mantissaBits));
    const expected = Float32Array.from({ length: count * rows * columns }, (_, place) => {
      const [matrix, rest] = [Math.floor(place / (rows * columns)), place % (rows * columns)];
      const [row, column] = [Math.floor(rest / columns), rest % columns];
      let sum = 0;
      for (let i = 0; i < inner; i++) {
        const at = transposed ? column * inner + i : i * columns + column;
        const own = w[matrix * inner * columns + at];
        sum += lMul(x[(matrix * rows + row) * inner + i], own, mantissaBits);
      }
      return sum;
    });
    const shape: [number, number, number] = transposed
      ? [count, columns, inner]
      : [count, inner, columns];
    tidy(() => {
      const operands = [
        tf.tensor3d(first, [count, rows, inner]),
        tf.tensor3d(second, shape),
      ] as const;
      const before = tf.memory().numTensors;
      const product = lMulProduct(mantissaBits)(...operands, transposed);
      assertFloatsClose(tensorData(product).slice(), expected, 1e-5);
      assertEquals(tf.memory().numTensors - before, 1);
    });
  });
}

Deno.test("lMulProduct() refuses numbers without a mantissa", () => {
  const rule = "Cannot multiply by L-Mul: mantissas must have 1..22 bits, got 0";
  assertThrows(() => lMulProduct(0), InputError, rule);
});
