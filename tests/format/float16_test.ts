import { assertEquals } from "@std/assert";
import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
} from "../../lib/format/float16.ts";

const everyPattern = Uint16Array.from({ length: 1 << 16 }, (_, pattern) => pattern);

/** The value of a pattern by the definition of the format. */
function valueOf(pattern: number, exponentBits: number, fractionBits: number): number {
  const sign = pattern >>> 15 ? -1 : 1;
  const largest = 2 ** exponentBits - 1;
  const exponent = (pattern & 0x7fff) >>> fractionBits;
  const fraction = (pattern & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === largest) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

const float16Value = (pattern: number) => valueOf(pattern, 5, 10);
const bfloat16Value = (pattern: number) => valueOf(pattern, 8, 7);
const float16Patterns = (values: Float32Array) => new Uint16Array(encodeFloat16(values).buffer);

/** How a format rounds. */
interface Format {
  value: (pattern: number) => number;
  encode: (values: Float32Array) => Uint16Array;
  infinity: number;
  firstOverflow: number;
}

const formats: Record<string, Format> = {
  encodeFloat16: {
    value: float16Value,
    encode: float16Patterns,
    infinity: 0x7c00,
    firstOverflow: 2 ** 16,
  },
  encodeBfloat16: {
    value: bfloat16Value,
    encode: encodeBfloat16,
    infinity: 0x7f80,
    firstOverflow: 2 ** 128,
  },
};

/** The float32 next to a positive one, towards infinity (+1) or zero (-1). */
function neighbour(value: number, step: 1 | -1): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0] += step;
  return new Float32Array(bits.buffer)[0];
}

/** Every value the same, -0 and NaN included. */
function assertSameFloats(found: Float32Array, expected: Float32Array): void {
  assertEquals(found.length, expected.length);
  assertEquals(everyPattern.filter((i) => !Object.is(found[i], expected[i])), new Uint16Array());
}

Deno.test("decodeFloat16() gives the value of all 65,536 patterns", () => {
  const decoded = decodeFloat16(new Float16Array(everyPattern.buffer));
  assertSameFloats(decoded, Float32Array.from(everyPattern, float16Value));
});

Deno.test("decodeBfloat16() gives the value of all 65,536 patterns", () => {
  const decoded = decodeBfloat16(everyPattern);
  assertSameFloats(decoded, Float32Array.from(everyPattern, bfloat16Value));
});

Deno.test("decodeBfloat16() keeps the bits of NaN", () => {
  const bits = new Uint32Array(decodeBfloat16(everyPattern).buffer);
  assertEquals(bits, Uint32Array.from(everyPattern, (pattern) => pattern * 2 ** 16));
});

for (const [name, { value, encode, infinity, firstOverflow }] of Object.entries(formats)) {
  const finite = everyPattern.subarray(0, infinity);
  const signed = (pattern: number) => pattern + 0x8000;

  Deno.test(`${name}() takes every value back to its pattern`, () => {
    const patterns = everyPattern.filter((pattern) => !Number.isNaN(value(pattern)));
    assertEquals(encode(Float32Array.from(patterns, value)), patterns);
  });

  Deno.test(`${name}() keeps NaN a NaN`, () => {
    const nans = everyPattern.filter((pattern) => Number.isNaN(value(pattern)));
    const encoded = encode(decodeBfloat16(Uint16Array.of(0x7f81, 0x7fc0, 0xffff, 0xff80 + 1)));
    assertEquals(encoded.every((pattern) => nans.includes(pattern)), true);
  });

  Deno.test(`${name}() rounds every tie to even and its neighbours to the nearest`, () => {
    const above = (pattern: number) =>
      pattern + 1 === infinity ? firstOverflow : value(pattern + 1);
    const ties = Float32Array.from(finite, (pattern) => (value(pattern) + above(pattern)) / 2);
    assertEquals(encode(ties), finite.map((pattern) => pattern + (pattern & 1)));
    assertEquals(encode(ties.map((tie) => neighbour(tie, -1))), finite);
    assertEquals(
      encode(ties.map((tie) => neighbour(tie, 1))),
      finite.map((pattern) => pattern + 1),
    );
    assertEquals(encode(ties.map((tie) => -tie)), finite.map((p) => signed(p + (p & 1))));
  });
}

Deno.test("encodeBfloat16() does not let the fraction of a NaN carry into infinity or zero", () => {
  const bits = Uint32Array.of(0x7fffffff, 0xffffffff, 0x7f800001, 0xff800001);
  const encoded = encodeBfloat16(new Float32Array(bits.buffer));
  assertEquals(encoded, Uint16Array.of(0x7fc0, 0xffc0, 0x7fc0, 0xffc0));
});
