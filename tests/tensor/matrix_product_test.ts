import { assertEquals } from "@std/assert";
import { packedShape } from "../../lib/tensor/matrix_product.ts";

for (
  const [transposeA, transposeB, strideA, strideB] of [
    [false, false, 4, 3],
    [true, false, 2, 3],
    [false, true, 4, 4],
    [true, true, 2, 4],
  ] as const
) {
  Deno.test(`packedShape() has rows of ${strideA} and ${strideB} elements without gaps`, () => {
    const { strideC, ...shape } = packedShape({ m: 2, n: 3, k: 4, transposeA, transposeB });
    assertEquals(strideC, 3);
    assertEquals(shape, { m: 2, n: 3, k: 4, transposeA, transposeB, strideA, strideB });
  });
}
