import { assert, assertEquals } from "@std/assert";
import { Arena } from "../../lib/tensor/arena.ts";
import { type IntegerProduct, isExact } from "../../lib/tensor/integer_product.ts";

const arena = new Arena();

/** A product by the definition, whose pairs of products pass through `add`. */
function productWith(add: (first: number, second: number) => number): IntegerProduct {
  return {
    name: "test",
    threads: 1,
    multiply(addressA, addressB, target, { m, n, k, strideA, strideC }) {
      const a = arena.view(Uint8Array, addressA, m * strideA);
      const b = arena.view(Int8Array, addressB, n * k);
      const c = arena.view(Int32Array, target, m * strideC);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let p = 0; p < k; p += 2) {
            const [x, w] = [i * strideA + p, j * k + p];
            sum += add(a[x] * b[w], a[x + 1] * b[w + 1]);
          }
          c[i * strideC + j] = sum;
        }
      }
    },
  };
}

Deno.test("isExact() accepts a product in 32 bits and not one that saturates in 16", () => {
  assert(isExact(productWith((first, second) => first + second), arena));
  const saturated = (sum: number) => Math.min(Math.max(sum, -32768), 32767);
  assertEquals(isExact(productWith((first, second) => saturated(first + second)), arena), false);
});
