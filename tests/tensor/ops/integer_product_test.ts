import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { multiplyIntegers, useBackend } from "../../../lib/tensor/mod.ts";
import { expectedProduct, integerPaths } from "../integers.ts";

for (const [name, choose] of integerPaths) {
  Deno.test(`multiplyIntegers() equals a sum of products: ${name}`, async () => {
    await choose();
    const side = fc.integer({ min: 1, max: 21 });
    const depth = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(127, 128, 129, 255));
    fc.assert(fc.property(side, side, depth, fc.gen(), (m, n, k, draw) => {
      const a = draw(fc.uint8Array, { minLength: m * k, maxLength: m * k });
      const b = draw(fc.int8Array, { minLength: n * k, maxLength: n * k });
      const target = new Int32Array(m * n).fill(7);
      assert(multiplyIntegers(a, b, k, target) === target);
      assertEquals(target, expectedProduct(a, b, k));
    }));
  });

  Deno.test(`multiplyIntegers() is exact at the extremes: ${name}`, async () => {
    await choose();
    for (const [m, n] of [[1, 1], [1, 9], [7, 1], [5, 130], [65, 6]]) {
      for (const k of [1, 15, 16, 17, 64, 1000, 4096, 32768]) {
        for (const weight of [-128, 127]) {
          const product = multiplyIntegers(
            new Uint8Array(m * k).fill(255),
            new Int8Array(n * k).fill(weight),
            k,
          );
          assert(product.every((sum) => sum === 255 * weight * k), `${m} x ${k} x ${n}`);
        }
      }
    }
  });
}

Deno.test("multiplyIntegers() refuses shapes that do not fit, and other backends", async () => {
  await useBackend("agile");
  const multiply = (a: number, b: number, columns: number) => () =>
    multiplyIntegers(new Uint8Array(a), new Int8Array(b), columns);
  for (const [a, b, columns] of [[7, 6, 3], [6, 7, 3], [0, 0, 0], [3, 3, 1.5]]) {
    assertThrows(
      multiply(a, b, columns),
      InputError,
      `Cannot multiply integers: both must hold whole rows of ${columns}, got [${a},${b}]`,
    );
  }
  assertThrows(
    multiply(32769, 32769, 32769),
    InputError,
    "Cannot multiply integers: at most 32768 columns may be summed up, got 32769",
  );
  assertThrows(
    () => multiplyIntegers(new Uint8Array(6), new Int8Array(3), 3, new Int32Array(3)),
    InputError,
    "Cannot multiply integers: target must hold 2 x 1 sums, got 3",
  );
  await useBackend("cpu");
  assertThrows(
    multiply(6, 3, 3),
    InputError,
    'Cannot multiply integers: the backend must be agile, got "cpu"',
  );
});
