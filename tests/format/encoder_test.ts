import { assertEquals } from "@std/assert";
import { encoderOf } from "../../lib/format/encoder.ts";
import {
  floatSpecials,
  floatType,
  integerType,
  listedType,
  type NumberType,
  powerType,
} from "../../lib/format/mod.ts";
import { InputError, seededRandom } from "../../lib/core/mod.ts";

const widths = [2, 3, 4, 5, 6, 7, 8];

/** Every float of 4 to 8 bits that there is. */
function floatTypes(): NumberType[] {
  const types: NumberType[] = [];
  for (const bits of widths.slice(2)) {
    for (let exponentBits = 1; exponentBits < bits; exponentBits++) {
      for (const specials of floatSpecials) {
        try {
          types.push(floatType({ bits, exponentBits, specials }));
        } catch (error) {
          if (!(error instanceof InputError)) throw error; // it has no room for them
        }
      }
    }
  }
  return types;
}

/** Ascending, some of them less than a bfloat16 apart. */
const close = listedType("close", [-1, 0, 1, 1 + 2 ** -10, 1 + 2 ** -9, 1 + 2 ** -8, 2, 3]);

const types: Record<string, NumberType[]> = {
  floats: floatTypes(),
  integers: widths.map(integerType),
  powers: [2, 5, 8].flatMap((bits) =>
    [0.01, 0.2, 0.5, 0.95, 1].map((each) => powerType(bits, each))
  ),
  lists: [listedType("bipolar", [-3, -1, 1, 3]), close],
};

/** What falls together with each other number, next to where codes change, and anything else. */
function probes({ values }: NumberType): Float32Array {
  const random = seededRandom(7);
  const patterns: number[] = [];
  for (let upper = 0; upper < 2 ** 16; upper++) {
    const start = upper * 2 ** 16;
    patterns.push(start, start + 1, start + 0xfffe, start + 0xffff);
    patterns.push(start + Math.floor(random.uniform() * 2 ** 16));
  }
  const sorted = values.filter(Number.isFinite).sort();
  const middles = Float32Array.from(sorted.slice(1), (value, i) => (value + sorted[i]) / 2);
  for (const pattern of new Uint32Array(middles.buffer)) {
    for (let off = -3; off <= 3; off++) patterns.push(pattern + off >>> 0);
  }
  return new Float32Array(Uint32Array.from(patterns).buffer);
}

for (const [name, some] of Object.entries(types)) {
  Deno.test(`encoderOf() gives every number the code that encode() does: ${name}`, () => {
    for (const type of some) {
      const numbers = probes(type);
      const codes = new Uint8Array(numbers.length);
      encoderOf(type)(numbers, codes);
      const different = codes.findIndex((code, i) =>
        code !== Uint8Array.of(type.encode(numbers[i]))[0]
      );
      assertEquals(different, -1, `${type.name}: ${numbers[different]}`);
    }
  });
}

Deno.test("encoderOf() is made once for a type, and reads a part of a tensor", () => {
  const type = integerType(8);
  assertEquals(encoderOf(type), encoderOf(type));
  const codes = new Uint8Array(2);
  encoderOf(type)(Float32Array.of(9, 1, -2, 9).subarray(1, 3), codes);
  assertEquals([...codes], [129, 126]);
});
