import { assert, assertEquals } from "@std/assert";
import { type ByteProducts, isExact } from "../../lib/tensor/integer_product.ts";
import { Arena } from "../../lib/tensor/arena.ts";

const arena = new Arena();

const shapes = [{ m: 1, n: 1, k: 2 }, { m: 16, n: 64, k: 68 }];

/** Products by the definition, b as [n, k], whose pairs of products pass through `add`. */
function productsWith(add: (first: number, second: number) => number): ByteProducts {
  return (products, count, m, n) => {
    const words = arena.view(Uint32Array, products, 4 * count);
    for (let product = 0; product < words.length; product += 4) {
      const [a, b, c, k] = words.subarray(product);
      const left = arena.view(Uint8Array, a, m * k);
      const right = arena.view(Int8Array, b, n * k);
      const target = arena.view(Int32Array, c, m * n);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let p = 0; p < k; p += 2) {
            const [x, w] = [i * k + p, j * k + p];
            sum += add(left[x] * right[w], left[x + 1] * right[w + 1]);
          }
          target[i * n + j] = sum;
        }
      }
    }
  };
}

Deno.test("isExact() accepts a product in 32 bits and not one that saturates in 16", () => {
  const definition = productsWith((first, second) => first + second);
  assert(isExact(definition, false, shapes, arena));
  const saturated = (sum: number) => Math.min(Math.max(sum, -32768), 32767);
  const saturating = productsWith((first, second) => saturated(first + second));
  assertEquals(isExact(saturating, false, shapes, arena), false);
});
