import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../lib/core/mod.ts";
import { triangleLength, triangleRow } from "../../lib/format/mod.ts";
import { plainAlgebra } from "../../lib/quant/mod.ts";
import { SimdWideAlgebra, useBackend, wideAlgebra } from "../../lib/tensor/mod.ts";

async function algebra(): Promise<SimdWideAlgebra> {
  await useBackend("agile");
  return wideAlgebra()!;
}

/** The upper triangle of a random positive definite matrix, its diagonal first made less by `less`. */
function definite(size: number, seed: number, less = 0): Float64Array {
  const { normal } = seededRandom(seed);
  const triangle = Float64Array.from({ length: triangleLength(size) }, () => normal());
  for (let row = 0; row < size; row++) triangle[triangleRow(row, size) + row] += 3 * size - less;
  return triangle;
}

/** The bits of an inverse factor by either arithmetic. */
function factors(simd: SimdWideAlgebra, matrix: Float64Array, size: number) {
  using held = simd.take(matrix.length);
  held.values.set(matrix);
  const failure = simd.inverseFactor(held.values, size);
  const expected = matrix.slice();
  const expectedFailure = plainAlgebra.inverseFactor(expected, size, () => {});
  return { actual: held.values.slice(), failure, expected, expectedFailure };
}

Deno.test("inverseFactor() factors triangles of any size with the bits of plainAlgebra", async () => {
  const simd = await algebra();
  const size = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 60, max: 270 }));
  fc.assert(
    fc.property(size, fc.nat(), (size, seed) => {
      const { actual, failure, expected, expectedFailure } = factors(
        simd,
        definite(size, seed),
        size,
      );
      assertEquals([failure, expectedFailure], [undefined, undefined]);
      assertEquals(actual, expected);
    }),
    { numRuns: 40, examples: [[64, 1], [65, 1], [128, 2], [129, 3]] },
  );
  for (const size of [331, 600]) { // more than one block of the depth
    const { actual, expected } = factors(simd, definite(size, size), size);
    assertEquals(actual, expected);
  }
});

Deno.test("inverseFactor() names the pivot that plainAlgebra names", async () => {
  const simd = await algebra();
  for (const [size, column] of [[1, 0], [70, 3], [150, 149], [150, 80]]) {
    const matrix = definite(size, 5);
    matrix[triangleRow(column, size) + column] = -2;
    const { failure, expectedFailure } = factors(simd, matrix, size);
    assert(failure && failure.column === column && failure.pivot <= -2);
    assertEquals(failure, expectedFailure);
  }
});

Deno.test("inverseFactor() says how far it is, stops when told, and gives its memory back", async () => {
  const simd = await algebra();
  const size = 200;
  using held = simd.take(triangleLength(size));
  held.values.set(definite(size, 1));
  const shares: number[] = [];
  simd.inverseFactor(held.values, size, (share) => shares.push(share));
  assertEquals(shares, shares.toSorted((a, b) => a - b));
  assert(shares.length >= 8 && shares[0] === 0 && shares.at(-1)! < 1);
  const addresses = [held.values.byteOffset];
  for (const last of [2, shares.length]) {
    held.values.set(definite(size, 1));
    let heard = 0;
    const stop = () => {
      if (++heard === last) throw new Error("stopped");
    };
    assertThrows(() => simd.inverseFactor(held.values, size, stop), Error, "stopped");
    using next = simd.take(64 ** 2);
    addresses.push(next.values.byteOffset);
  }
  assertEquals(addresses[1], addresses[2]);
});
