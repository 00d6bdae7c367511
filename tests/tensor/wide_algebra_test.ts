import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../lib/core/mod.ts";
import { triangleLength } from "../../lib/format/mod.ts";
import { plainAlgebra } from "../../lib/quant/mod.ts";
import { SimdWideAlgebra, useBackend, wideAlgebra } from "../../lib/tensor/mod.ts";

async function algebra(): Promise<SimdWideAlgebra> {
  await useBackend("agile");
  return wideAlgebra()!;
}

Deno.test("SimdWideAlgebra subtracts products with the bits of plainAlgebra, and nothing else", async () => {
  const simd = await algebra();
  const drawn = fc.record({
    seed: fc.nat(),
    rows: fc.integer({ min: 1, max: 150 }),
    columns: fc.integer({ min: 2, max: 90 }),
    cut: fc.tuple(fc.nat(88), fc.nat(40), fc.nat(40)),
    spare: fc.nat(3),
  });
  fc.assert(
    fc.property(drawn, ({ seed, rows, columns, cut: [last, before, behind], spare }) => {
      const end = 1 + last % (columns - 1);
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
    cut: fc.tuple(fc.nat(149), fc.nat(140)),
    groupSize: fc.integer({ min: 1, max: 150 }),
    spare: fc.nat(3),
    codeMax: fc.constantFrom(3, 15, 255),
    strange: fc.constantFrom(0, NaN, Infinity),
  });
  fc.assert(
    fc.property(drawn, ({ seed, rows, columns, cut, groupSize, spare, codeMax, strange }) => {
      const first = cut[0] % columns;
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

Deno.test("wideAlgebra() is there on backend agile alone", async () => {
  await useBackend("cpu");
  assertEquals(wideAlgebra(), undefined);
  await useBackend("agile");
  assert(wideAlgebra() instanceof SimdWideAlgebra);
});
