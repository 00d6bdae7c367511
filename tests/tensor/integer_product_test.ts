import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type ByteProduct, isExact } from "../../lib/tensor/integer_product.ts";
import { AgileBackend } from "../../lib/tensor/agile.ts";
import { tf, useBackend } from "../../lib/tensor/mod.ts";
import { byteProduct } from "../../lib/tensor/native.ts";

await useBackend("agile");
const { simd: { arena }, integerProduct } = tf.backend() as AgileBackend;

/** A product by the definition, whose pairs of products pass through `add`. */
function productWith(add: (first: number, second: number) => number): ByteProduct {
  return (a, strideA, b, c, strideC, offset, m, n, k) => {
    const left = arena.view(Uint8Array, a, (m - 1) * strideA + k);
    const right = arena.view(Int8Array, b, n * k);
    const offsets = arena.view(Int32Array, offset, n);
    const target = arena.view(Int32Array, c, (m - 1) * strideC + n);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = offsets[j];
        for (let p = 0; p < k; p += 2) {
          const [x, w] = [i * strideA + p, j * k + p];
          const second = p + 1 < k ? left[x + 1] * right[w + 1] : 0;
          sum += add(left[x] * right[w], second);
        }
        target[i * strideC + j] = sum;
      }
    }
  };
}

const definition = productWith((first, second) => first + second);

Deno.test("isExact() accepts a product in 32 bits and not one that saturates in 16", () => {
  assert(isExact(definition, arena));
  const saturated = (sum: number) => Math.min(Math.max(sum, -32768), 32767);
  const saturating = productWith((first, second) => saturated(first + second));
  assertEquals(isExact(saturating, arena), false);
});

Deno.test({
  name: "byteProduct() is the sum of products and offset, on any strides",
  ignore: !integerProduct.native,
  fn() {
    const multiply = byteProduct(arena.memory);
    const sizes = fc.record({
      m: fc.integer({ min: 1, max: 20 }),
      n: fc.integer({ min: 1, max: 40 }),
      k: fc.integer({ min: 1, max: 150 }),
      slackA: fc.nat(5),
      slackC: fc.nat(5),
    });
    fc.assert(fc.property(sizes, fc.gen(), ({ m, n, k, slackA, slackC }, draw) => {
      const [strideA, strideC] = [k + slackA, n + slackC];
      const fill = (length: number) =>
        draw(fc.uint8Array, { minLength: length, maxLength: length });
      arena.scratch([m * strideA, n * k, 4 * m * strideC, 4 * n], (a, b, c, offset) => {
        arena.view(Uint8Array, a, m * strideA).set(fill(m * strideA));
        arena.view(Uint8Array, b, n * k).set(fill(n * k));
        arena.view(Int32Array, offset, n).set(Int32Array.from(fill(n), (byte) => byte * 1e6));
        const target = arena.view(Int32Array, c, m * strideC);
        const [actual, expected] = [multiply, definition].map((each) => {
          target.fill(0);
          each(a, strideA, b, c, strideC, offset, m, n, k);
          return target.slice();
        });
        assertEquals(actual, expected);
      });
    }));
  },
});
