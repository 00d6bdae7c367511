import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { uniformGrid } from "../../lib/quant/mod.ts";

/** The range of a tensor with one channel. */
const range = (min: number, max: number) => ({
  min: Float32Array.of(min),
  max: Float32Array.of(max),
  inner: 1,
});

/** [scale, zero point, lowest code, highest code] */
function summary(...args: Parameters<typeof uniformGrid>) {
  const { scale, zeroPoint, codeMin, codeMax } = uniformGrid(...args);
  return [scale[0], zeroPoint[0], codeMin, codeMax];
}

Deno.test("uniformGrid() of profile paper is affine, signed or not", () => {
  assertEquals(summary(range(-2, 13), { bits: 4 }), [1, 2, 0, 15]);
  assertEquals(summary(range(-2, 13), { bits: 4, signed: true }), [1, -6, -8, 7]);
});

Deno.test("uniformGrid() of profile paper extends the range to zero, released does not", () => {
  assertEquals(summary(range(10, 30), { bits: 4, profile: "paper" }), [2, 0, 0, 15]);
  assertEquals(summary(range(-30, -10), { bits: 4, profile: "paper" }), [2, 15, 0, 15]);
  assertEquals(summary(range(15, 30), { bits: 4, profile: "released" }), [1, 0, 0, 15]);
});

Deno.test("uniformGrid() of profile released is symmetric when signed", () => {
  assertEquals(
    summary(range(-15, 3), { bits: 4, profile: "released", signed: true }),
    [2, 0, -8, 7],
  );
});

Deno.test("uniformGrid() never lets the scale sink below 2^-23", () => {
  for (const profile of ["paper", "released"] as const) {
    for (const signed of [false, true]) {
      for (const max of [0, 1e-45, 2 ** -17]) {
        assertEquals(summary(range(0, max), { bits: 8, profile, signed })[0], 2 ** -23, `${max}`);
      }
      assert(summary(range(0, 2 ** -14), { bits: 8, profile, signed })[0] > 2 ** -23);
    }
  }
});

Deno.test("uniformGrid() refuses a range whose grid is wider than float32 reaches, by name", () => {
  const wide = range(-(2 ** 127), 2 ** 127);
  const options = { bits: 4, signed: true, name: "attn.v of layer 1" };
  assertThrows(
    () => uniformGrid(wide, options),
    InputError,
    "Cannot quantize attn.v of layer 1: the width of its range must fit float32, got [-1.7",
  );
  assertEquals(
    summary(wide, { ...options, profile: "released" }),
    [Math.fround(2 ** 127 / 7.5), 0, -8, 7],
  );
  const greatest = (2 - 2 ** -23) * 2 ** 127; // the grid's lowest value would lie below -greatest
  assertThrows(
    () => uniformGrid(range(-greatest, 0), { ...options, profile: "released" }),
    InputError,
    "Cannot quantize attn.v of layer 1",
  );
});

for (const bits of [1, 9, 4.5, NaN]) {
  Deno.test(`uniformGrid() refuses ${bits} bits`, () => {
    assertThrows(
      () => uniformGrid(range(0, 1), { bits }),
      InputError,
      `Cannot quantize tensor: bits must be an integer in 2..8, got ${bits}`,
    );
  });
}
