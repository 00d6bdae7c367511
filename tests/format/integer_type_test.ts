import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { integerType } from "../../lib/format/mod.ts";

Deno.test("integerType() rounds half to even, and never to the least code", () => {
  for (const bits of [2, 3, 8]) {
    const { values, max, encode } = integerType(bits);
    assertEquals([values.length, max], [2 ** bits, 2 ** (bits - 1) - 1]);
    values.forEach((value, code) => assertEquals(encode(value), Math.max(code, 1)));
  }
  const { values, encode } = integerType(4);
  const rounded = [0.5, 1.5, -2.5, 7.4, 100, -100].map((value) => values[encode(value)]);
  assertEquals(rounded, [0, 2, -2, 7, 7, -7]);
});

Deno.test("integerType() refuses 9 bits", () => {
  const rule = "Cannot make an integer format: bits must be an integer in 2..8, got 9";
  assertThrows(() => integerType(9), InputError, rule);
});
