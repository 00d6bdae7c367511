import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  bitsPerWeight,
  decodeMatrix,
  encodeFloats,
  type FloatDtype,
  floatMatrix,
} from "../../lib/format/mod.ts";

/** `[3, 2]`; each is a value of all three types but the last, whose fraction is too long. */
const values = Float32Array.of(1, -2, 0.5, -0, 96, 1 + 2 ** -20);

const rounded: Record<FloatDtype, Float32Array> = {
  F32: values,
  F16: Float32Array.of(1, -2, 0.5, -0, 96, 1),
  BF16: Float32Array.of(1, -2, 0.5, -0, 96, 1),
};

for (const [dtype, bits] of [["F32", 32], ["F16", 16], ["BF16", 16]] as const) {
  const matrix = floatMatrix(dtype, encodeFloats(values, dtype), 3, 2);

  Deno.test(`FloatMatrix decodes ${dtype}, all rows and some`, () => {
    assertEquals(decodeMatrix(matrix), rounded[dtype]);
    const whole = new Float32Array(6).fill(7);
    matrix.decode(1, whole.subarray(1, 5));
    assertEquals(whole, Float32Array.of(7, ...rounded[dtype].subarray(2), 7));
  });

  Deno.test(`FloatMatrix takes ${bits} bits for a weight of ${dtype}`, () => {
    assertEquals([matrix.byteLength, bitsPerWeight(matrix)], [6 * bits / 8, bits]);
  });

  Deno.test(`FloatMatrix.takeRows() keeps ${dtype} and copies rows in any order`, () => {
    const taken = matrix.takeRows([2, 0, 2]);
    const [a, , c] = [0, 1, 2].map((row) => [...rounded[dtype].subarray(2 * row, 2 * row + 2)]);
    assertEquals([taken.dtype, taken.rows, taken.columns], [dtype, 3, 2]);
    assertEquals(decodeMatrix(taken), Float32Array.from([...c, ...a, ...c]));
    assert(taken.data.buffer !== matrix.data.buffer);
  });
}

Deno.test("floatMatrix() copies nothing, and neither does encodeFloats() to F32", () => {
  const data = encodeFloats(values, "F32");
  assertStrictEquals(data, values);
  assertStrictEquals(floatMatrix("F32", data, 3, 2).data, values);
});

Deno.test("FloatMatrix.takeRows() refuses rows that are not there", () => {
  const message = "Cannot read rows of a matrix: they must lie in 0..2, got [3,3]";
  const matrix = floatMatrix("F32", values, 3, 2);
  assertThrows(() => matrix.takeRows(Int32Array.of(0, 3)), InputError, message);
});

Deno.test("FloatMatrix.decode() refuses more rows than there are", () => {
  const message = "Cannot read rows of a matrix: they must lie in 0..2, got [2,3]";
  const matrix = floatMatrix("F32", values, 3, 2);
  assertThrows(() => matrix.decode(2, new Float32Array(4)), InputError, message);
});

Deno.test("floatMatrix() refuses another array than the type's and another shape", () => {
  assertThrows(
    () => floatMatrix("BF16", new Float16Array(6) as never, 3, 2, "key of layer 0"),
    InputError,
    'Cannot store key of layer 0: BF16 takes a Uint16Array, got "Float16Array"',
  );
  assertThrows(
    () => floatMatrix("F32", values, 2, 2, "key of layer 0"),
    InputError,
    "Cannot store key of layer 0: it must hold 2 x 2 values, got 6",
  );
});

Deno.test("FloatMatrix.free() gives its memory back", () => {
  const matrix = floatMatrix("F16", new Float16Array(4), 2, 2);
  matrix.free();
  assertEquals(matrix.byteLength, 0);
});
