import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { integerType, powerType, sameScale, typedMatrix } from "../../lib/format/mod.ts";
import { roundHalfEven } from "../../lib/quant/rounding.ts";

const widths = [2, 3, 4, 5, 6, 7, 8];
const exponents = [0.01, 0.2, 0.33, 0.5, 0.65, 0.95, 1];

/** The definition: the rounded power of a magnitude. */
function codeOf(value: number, bits: number, exponent: number): number {
  const most = 2 ** (bits - 1) - 1;
  const size = Math.min(roundHalfEven(most * Math.abs(value) ** exponent), most);
  return 2 ** (bits - 1) + (value < 0 ? -size : size);
}

/** A float32 and its neighbours. */
function around(value: number): Float32Array {
  const near = new Float32Array(7).fill(value);
  const patterns = new Int32Array(near.buffer);
  for (let i = 0; i < 7; i++) patterns[i] = Math.max(0, patterns[i] + i - 3);
  return near;
}

Deno.test("powerType() has the inverse power of every code, and gives every value its code", () => {
  for (const bits of widths) {
    for (const exponent of exponents) {
      const { values, encode, max } = powerType(bits, exponent);
      const [offset, most] = [2 ** (bits - 1), 2 ** (bits - 1) - 1];
      assertEquals([values.length, values.at(-1), max], [2 ** bits, 1, 1]);
      for (let code = 1; code < 2 ** bits; code++) {
        const size = Math.abs(code - offset) / most;
        assertEquals(values[code], Math.fround(Math.sign(code - offset) * size ** (1 / exponent)));
        const isLost = size > 0 && values[code] === 0; // of an exponent for which float32 is too narrow
        if (!isLost && size ** (1 / exponent) > 2 ** -126) {
          assertEquals(encode(values[code]), code, `${bits} bits, ${exponent}`);
        }
      }
    }
  }
});

Deno.test("powerType() rounds powers, wherever the magnitude lies and next to every limit", () => {
  for (const bits of widths) {
    for (const exponent of exponents) {
      const { encode } = powerType(bits, exponent);
      const most = 2 ** (bits - 1) - 1;
      const limits = Array.from({ length: most }, (_, k) => ((k + 0.5) / most) ** (1 / exponent));
      const spread = Array.from({ length: 3000 }, (_, i) => Math.fround(i / 2000));
      for (const value of [...limits.flatMap((limit) => [...around(limit)]), ...spread]) {
        const code = codeOf(value, bits, exponent);
        assert(encode(value) === code, `${value} by ${bits} bits, ${exponent}`);
        if (value > 0) assert(encode(-value) === codeOf(-value, bits, exponent), `${-value}`);
      }
    }
  }
});

Deno.test("powerType() of exponent 1 rounds as integers do", () => {
  const [powers, integers] = [powerType(8, 1), integerType(8)];
  for (let i = -400; i <= 400; i++) {
    const value = Math.fround(i / 256);
    assertEquals(powers.encode(value), integers.encode(127 * value));
  }
});

Deno.test("powerType() is stored in a byte of its matrix, and refuses other settings", () => {
  const store = (exponent: number) =>
    typedMatrix({
      ...{ rows: 2, columns: 4, codes: new Uint8Array(8).fill(8), groupSize: 4 },
      ...{ scales: sameScale(1, 2), types: [powerType(4, exponent)] },
    });
  assertEquals(store(0.5).byteLength, 4 + 4 + 1);
  assertEquals(store(0.5).form, "INT4 of powers 0.5 in whole rows");
  const refuses = (bits: number, exponent: number, rule: string) =>
    assertThrows(
      () => powerType(bits, exponent),
      InputError,
      `Cannot make a format of powers: ${rule}`,
    );
  refuses(9, 0.5, "bits must be an integer in 2..8, got 9");
  for (const exponent of [0, 1.01, 0.005, -1, NaN]) {
    refuses(4, exponent, `exponent must be 0.01, 0.02, .. or 1, got ${exponent}`);
  }
});
