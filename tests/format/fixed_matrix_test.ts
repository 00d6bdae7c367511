import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { bitsPerWeight, decodeMatrix, fixedMatrix } from "../../lib/format/mod.ts";

Deno.test("fixedMatrix() holds two bytes a weight, and one for the exponent", () => {
  const codes = Int16Array.of(1, -2, 3, 32767, -32768, 0);
  const matrix = fixedMatrix(codes, -3, 3, 2);
  assertEquals(decodeMatrix(matrix), Float32Array.from(codes, (code) => code / 8));
  const last = new Float32Array(2);
  matrix.decode(2, last);
  assertEquals(last, Float32Array.of(-4096, 0));
  assertEquals([matrix.byteLength, bitsPerWeight(matrix)], [13, 16 + 8 / 6]);
});

Deno.test("fixedMatrix() refuses exponents beyond a byte, and other shapes", () => {
  const codes = new Int16Array(4);
  const store = (exponent: number, rows: number) => () =>
    fixedMatrix(codes, exponent, rows, 2, "key");
  const rule = "Cannot store key: its exponent must be in -128..127, got 128";
  assertThrows(store(128, 2), InputError, rule);
  assertThrows(store(0, 3), InputError, "Cannot store key: it must hold 3 x 2 values, got 4");
});
