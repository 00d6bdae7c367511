import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  affineMatrix,
  type BilevelCodes,
  bilevelMatrix,
  decodeMatrix,
  floatMatrix,
} from "../../lib/format/mod.ts";
import { codesOf, floats, someRows } from "./arbitrary_values.ts";

/** Up to 3 times 4 rows of 20 columns, `together` of which share the grids of their grids. */
const matrices: fc.Arbitrary<Required<Omit<BilevelCodes, "name">>> = fc.record({
  together: fc.integer({ min: 1, max: 4 }),
  blocks: fc.integer({ min: 1, max: 3 }),
  columns: fc.integer({ min: 1, max: 20 }),
  groups: fc.integer({ min: 1, max: 5 }),
  bits: fc.integer({ min: 2, max: 8 }),
}).chain(({ together, blocks, columns, groups, bits }) => {
  const shape = { rows: blocks, columns: groups * together };
  const statistics = fc.record({
    codes: codesOf(3, blocks * shape.columns),
    scale: floats(blocks * groups).map((scale) => new Float16Array(scale)),
    zeroPoint: floats(blocks * groups).map((zeros) => new Float16Array(zeros)),
  }).map((parts) => {
    const groupIndex = Int32Array.from(
      { length: shape.columns },
      (_, i) => Math.floor(i / together),
    );
    return affineMatrix({ ...shape, bits: 3, groupIndex, ...parts });
  });
  return fc.record({
    rows: fc.constant(blocks * together),
    ...{ columns: fc.constant(columns), bits: fc.constant(bits) },
    codes: codesOf(bits, blocks * together * columns),
    scale: statistics,
    zeroPoint: statistics,
    groupIndex: fc.array(fc.nat(groups - 1), { minLength: columns, maxLength: columns })
      .map((all) => Int32Array.from(all)),
  });
});

Deno.test("BilevelMatrix.decode() is scale * (code - zeroPoint) of decoded grids, for any rows", () => {
  fc.assert(fc.property(matrices, fc.gen(), (parts, draw) => {
    const { rows, columns, codes, groupIndex } = parts;
    const [first, end] = draw(someRows, rows);
    const together = rows / parts.scale.rows;
    const [scale, zeroPoint] = [decodeMatrix(parts.scale), decodeMatrix(parts.zeroPoint)];
    const expected = Float32Array.from({ length: (end - first) * columns }, (_, i) => {
      const [row, column] = [first + Math.floor(i / columns), i % columns];
      const block = Math.floor(row / together) * parts.scale.columns;
      const place = block + groupIndex[column] * together + row % together;
      return scale[place] * Math.fround(codes[row * columns + column] - zeroPoint[place]);
    });
    const values = new Float32Array(expected.length);
    const matrix = bilevelMatrix(parts);
    matrix.decode(first, values);
    assertEquals(values, expected);
    assertEquals(matrix.readCodes(), codes);
  }));
});

const codes = new Uint8Array(4 * 6);
const eights = floatMatrix("F16", new Float16Array(8), 2, 4); // of two rows and two groups each
const groupIndex = Int32Array.of(0, 1, 0, 1, 0, 1);
const parts = { rows: 4, columns: 6, bits: 4, codes, scale: eights, zeroPoint: eights };

Deno.test("bilevelMatrix() holds codes, grids, and an index only where groups are scattered", () => {
  const scattered = bilevelMatrix({ ...parts, groupIndex });
  assertEquals(scattered.byteLength, 12 + 2 * 16 + 6);
  assertEquals(scattered.form, "4 bits in groups of 3, their grids in F16");
  const adjacent = bilevelMatrix({ ...parts, groupIndex: Int32Array.of(0, 0, 0, 1, 1, 1) });
  assertEquals(adjacent.byteLength, 12 + 2 * 16);
  const many = bilevelMatrix({
    ...{ rows: 1, columns: 300, bits: 2, codes: new Uint8Array(300) },
    scale: floatMatrix("F16", new Float16Array(300), 1, 300),
    zeroPoint: floatMatrix("F16", new Float16Array(300), 1, 300),
    groupIndex: Int32Array.from({ length: 300 }, (_, i) => 299 - i),
  });
  assertEquals(many.byteLength, 75 + 2 * 600 + 600);
});

Deno.test("bilevelMatrix() refuses grids of other shapes, and what AffineMatrix does", () => {
  const refused: [Partial<BilevelCodes>, string][] = [
    [
      { scale: floatMatrix("F32", new Float32Array(9), 3, 3) },
      "its scales must be those of 4 rows",
    ],
    [{ zeroPoint: floatMatrix("F32", new Float32Array(8), 4, 2) }, "it needs 2 x 4 zero points"],
    [{ bits: 9 }, "bits must be an integer in 2..8, got 9"],
    [{ codes: new Uint8Array(5) }, "it must hold 4 x 6 values, got 5"],
    [{ codes: codes.map(() => 16) }, "codes must be integers in 0..15, got 16"],
    [{ groupIndex: groupIndex.map(() => 2) }, "its groups must lie in 0..1, got 2"],
  ];
  for (const [change, rule] of refused) {
    const store = () => bilevelMatrix({ ...parts, groupIndex, ...change });
    assertThrows(store, InputError, `Cannot store matrix: ${rule}`);
  }
});
