import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodePowers, encodePowers } from "../../lib/format/mod.ts";
import { rivalGoldens } from "../quant/rival_goldens.ts";

function rounded(value: number, count: number): number {
  const powers = new Uint8Array(count);
  encodePowers(value, powers);
  return decodePowers(powers);
}

Deno.test("encodePowers() takes the powers of ShiftAddLLM's code", () => {
  const { floats } = rivalGoldens("shiftadd");
  floats("apot.input").forEach((value, i) => {
    for (const count of [1, 2, 3]) {
      assertEquals(rounded(value, count), floats(`apot.nums${count}`)[i], `${value} by ${count}`);
    }
  });
});

Deno.test("encodePowers() has a sign and an exponent in each byte, and 0 for none", () => {
  const powers = new Uint8Array(3).fill(9);
  encodePowers(1.5, powers); // 2 - 0.5
  assertEquals(powers, Uint8Array.of(65, 0x80 | 63, 0));
  encodePowers(0, powers);
  assertEquals(powers, new Uint8Array(3));
});

Deno.test("decodePowers() comes nearer with every power, either sign", () => {
  fc.assert(fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (value) => {
    const errors = [1, 2, 3, 6].map((count) => Math.abs(rounded(value, count) - value));
    assertEquals(errors, errors.toSorted((a, b) => b - a));
    assert(errors[0] <= Math.max(0.42 * Math.abs(value), 2 ** -63));
    assertEquals(rounded(-value, 3), -rounded(value, 3) + 0);
  }));
  assertEquals(rounded(2 ** -70, 3), 0);
  assertEquals(rounded(2 ** 63, 1), 2 ** 63);
});
