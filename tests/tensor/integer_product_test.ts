import { assert, assertEquals } from "@std/assert";
import { type ByteProduct, isExact } from "../../lib/tensor/integer_product.ts";
import { Arena } from "../../lib/tensor/arena.ts";

const arena = new Arena();

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
