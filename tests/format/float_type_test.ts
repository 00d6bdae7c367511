import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { type FloatFormat, floatType } from "../../lib/format/mod.ts";
import { goldenTensors } from "../quant/support.ts";

const { floats, integers } = goldenTensors("fp_formats", "rivals");

const known = {
  e4m3fn: { bits: 8, exponentBits: 4 },
  e5m2: { bits: 8, exponentBits: 5 },
  e2m3fn: { bits: 6, exponentBits: 2 },
  e3m2fn: { bits: 6, exponentBits: 3 },
  e2m1fn: { bits: 4, exponentBits: 2 },
};

/** Every split of 4 to 8 bits. */
const splits: FloatFormat[] = [4, 5, 6, 7, 8].flatMap((bits) =>
  Array.from({ length: bits - 1 }, (_, i) => ({ bits, exponentBits: i + 1 }))
);

for (const [name, format] of Object.entries(known)) {
  const { values, max, encode } = floatType(format);

  Deno.test(`floatType() has the values of ml_dtypes: ${name}`, () => {
    assert(values.every((value, code) => Object.is(value, floats(`${name}.encodings`)[code])));
  });

  Deno.test(`floatType() rounds as ml_dtypes, and saturating as microxcaling: ${name}`, () => {
    const input = floats(`${name}.round.input`);
    const codes = integers(`${name}.round.codes`);
    const saturated = floats(`${name}.round.saturating_even`);
    input.forEach((value, i) => {
      const what = `${value}, element ${i}`;
      assertEquals(encode(value, false), codes[i], what);
      assert(Object.is(values[codes[i]], floats(`${name}.round.values`)[i]), what);
      // microxcaling keeps infinities, and adds 0.5 in float32: half the least number, less one bit, goes up
      const isLeast = Math.abs(value) < values[1] / 2 && saturated[i] !== 0;
      if (Number.isFinite(value) && !isLeast) {
        assert(values[encode(value)] === saturated[i], what);
      }
    });
    assertEquals([Infinity, -Infinity].map((each) => values[encode(each)]), [max, -max]);
  });
}

Deno.test("floatType() rounds to E4M3 as PyTorch, which saturates", () => {
  const { encode } = floatType(known.e4m3fn);
  const input = floats("e4m3fn.round.input");
  const codes = integers("e4m3fn.round.torch_codes");
  input.forEach((value, i) => assertEquals(encode(value), codes[i], `${value}`));
});

for (const format of splits) {
  const { name, values, encode, max } = floatType(format);

  Deno.test(`floatType() is a sign, ascending magnitudes and the nearest of them: ${name}`, () => {
    const half = values.length / 2;
    const finite = [...values.subarray(0, half)].filter(Number.isFinite);
    assertEquals(finite.at(-1), max);
    finite.forEach((value, code) => {
      assertEquals([values[code + half], encode(value), encode(-value)], [
        -value,
        code,
        code + half,
      ]);
      if (code === 0) return;
      const [below, middle] = [finite[code - 1], (finite[code - 1] + value) / 2];
      assert(below < value);
      const even = code % 2 === 0 ? code : code - 1;
      assertEquals(encode(middle), even);
      assertEquals(encode(next(middle, 1)), code);
      assertEquals(encode(next(middle, -1)), code - 1);
      assertEquals(encode(-next(middle, 1)), code + half);
    });
    assertEquals(encode(1e30), finite.length - 1);
  });
}

Deno.test("floatType() takes any bias: values are those of the usual one times a power of two", () => {
  fc.assert(
    fc.property(fc.constantFrom(...splits), fc.integer({ min: -20, max: 20 }), (format, by) => {
      const usual = floatType({ ...format, specials: "finite" });
      const bias = 2 ** (format.exponentBits - 1) - 1 + by;
      const { values } = floatType({ ...format, specials: "finite", bias });
      assertEquals(values, usual.values.map((value) => value * 2 ** -by));
    }),
  );
});

Deno.test("floatType() keeps the greatest exponent for infinities and NaN, NaN alone or nothing", () => {
  const top = (
    specials: FloatFormat["specials"],
  ) => [...floatType({ bits: 6, exponentBits: 3, specials }).values.subarray(27, 32)];
  assertEquals(top("finite"), [14, 16, 20, 24, 28]);
  assertEquals(top("nan"), [14, 16, 20, 24, NaN]);
  assertEquals(top("ieee"), [14, Infinity, NaN, NaN, NaN]);
});

Deno.test("floatType() refuses formats without exponents, of other widths and without room", () => {
  const refuses = (format: FloatFormat, rule: string) =>
    assertThrows(
      () => floatType(format),
      InputError,
      `Cannot make a floating-point format: ${rule}`,
    );
  refuses({ bits: 9, exponentBits: 4 }, "bits must be an integer in 4..8, got 9");
  refuses({ bits: 4, exponentBits: 0 }, "exponentBits must be an integer in 1..3, got 0");
  refuses({ bits: 4, exponentBits: 4 }, "exponentBits must be an integer in 1..3, got 4");
  const room = 'E3M0 has no room for specials, got "nan"';
  refuses({ bits: 4, exponentBits: 3, specials: "nan" }, room);
  const bias = "bias must be an integer that leaves its values in float32, got 200";
  refuses({ bits: 8, exponentBits: 4, bias: 200 }, bias);
});

/** The next float32 of a positive one. */
function next(value: number, by: 1 | -1): number {
  const single = Float32Array.of(value);
  new Int32Array(single.buffer)[0] += by;
  return single[0];
}
