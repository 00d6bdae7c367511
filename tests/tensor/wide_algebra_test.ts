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

Deno.test("SimdWideAlgebra factors triangles of any size with the bits of plainAlgebra", async () => {
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

Deno.test("SimdWideAlgebra names the pivot that plainAlgebra names", async () => {
  const simd = await algebra();
  for (const [size, column] of [[1, 0], [70, 3], [150, 149], [150, 80]]) {
    const matrix = definite(size, 5);
    matrix[triangleRow(column, size) + column] = -2;
    const { failure, expectedFailure } = factors(simd, matrix, size);
    assert(failure && failure.column === column && failure.pivot <= -2);
    assertEquals(failure, expectedFailure);
  }
});

Deno.test("SimdWideAlgebra subtracts products with the bits of plainAlgebra, and nothing else", async () => {
  const simd = await algebra();
  const drawn = fc.record({
    seed: fc.nat(),
    rows: fc.integer({ min: 1, max: 150 }),
    columns: fc.integer({ min: 2, max: 90 }),
    cut: fc.tuple(fc.double({ min: 0, max: 0.99, noNaN: true }), fc.nat(40), fc.nat(40)),
    spare: fc.nat(3),
  });
  fc.assert(
    fc.property(drawn, ({ seed, rows, columns, cut: [share, before, behind], spare }) => {
      const end = 1 + Math.floor(share * (columns - 1));
      const first = Math.max(0, end - 1 - before);
      const left = end;
      const right = Math.min(columns, left + behind);
      const errorStride = end - first + spare;
      const { normal } = seededRandom(seed);
      const random = (length: number) => {
        const held = simd.take(length);
        for (let i = 0; i < length; i++) held.values[i] = normal();
        return held;
      };
      using matrix = random(rows * columns);
      using errors = random(rows * errorStride);
      using triangle = random(triangleLength(columns));
      const part = { rows, columns, left, right, first, end, errorStride };
      const expected = matrix.values.slice();
      plainAlgebra.subtractProduct(expected, errors.values, triangle.values, part);
      simd.subtractProduct(matrix.values, errors.values, triangle.values, part);
      assertEquals(matrix.values.slice(), expected);
    }),
    { numRuns: 60 },
  );
});

Deno.test("SimdWideAlgebra rounds columns with the bits of plainAlgebra, and nothing else", async () => {
  const simd = await algebra();
  const drawn = fc.record({
    seed: fc.nat(),
    rows: fc.integer({ min: 1, max: 40 }),
    columns: fc.integer({ min: 1, max: 150 }),
    cut: fc.tuple(fc.double({ min: 0, max: 0.99, noNaN: true }), fc.nat(140)),
    groupSize: fc.integer({ min: 1, max: 150 }),
    spare: fc.nat(3),
    codeMax: fc.constantFrom(3, 15, 255),
    strange: fc.constantFrom(0, NaN, Infinity),
  });
  fc.assert(
    fc.property(drawn, ({ seed, rows, columns, cut, groupSize, spare, codeMax, strange }) => {
      const first = Math.floor(cut[0] * columns);
      const end = Math.min(columns, first + 1 + cut[1]);
      const { normal, uniform, integer } = seededRandom(seed);
      const errorStride = end - first + spare;
      const groups = Math.ceil(columns / groupSize);
      const scale = Float32Array.from({ length: rows * groups }, () => 0.05 + uniform() / 4);
      const zeroPoint = Uint8Array.from({ length: scale.length }, () => integer(0, codeMax));
      const grids = { scale, zeroPoint, groups, groupSize, codeMax };
      using matrix = simd.take(rows * columns);
      using triangle = simd.take(triangleLength(columns));
      using errors = simd.take(rows * errorStride);
      matrix.values.set(Array.from(matrix.values, normal));
      if (strange) matrix.values[integer(0, rows * columns - 1)] = strange;
      triangle.values.set(Array.from(triangle.values, () => 0.2 * normal()));
      errors.values.fill(7);
      const part = { rows, columns, first, end, errorStride };
      const before = matrix.values.slice();
      const fresh = () => ({
        codes: new Uint8Array(rows * columns).fill(9),
        losses: new Float64Array(rows).fill(0.5),
      });
      const expected = { ...fresh(), errors: errors.values.slice() };
      const actual = { ...fresh(), errors: errors.values };
      plainAlgebra.roundColumns(before.slice(), triangle.values, grids, expected, part);
      simd.roundColumns(matrix.values, triangle.values, grids, actual, part);
      assertEquals({ ...actual, errors: actual.errors.slice() }, expected);
      assertEquals(matrix.values.slice(), before);
    }),
    { numRuns: 200 },
  );
});

Deno.test("SimdWideAlgebra says how far a factor is, stops when told, and gives its memory back", async () => {
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

Deno.test("wideAlgebra() is there on backend agile alone", async () => {
  await useBackend("cpu");
  assertEquals(wideAlgebra(), undefined);
  await useBackend("agile");
  assert(wideAlgebra() instanceof SimdWideAlgebra);
});
