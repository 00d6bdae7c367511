import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeJson, encodeJson } from "../../lib/core/mod.ts";
import {
  affineMatrix,
  arrayOf,
  bilevelMatrix,
  binaryMatrix,
  blockMatrix,
  codebookMatrix,
  decodeMatrix,
  fixedMatrix,
  floatMatrix,
  floatScales,
  fromParts,
  integerType,
  lowRankMatrix,
  partsOf,
  sparseMatrix,
  type StoredMatrix,
  sumMatrix,
  typedMatrix,
} from "../../lib/format/mod.ts";
import { codesOf, floats } from "./arbitrary_values.ts";

/** Takes a value apart, writes it, reads it and puts it together again. */
function throughBytes(value: unknown): unknown {
  const { json, arrays } = partsOf(value)!;
  const bytes = arrays.map(({ buffer, byteOffset, byteLength }) =>
    new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
  );
  return fromParts(decodeJson(encodeJson(json)), (place, type) => arrayOf(type, bytes[place]));
}

const [rows, columns] = [4, 32];

/** A matrix of each form, made of these floats and codes of two bits, `[4, 32]`. */
function everyForm(values: Float32Array, codes: Uint8Array): StoredMatrix[] {
  const shape = { rows, columns };
  const groupIndex = Int32Array.from({ length: columns }, (_, column) => (7 * column) % 2);
  const grid = { ...shape, bits: 2, codes };
  const perGroup = values.subarray(0, 2 * rows);
  const float = floatMatrix("F32", values, rows, columns);
  const statistics = floatMatrix("F16", Float16Array.from(perGroup), rows, 2);
  return [
    float,
    floatMatrix("BF16", Uint16Array.from(codes), rows, columns),
    affineMatrix({ ...grid, scale: perGroup, zeroPoint: codes.subarray(0, 8), groupIndex }),
    affineMatrix({ ...grid, scale: values.subarray(0, rows), zeroPoint: values.subarray(4, 8) }),
    codebookMatrix({ ...grid, codebooks: Float16Array.from(values.subarray(0, 4 * rows)) }),
    bilevelMatrix({ ...grid, scale: statistics, zeroPoint: statistics, groupIndex }),
    binaryMatrix({
      ...grid,
      ...{ factors: Float64Array.from(perGroup, Math.abs), rowsTogether: 1, columnsTogether: 32 },
      powers: 2,
    }),
    blockMatrix("Q8_0", new Uint8Array(rows * 34).map((_, index) => codes[index % 128]), rows, 32),
    fixedMatrix(Int16Array.from(values), -3, rows, columns),
    sumMatrix(float, [
      sparseMatrix(values.map((value, index) => codes[index] === 3 ? value : 0), rows, columns),
      lowRankMatrix(
        floatMatrix("F32", perGroup, 2, rows),
        floatMatrix("F32", values.slice(0, 64), 2, 32),
      ),
    ]),
  ];
}

Deno.test("partsOf() takes matrices of every plain form apart, and fromParts() makes the same of them", () => {
  fc.assert(
    fc.property(floats(rows * columns), codesOf(2, rows * columns), (values, codes) => {
      for (const matrix of everyForm(values, codes)) {
        const again = throughBytes({ query: { weight: matrix } }) as {
          query: { weight: StoredMatrix };
        };
        const { weight } = again.query;
        assertEquals(decodeMatrix(weight), decodeMatrix(matrix));
        const facts = (
          { rows, columns, byteLength, form }: StoredMatrix,
        ) => [rows, columns, byteLength, form];
        assertEquals(facts(weight), facts(matrix));
        assertEquals(weight.constructor, matrix.constructor);
      }
    }),
    { numRuns: 20 },
  );
});

Deno.test("partsOf() keeps arrays of every type, numbers that JSON lacks, and what is empty", () => {
  const value = {
    arrays: [Int8Array.of(-1), Uint16Array.of(65535), Int32Array.of(), Float64Array.of(NaN, -0)],
    numbers: [Infinity, -0, null, "a"],
    inside: new Float32Array([1, 2, 3, 4]).subarray(1, 3),
  };
  assertEquals(throughBytes(value), { ...value, inside: Float32Array.of(2, 3) });
});

Deno.test("partsOf() takes nothing apart that has functions of its own", () => {
  const matrix = typedMatrix({
    ...{ rows: 1, columns: 2, types: [integerType(4)], codes: Uint8Array.of(1, 2), groupSize: 2 },
    scales: floatScales(Float32Array.of(1)),
  });
  assertEquals(partsOf({ weight: matrix }), undefined);
  assertEquals(partsOf([new Map()]), undefined);
  assertEquals(partsOf({ read() {} }), undefined);
});
