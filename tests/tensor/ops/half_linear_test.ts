import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { decodeMatrix, encodeFloats, floatMatrix } from "../../../lib/format/mod.ts";
import { halfLinear, holdHalves, linear, tf, tidy, useBackend } from "../../../lib/tensor/mod.ts";
import { randomFloats } from "../compare.ts";

Deno.test("halfLinear() is linear() of the decoded weight, bit for bit on SIMD", async () => {
  await useBackend("agile", { native: false });
  for (const dtype of ["F16", "BF16"] as const) {
    for (const [outputs, columns] of [[1, 1], [13, 7], [40, 600]]) {
      const data = encodeFloats(randomFloats(outputs * columns, 1), dtype);
      const matrix = floatMatrix(dtype, data, outputs, columns);
      using weight = holdHalves(matrix)!;
      for (const rows of [1, 8, 9]) {
        tidy(() => {
          const x = tf.tensor2d(randomFloats(rows * columns, 2), [rows, columns]);
          const decoded = tf.tensor2d(decodeMatrix(matrix), [outputs, columns]);
          assertEquals(halfLinear(x, weight).dataSync(), linear(x, decoded).dataSync());
        });
      }
    }
  }
  await useBackend("agile");
});

Deno.test("holdHalves() leaves what the product cannot read", async () => {
  await useBackend("agile");
  const matrices = [
    floatMatrix("F32", Float32Array.of(1), 1, 1),
    floatMatrix("F16", Float16Array.of(NaN), 1, 1),
    floatMatrix("F16", Float16Array.of(-Infinity), 1, 1),
  ];
  for (const matrix of matrices) assertEquals(holdHalves(matrix), undefined);
});

Deno.test("halfLinear() refuses rows or a bias of another length", async () => {
  await useBackend("agile");
  using weight = holdHalves(floatMatrix("F16", new Float16Array(6), 2, 3))!;
  tidy(() => {
    const refuses = (message: string, columns: number, outputs: number, rows: number) =>
      assertThrows(
        () => halfLinear(tf.ones([rows, columns]), weight, tf.ones([outputs])),
        InputError,
        `Cannot apply a linear layer: ${message}`,
      );
    refuses("x must be [rows, 3], got [1,2]", 2, 2, 1);
    for (const rows of [1, 9]) {
      const before = tf.memory().numTensors;
      refuses("bias must be [2], got [1]", 3, 1, rows);
      assertEquals(tf.memory().numTensors - before, 2); // what was handed in
    }
  });
});
