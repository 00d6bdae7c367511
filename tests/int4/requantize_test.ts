import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { fixedPointScale, requantizeInt4 } from "../../lib/int4/mod.ts";

/** The integer nearest to numerator / denominator, ties to even, by way of its absolute value. */
function roundRatio(numerator: bigint, denominator: bigint): bigint {
  if (numerator < 0n) return -roundRatio(-numerator, denominator);
  const [quotient, rest] = [numerator / denominator, numerator % denominator];
  const toNext = denominator - rest;
  const nearer = rest < toNext ? quotient : quotient + 1n;
  return rest === toNext ? 2n * ((quotient + 1n) / 2n) : nearer;
}

function clip(code: bigint): number {
  return code < 0n ? 0 : code > 15n ? 15 : Number(code);
}

const zeroPoint = fc.integer({ min: 0, max: 15 });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

Deno.test("requantizeInt4() equals exact rational arithmetic", () => {
  const multiplier = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  const shift = fc.integer({ min: 0, max: 62 });
  fc.assert(fc.property(int32, multiplier, shift, zeroPoint, (sum, multiplier, shift, zero) => {
    const exact = roundRatio(BigInt(sum) * BigInt(multiplier), 2n ** BigInt(shift));
    const codes = requantizeInt4(Int32Array.of(sum), { multiplier, shift }, zero);
    assertEquals([...codes], [clip(exact + BigInt(zero))]);
  }));
});

Deno.test("requantizeInt4() equals exact rational arithmetic where nothing is clipped", () => {
  const example = fc.record({
    scale: fc.double({ min: 2 ** -27, max: 1, noNaN: true }).map(fixedPointScale),
    target: fc.double({ min: -8, max: 7, noNaN: true }),
  });
  fc.assert(fc.property(example, ({ scale, target }) => {
    const sum = Math.trunc(target * 2 ** scale.shift / scale.multiplier);
    const exact = roundRatio(BigInt(sum) * BigInt(scale.multiplier), 2n ** BigInt(scale.shift));
    const [code] = requantizeInt4(Int32Array.of(sum), scale, 8);
    assertEquals(BigInt(code), exact + 8n);
  }));
});

Deno.test("requantizeInt4() rounds ties to even and clips", () => {
  const sums = Int32Array.of(-19, -18, -15, -7, -5, -3, -1, 0, 1, 3, 5, 7, 13, 15, 16);
  const codes = Uint8Array.of(0, 0, 0, 4, 6, 6, 8, 8, 8, 10, 10, 12, 14, 15, 15);
  assertEquals(requantizeInt4(sums, fixedPointScale(0.5), 8), codes);
  assertEquals(requantizeInt4(sums, { multiplier: 1, shift: 1 }, 8), codes);
});

Deno.test("requantizeInt4() keeps the extremes of 32 bits", () => {
  const extremes = Int32Array.of(-(2 ** 31), 2 ** 31 - 1);
  const one = { multiplier: 2 ** 31 - 1, shift: 62 }; // sums of +-2^31 become +-1
  assertEquals(requantizeInt4(extremes, one, 8), Uint8Array.of(7, 9));
  assertEquals(requantizeInt4(extremes, { multiplier: 1, shift: 0 }, 8), Uint8Array.of(0, 15));
});

Deno.test("fixedPointScale() is the nearest that 31 bits hold", () => {
  const scale = fc.double({ min: 2 ** -32, max: 2 ** 30, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(scale, (scale) => {
    const { multiplier, shift } = fixedPointScale(scale);
    assert(Number.isInteger(multiplier) && multiplier >= 2 ** 30 && multiplier < 2 ** 31);
    assert(Number.isInteger(shift) && shift >= 0 && shift <= 62);
    assert(Math.abs(multiplier - scale * 2 ** shift) <= 0.5);
  }));
});

Deno.test("fixedPointScale() is exact for powers of two and carries when rounding up", () => {
  for (let exponent = -32; exponent < 30; exponent++) {
    assertEquals(fixedPointScale(2 ** exponent), { multiplier: 2 ** 30, shift: 30 - exponent });
    const below = 2 ** (exponent + 1) * (1 - 2 ** -53);
    assertEquals(fixedPointScale(below), { multiplier: 2 ** 30, shift: 29 - exponent });
  }
});

Deno.test("fixedPointScale() rounds ties to even", () => {
  const shift = 31; // 2^30 + 1/2 and 2^30 + 3/2
  assertEquals(fixedPointScale((2 ** 30 + 0.5) / 2 ** shift), { multiplier: 2 ** 30, shift });
  assertEquals(fixedPointScale((2 ** 30 + 1.5) / 2 ** shift), { multiplier: 2 ** 30 + 2, shift });
});

Deno.test("fixedPointScale() refuses scales that it cannot hold", () => {
  for (const scale of [0, -1, 2 ** -33, 2 ** 30, Infinity, NaN]) {
    assertThrows(
      () => fixedPointScale(scale),
      InputError,
      `Cannot write a scale in fixed point: scale must be 2^-32 to below 2^30, got ${scale}`,
    );
  }
});

Deno.test("requantizeInt4() refuses zero points, multipliers and shifts out of range", () => {
  for (
    const [scale, zero, message] of [
      [{ multiplier: 1, shift: 1 }, 16, "zeroPoint must be an integer in 0..15, got 16"],
      [{ multiplier: 0, shift: 1 }, 0, "multiplier must be an integer in 1..2147483647, got 0"],
      [
        { multiplier: 2 ** 31, shift: 1 },
        0,
        "multiplier must be an integer in 1..2147483647, got 2147483648",
      ],
      [{ multiplier: 1, shift: 63 }, 0, "shift must be an integer in 0..62, got 63"],
      [{ multiplier: 1, shift: 0.5 }, 0, "shift must be an integer in 0..62, got 0.5"],
    ] as const
  ) {
    assertThrows(
      () => requantizeInt4(Int32Array.of(1), scale, zero),
      InputError,
      `Cannot requantize to INT4: ${message}`,
    );
  }
});
