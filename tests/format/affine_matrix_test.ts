import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  type AffineCodes,
  affineMatrix,
  bitsPerWeight,
  decodeMatrix,
  packedAffineMatrix,
} from "../../lib/format/mod.ts";
import { codesOf, floats, someRows } from "./arbitrary_values.ts";

/** Any matrix of up to 4 rows and 20 columns, its columns in groups of any order. */
const matrices: fc.Arbitrary<Required<Omit<AffineCodes, "name">>> = fc.record({
  rows: fc.integer({ min: 1, max: 4 }),
  columns: fc.integer({ min: 1, max: 20 }),
  bits: fc.integer({ min: 2, max: 8 }),
  groups: fc.integer({ min: 1, max: 5 }),
  ordered: fc.boolean(),
  integral: fc.boolean(),
  halves: fc.boolean(),
}).chain(({ rows, columns, bits, groups, ordered, integral, halves }) => {
  const size = Math.ceil(columns / groups);
  const count = ordered ? Math.ceil(columns / size) : groups;
  return fc.record({
    ...{ rows: fc.constant(rows), columns: fc.constant(columns), bits: fc.constant(bits) },
    codes: codesOf(bits, rows * columns),
    scale: floats(rows * count).map((scale) => halves ? new Float16Array(scale) : scale),
    zeroPoint: integral
      ? codesOf(bits, rows * count)
      : floats(rows * count).map((zeros) => halves ? new Float16Array(zeros) : zeros),
    groupIndex: ordered
      ? fc.constant(Int32Array.from({ length: columns }, (_, c) => Math.floor(c / size)))
      : fc.array(fc.nat(count - 1), { minLength: columns, maxLength: columns })
        .map((all) => Int32Array.from(all)),
  });
});

/** The definition, element by element. */
function valueOf(
  { rows, columns, codes, scale, zeroPoint, groupIndex }: AffineCodes,
  row: number,
  column: number,
): number {
  const group = row * scale.length / rows + groupIndex![column];
  const steps = Math.fround(codes[row * columns + column] - zeroPoint[group]);
  return Math.fround(scale[group] * steps);
}

Deno.test("AffineMatrix.decode() is scale * (code - zeroPoint) in float32, for any rows", () => {
  fc.assert(fc.property(matrices, fc.gen(), (parts, draw) => {
    const { rows, columns } = parts;
    const [first, end] = draw(someRows, rows);
    const expected = Float32Array.from(
      { length: (end - first) * columns },
      (_, i) => valueOf(parts, first + Math.floor(i / columns), i % columns),
    );
    const values = new Float32Array(expected.length);
    affineMatrix(parts).decode(first, values);
    assertEquals(values, expected);
  }));
});

Deno.test("AffineMatrix.takeRows() decodes to the rows that are taken, in the same form", () => {
  fc.assert(fc.property(matrices, fc.gen(), (parts, draw) => {
    const matrix = affineMatrix(parts);
    const order = draw(fc.array, fc.nat(parts.rows - 1), {
      minLength: 1,
      maxLength: 6,
    }) as number[];
    const taken = matrix.takeRows(order);
    const rows = order.map((row) => {
      const values = new Float32Array(parts.columns);
      matrix.decode(row, values);
      return [...values];
    });
    assertEquals(decodeMatrix(taken), Float32Array.from(rows.flat()));
    assertEquals(taken.takeRows(order.map((_, place) => place)), taken);
    const isInteger = parts.zeroPoint instanceof Uint8Array;
    assertEquals(taken.zeroPoints().constructor, isInteger ? Uint8Array : Float32Array);
    assertEquals(matrix.takeRows(Array.from({ length: parts.rows }, (_, row) => row)), matrix);
  }));
  const matrix = affineMatrix({
    ...{ rows: 1, columns: 2, bits: 4, codes: Uint8Array.of(1, 2) },
    ...{ scale: Float32Array.of(1), zeroPoint: Uint8Array.of(0) },
  });
  const message = "Cannot read rows of a matrix: they must lie in 0..0, got [1,1]";
  assertThrows(() => matrix.takeRows([0, 1]), InputError, message);
});

Deno.test("AffineMatrix gives back codes, zero points and groups", () => {
  fc.assert(fc.property(matrices, (parts) => {
    const matrix = affineMatrix(parts);
    const { rows, columns, codes, zeroPoint, groupIndex, scale } = parts;
    assertEquals(matrix.readCodes(), codes);
    const last = matrix.readCodes(rows - 1, new Uint8Array(columns));
    assertEquals(last, codes.slice((rows - 1) * columns));
    const isHalf = zeroPoint instanceof Float16Array; // which come as float32
    assertEquals(matrix.zeroPoints(), isHalf ? Float32Array.from(zeroPoint) : zeroPoint);
    assertEquals([matrix.groupIndex, matrix.groups], [groupIndex, scale.length / rows]);
  }));
});

const codes = Uint8Array.of(0, 1, 2, 3, 3, 2, 1, 0, 0, 3);
const grouped: AffineCodes = {
  ...{ rows: 2, columns: 5, bits: 2, codes },
  scale: Float32Array.of(1, 2, 0.5, 4),
  zeroPoint: Uint8Array.of(0, 1, 2, 3),
  groupIndex: Int32Array.of(0, 0, 0, 1, 1),
};

Deno.test("AffineMatrix costs codes and zero points of its bits, and scales of their type", () => {
  const matrix = affineMatrix(grouped); // 10 codes: 3 bytes; 4 zero points: 1 byte
  assertEquals([matrix.byteLength, bitsPerWeight(matrix)], [3 + 1 + 16, 16]);
  const halves = affineMatrix({ ...grouped, scale: Float16Array.of(1, 2, 0.5, 4) });
  assertEquals([halves.byteLength, halves.scale], [3 + 1 + 8, Float16Array.of(1, 2, 0.5, 4)]);
  assertEquals([halves.scales(), decodeMatrix(halves)], [matrix.scales(), decodeMatrix(matrix)]);
  const perRow = { ...grouped, scale: Float32Array.of(1, 2), zeroPoint: Float32Array.of(0.5, 1) };
  const { groupIndex: _, ...ungrouped } = perRow;
  assertEquals(affineMatrix(ungrouped).byteLength, 3 + 8 + 8);
});

Deno.test("AffineMatrix costs an index per column only where groups are in another order", () => {
  const others = [[1, 0, 0, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 1, 1]];
  for (const groupIndex of others) {
    const matrix = affineMatrix({ ...grouped, groupIndex: Int32Array.from(groupIndex) });
    assertEquals([matrix.byteLength, [...matrix.groupIndex]], [20 + 4 * 5, groupIndex]);
  }
});

Deno.test("AffineMatrix keeps fractions of float zero points", () => {
  const matrix = affineMatrix({
    ...{ rows: 1, columns: 2, bits: 4, codes: Uint8Array.of(0, 15), scale: Float32Array.of(2) },
    zeroPoint: Float32Array.of(7.25),
  });
  assertEquals(decodeMatrix(matrix), Float32Array.of(-14.5, 15.5));
});

for (
  const [what, change, rule] of [
    ["9 bits", { bits: 9 }, "bits must be an integer in 2..8, got 9"],
    ["no rows", { rows: 0 }, "rows and columns must be positive integers, got [0,5]"],
    ["other columns", { columns: 4 }, "it must hold 2 x 4 values, got 10"],
    [
      "a code of more bits",
      { codes: codes.map((code) => code + 1) },
      "codes must be integers in 0..3, got 4",
    ],
    [
      "a zero point of more bits",
      { zeroPoint: Uint8Array.of(0, 1, 4, 3) },
      "zero points must be integers in 0..3, got 4",
    ],
    [
      "rows of unlike groups",
      { scale: new Float32Array(3) },
      "it needs as many scales in each of its 2 rows, got 3",
    ],
    [
      "no scales",
      { scale: new Float32Array() },
      "it needs as many scales in each of its 2 rows, got 0",
    ],
    [
      "missing zero points",
      { zeroPoint: new Uint8Array(2) },
      "it needs 4 zero points, one for each scale, got 2",
    ],
    [
      "groups without an index",
      { groupIndex: undefined },
      "it needs a groupIndex for several groups, got 2",
    ],
    ["a short index", { groupIndex: new Int32Array(4) }, "groupIndex must have 5 elements, got 4"],
    [
      "a group that is not there",
      { groupIndex: Int32Array.of(0, 0, 2, 1, 1) },
      "its groups must lie in 0..1, got 2",
    ],
    [
      "a group below 0",
      { groupIndex: Int32Array.of(0, 0, -1, 1, 1) },
      "its groups must lie in 0..1, got -1",
    ],
  ] as const
) {
  Deno.test(`affineMatrix() refuses ${what}`, () => {
    assertThrows(
      () => affineMatrix({ ...grouped, ...change, name: "up of layer 3" } as AffineCodes),
      InputError,
      `Cannot store up of layer 3: ${rule}`,
    );
  });
}

Deno.test("packedAffineMatrix() takes codes that are a stream of bits already, without a copy", () => {
  const packed = Uint8Array.of(0x21, 0x43, 0x65); // six codes of four bits: 1 to 6
  const shape = { rows: 2, columns: 3, bits: 4 };
  const grid = { scale: Float32Array.of(1, 2), zeroPoint: Uint8Array.of(1, 4) };
  const matrix = packedAffineMatrix({ ...shape, ...grid, packed });
  assertEquals([...decodeMatrix(matrix)], [0, 1, 2, 0, 2, 4]);
  packed[0] = 0x20;
  assertEquals(matrix.readCodes()[0], 0);
  assertThrows(
    () => packedAffineMatrix({ ...shape, ...grid, packed: new Uint8Array(4), name: "up" }),
    InputError,
    "Cannot store up: 2 x 3 codes of 4 bits must take 3 bytes, got 4",
  );
});

Deno.test("AffineMatrix refuses to read rows that are not there", () => {
  const matrix = affineMatrix(grouped);
  const message = "Cannot read rows of a matrix: they must lie in 0..1, got [1,2]";
  assertThrows(() => matrix.decode(1, new Float32Array(10)), InputError, message);
  assertThrows(() => matrix.readCodes(1, new Uint8Array(10)), InputError, message);
});
