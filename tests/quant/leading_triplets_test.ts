import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import { leadingTriplets, type SingularTriplets } from "../../lib/quant/mod.ts";
import { goldenTensors } from "./support.ts";

/** Asserts what singular values and vectors are by definition: `A v = s u` and `A^T u = s v`, both of length 1. */
function assertTriplets(
  matrix: Float32Array,
  rows: number,
  columns: number,
  { values, left, right }: SingularTriplets,
) {
  const largest = Math.max(values[0], 1e-300);
  values.forEach((value, r) => {
    if (value < 1e-9 * largest) return;
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let i = 0; i < columns; i++) sum += matrix[row * columns + i] * right[r][i];
      assertAlmostEquals(sum / largest, value * left[r][row] / largest, 1e-6);
    }
    for (let i = 0; i < columns; i++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += matrix[row * columns + i] * left[r][row];
      assertAlmostEquals(sum / largest, value * right[r][i] / largest, 1e-6);
    }
    for (const vectors of [left, right]) {
      vectors.slice(0, r + 1).forEach((other, place) => {
        if (values[place] < 1e-9 * largest) return;
        const product = other.reduce((sum, each, i) => sum + each * vectors[r][i], 0);
        assertAlmostEquals(product, Number(place === r), 1e-6);
      });
    }
  });
}

const squares = (values: Iterable<number>) => [...values].reduce((sum, each) => sum + each ** 2, 0);

Deno.test("leadingTriplets() are those of torch.linalg.svd", () => {
  const { floats, integers } = goldenTensors("lorc", "rivals");
  const [codes, scale] = [integers("codes"), floats("scale")];
  const lost = floats("weight").map((each, i) =>
    each - Math.fround((codes[i] - 8) * scale[Math.floor(i / 128)])
  );
  const { values, left, right } = leadingTriplets(lost, 64, 128, 8);
  const expected = floats("singular_values");
  values.forEach((value, r) => assertAlmostEquals(value, expected[r], 1e-6));
  const product = floats("product");
  const errors = product.map((each, i) =>
    values.reduce(
      (sum, value, r) => sum - value * left[r][Math.floor(i / 128)] * right[r][i % 128],
      each,
    )
  );
  assert(squares(errors) <= 1e-4 ** 2 * squares(product));
});

Deno.test("leadingTriplets() of full rank are the matrix, wide or high, of any rank and multiplicity", () => {
  const sizes = fc.record({
    rows: fc.integer({ min: 1, max: 7 }),
    columns: fc.integer({ min: 1, max: 7 }),
    reach: fc.constantFrom(0, 1, 100),
  });
  fc.assert(fc.property(sizes, fc.gen(), ({ rows, columns, reach }, draw) => {
    const matrix = Float32Array.from(
      { length: rows * columns },
      () => draw(fc.integer, { min: -reach, max: reach }),
    );
    const triplets = leadingTriplets(matrix, rows, columns, Math.min(rows, columns));
    assertTriplets(matrix, rows, columns, triplets);
    assertAlmostEquals(squares(triplets.values), squares(matrix), 1e-6 * (1 + squares(matrix)));
  }));
});

Deno.test("leadingTriplets() are the first of all, where few steps of many find them", () => {
  const [rows, columns] = [90, 120];
  const { normal } = seededRandom(3);
  const matrix = Float32Array.from({ length: rows * columns }, normal);
  const all = leadingTriplets(matrix, rows, columns, rows);
  assertAlmostEquals(squares(all.values), squares(matrix), 1e-4);
  const some = leadingTriplets(matrix, rows, columns, 3);
  assertTriplets(matrix, rows, columns, some);
  some.values.forEach((value, r) => assertAlmostEquals(value, all.values[r], 1e-9));
  assertEquals([some.left.length, some.right[0].length], [3, columns]);
});

Deno.test("leadingTriplets() find a value that occurs many times as often as it does", () => {
  const size = 60;
  const matrix = Float32Array.from(
    { length: size * size },
    (_, i) => i % (size + 1) === 0 ? (i < 12 * size ? 5 : 1) : 0,
  );
  const { values } = leadingTriplets(matrix, size, size, 14);
  assertEquals([...values].map((value) => Math.round(value * 1e6) / 1e6), [
    ...Array(12).fill(5),
    ...[1, 1],
  ]);
});

Deno.test("leadingTriplets() are the same each time", () => {
  const { normal } = seededRandom(4);
  const matrix = Float32Array.from({ length: 40 * 50 }, normal);
  assertEquals(leadingTriplets(matrix, 40, 50, 2), leadingTriplets(matrix, 40, 50, 2));
});

Deno.test("leadingTriplets() refuse a rank that the matrix cannot have, and infinity", () => {
  for (const rank of [0, 3, 1.5]) {
    assertThrows(
      () => leadingTriplets(new Float32Array(6), 3, 2, rank, "up of layer 3"),
      InputError,
      `Cannot find the singular values of up of layer 3: rank must be in 1..2, got ${rank}`,
    );
  }
  assertThrows(
    () => leadingTriplets(Float32Array.of(1, Infinity), 1, 2, 1, "up of layer 3"),
    InputError,
    "Cannot quantize up of layer 3: element 1 must be finite, got Infinity",
  );
  assert(leadingTriplets(new Float32Array(6), 3, 2, 2).values.every((value) => value === 0));
});
