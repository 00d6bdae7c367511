import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  bitsPerWeight,
  decodeMatrix,
  floatScales,
  floatType,
  integerType,
  powerScales,
  type TypedCodes,
  typedMatrix,
} from "../../lib/format/mod.ts";

const fp4 = floatType({ bits: 4, exponentBits: 2 });
const int4 = integerType(4);

/** Two rows of five columns, in groups of three and two. */
const parts: TypedCodes = {
  ...{ rows: 2, columns: 5, groupSize: 3, types: [fp4, int4] },
  codes: Uint8Array.of(0, 1, 7, 8, 15, /* the next row */ 9, 10, 11, 7, 2),
  choice: Uint8Array.of(0, 1, 1, 0),
  scales: floatScales(Float32Array.of(1, 2, 10, 0.5)),
};

Deno.test("typedMatrix() decodes each group by its type and scale, from any row", () => {
  const matrix = typedMatrix(parts);
  const values = Float32Array.of(0, 0.5, 6, 0, 14, /* the next row */ 10, 20, 30, 3, 0.5);
  assertEquals(decodeMatrix(matrix), values);
  const last = new Float32Array(5);
  matrix.decode(1, last);
  assertEquals(last, values.subarray(5));
  assertEquals(matrix.form, "E2M1 or INT4 in groups of 3");
});

Deno.test("typedMatrix() holds codes, scales and two bits for each choice", () => {
  assertEquals(typedMatrix(parts).byteLength, 5 + 16 + 1);
  const one = { ...parts, types: [fp4], choice: undefined };
  assertEquals(typedMatrix(one).byteLength, 5 + 16);
  const block = typedMatrix({
    ...{ rows: 2, columns: 64, groupSize: 32, types: [fp4] },
    codes: new Uint8Array(128),
    scales: powerScales(new Int8Array(4)),
  });
  assertEquals(bitsPerWeight(block), 4.25);
  assertEquals(block.form, "E2M1 in groups of 32");
  const rows = { ...one, groupSize: 5, scales: floatScales(Float32Array.of(1, 2)) };
  assertEquals(typedMatrix(rows).form, "E2M1 in whole rows");
});

Deno.test("typedMatrix() refuses what does not fit together", () => {
  const refuses = (change: Partial<TypedCodes>, rule: string) =>
    assertThrows(
      () => typedMatrix({ ...parts, name: "query", ...change }),
      InputError,
      `Cannot store query: ${rule}`,
    );
  refuses({ columns: 4 }, "it must hold 2 x 4 values, got 10");
  refuses({ groupSize: 0 }, "groupSize must be a positive integer, got 0");
  refuses({ scales: floatScales(new Float32Array(3)) }, "it needs 4 scales, got 3");
  refuses({ types: [fp4, integerType(5)] }, "it needs one to four types of as many bits, got 2");
  refuses({ types: [fp4] }, "choices must be in 0..0, got 1");
  refuses({ choice: new Uint8Array(3) }, "it needs 4 choices, got 3");
  refuses({ codes: new Uint8Array(10).fill(16) }, "codes must be integers in 0..15, got 16");
});
