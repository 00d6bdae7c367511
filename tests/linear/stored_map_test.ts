import { assertEquals } from "@std/assert";
import { encodeFloats, type FloatDtype, floatMatrix } from "../../lib/format/mod.ts";
import { denseMapOf, storedMap } from "../../lib/linear/mod.ts";
import { freeBytes, tensorData, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { assertFloatsClose, randomFloats } from "../tensor/compare.ts";

/** A weight with subnormal numbers among others. */
function weightOf(dtype: FloatDtype, rows: number, columns: number) {
  const values = randomFloats(rows * columns, 1).map((value, i) =>
    i % 7 ? value : value * 2 ** -18
  );
  return floatMatrix(dtype, encodeFloats(values, dtype), rows, columns);
}

const dtypes: FloatDtype[] = ["F32", "F16", "BF16"];

Deno.test("storedMap() is denseMapOf(), bit for bit on SIMD, whatever number of rows", async () => {
  await useBackend("agile", { native: false });
  for (const dtype of dtypes) {
    for (const [outputs, columns] of [[1, 1], [7, 5], [33, 300], [96, 64]]) {
      const weight = weightOf(dtype, outputs, columns);
      for (const bias of [undefined, randomFloats(outputs, 2)]) {
        using stored = storedMap(weight, bias);
        using dense = denseMapOf(weight, bias);
        for (const rows of [1, 3, 8, 9]) {
          for (const activation of ["linear", "relu"] as const) {
            tidy(() => {
              const x = tf.tensor2d(randomFloats(rows * columns, 3), [rows, columns]);
              assertEquals(
                tensorData(stored.apply(x, { activation })),
                tensorData(dense.apply(x, { activation })),
              );
            });
          }
        }
      }
    }
  }
  await useBackend("agile");
});

Deno.test("storedMap() is close to denseMapOf() on the fastest product", async () => {
  await useBackend("agile");
  for (const dtype of dtypes) {
    const weight = weightOf(dtype, 100, 260);
    using stored = storedMap(weight);
    using dense = denseMapOf(weight);
    for (const rows of [1, 20]) {
      tidy(() => {
        const x = tf.tensor2d(randomFloats(rows * 260, 3), [rows, 260]);
        assertFloatsClose(tensorData(stored.apply(x)), tensorData(dense.apply(x)), 1e-6);
      });
    }
  }
});

Deno.test("storedMap() holds 16-bit floats as they are stored, and gives all back", async () => {
  await useBackend("agile");
  for (const [dtype, bytes] of [["F32", 4], ["F16", 2], ["BF16", 2]] as const) {
    const free = freeBytes();
    const map = storedMap(weightOf(dtype, 64, 64), new Float32Array(64));
    assertEquals(map.byteLength, bytes * 64 * 64 + 4 * 64);
    map[Symbol.dispose]();
    assertEquals(freeBytes(), free);
  }
});

Deno.test("storedMap() of F16 with infinity multiplies by infinity", async () => {
  await useBackend("agile");
  const weight = floatMatrix("F16", Float16Array.of(1, Infinity), 1, 2);
  using map = storedMap(weight);
  tidy(() =>
    assertEquals(map.apply(tf.ones([1, 2]) as tf.Tensor2D).dataSync(), Float32Array.of(Infinity))
  );
});

Deno.test("storedMap() does with any backend", async () => {
  await useBackend("cpu");
  const weight = weightOf("BF16", 3, 4);
  using map = storedMap(weight);
  tidy(() => {
    const x = tf.ones([1, 4]) as tf.Tensor2D;
    using dense = denseMapOf(weight);
    assertEquals(map.apply(x).dataSync(), dense.apply(x).dataSync());
  });
  await useBackend("agile");
});
