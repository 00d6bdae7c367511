import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  type BinaryCodes,
  BinaryMatrix,
  binaryMatrix,
  decodeMatrix,
  signedSums,
} from "../../lib/format/mod.ts";
import { codesOf, floats, someRows } from "./arbitrary_values.ts";

/** Any matrix of up to 3 x 3 tiles of up to 4 x 4 weights. */
const matrices: fc.Arbitrary<BinaryCodes> = fc.record({
  rowsTogether: fc.integer({ min: 1, max: 4 }),
  columnsTogether: fc.integer({ min: 1, max: 4 }),
  tileRows: fc.integer({ min: 1, max: 3 }),
  tileColumns: fc.integer({ min: 1, max: 3 }),
  bits: fc.integer({ min: 2, max: 4 }),
  isDivided: fc.boolean(),
}).chain(({ rowsTogether, columnsTogether, tileRows, tileColumns, bits, isDivided }) => {
  const [rows, columns] = [rowsTogether * tileRows, columnsTogether * tileColumns];
  const count = tileRows * tileColumns * bits;
  const eighths = fc.integer({ min: -7, max: 7 }).map((each) => each / 8); // sums of three powers
  return fc.record({
    ...{ rows: fc.constant(rows), columns: fc.constant(columns), bits: fc.constant(bits) },
    codes: codesOf(bits, rows * columns),
    factors: fc.array(eighths, { minLength: count, maxLength: count })
      .map((all) => Float64Array.from(all)),
    rowsTogether: fc.constant(rowsTogether),
    columnsTogether: fc.constant(columnsTogether),
    powers: fc.constant(3),
    divisors: isDivided
      ? floats(columns).map((all) => new Float16Array(all.map((each) => Math.abs(each) + 1)))
      : fc.constant(undefined),
  });
});

Deno.test("BinaryMatrix.decode() adds the factors of a tile with the signs of a code, for any rows", () => {
  fc.assert(fc.property(matrices, fc.gen(), (parts, draw) => {
    const { rows, columns, bits, codes, factors, rowsTogether, columnsTogether } = parts;
    const [first, end] = draw(someRows, rows);
    const groups = rows / rowsTogether;
    const expected = Float32Array.from({ length: (end - first) * columns }, (_, i) => {
      const [row, column] = [first + Math.floor(i / columns), i % columns];
      const tile = Math.floor(column / columnsTogether) * groups + Math.floor(row / rowsTogether);
      let sum = 0;
      for (let bit = 0; bit < bits; bit++) {
        const sign = codes[row * columns + column] >> bit & 1 ? 1 : -1;
        sum += sign * factors[tile * bits + bit];
      }
      return sum / (parts.divisors?.[column] ?? 1);
    });
    const values = new Float32Array(expected.length);
    const matrix = binaryMatrix(parts);
    matrix.decode(first, values);
    assertEquals([...values], [...expected].map((each) => each + 0));
    assertEquals(matrix.readCodes(), codes);
  }));
});

Deno.test("signedSums() has the value of every code", () => {
  assertEquals(signedSums(Float64Array.of(2, 1)), Float32Array.of(-3, 1, -1, 3));
});

const parts: BinaryCodes = {
  ...{ rows: 4, columns: 6, bits: 2, codes: new Uint8Array(24), factors: new Float64Array(8) },
  ...{ rowsTogether: 2, columnsTogether: 3, powers: 3 },
};

Deno.test("binaryMatrix() holds digits, a byte for each power of a factor, and divisors", () => {
  assertEquals(binaryMatrix(parts).byteLength, 24 * 2 / 8 + 8 * 3);
  const divided = binaryMatrix({ ...parts, divisors: new Float16Array(6).fill(1) });
  assertEquals(divided.byteLength, 24 * 2 / 8 + 8 * 3 + 12);
  assertEquals(
    divided instanceof BinaryMatrix && divided.form,
    "2 binary digits worth sums of 3 powers of two",
  );
  assertEquals(decodeMatrix(divided), new Float32Array(24));
});

Deno.test("binaryMatrix() refuses tiles that do not divide it, and what is out of range", () => {
  const refused: [Partial<BinaryCodes>, string][] = [
    [{ rowsTogether: 3 }, "tiles must divide its 4 x 6 weights, got [3,3]"],
    [{ factors: new Float64Array(7) }, "it needs 2 factors in each of its 4 tiles, got 7"],
    [{ factors: parts.factors.with(1, NaN) }, "factors must be at most 2^63, got NaN"],
    [{ factors: parts.factors.with(1, 2 ** 64) }, "factors must be at most 2^63, got 1844"],
    [{ codes: parts.codes.with(2, 4) }, "codes must be integers in 0..3, got 4"],
    [{ divisors: new Float32Array(5) }, "it needs 6 divisors, one for each column, got 5"],
    [{ bits: 1 }, "bits must be an integer in 2..8, got 1"],
  ];
  for (const [change, rule] of refused) {
    const store = () => binaryMatrix({ ...parts, ...change });
    assertThrows(store, InputError, `Cannot store matrix: ${rule}`);
  }
});
