import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { dequantizeLog2, fakeQuantizeLog2, quantizeLog2 } from "../../lib/quant/mod.ts";
import { assertSameNumbers, matrix } from "./support.ts";

const profiles = ["paper", "released"] as const;

/** Bit patterns near every place where the rounded logarithm of a float32 in 0..2 can change. */
function criticalPatterns(): Uint32Array {
  const mantissas = [0, 1, 0x3504f2, 0x3504f3, 0x3504f4, 0x3504f5, 0x7ffffe, 0x7fffff];
  const normal = Array.from({ length: 128 }, (_, exponent) => exponent << 23)
    .flatMap((exponent) => mantissas.map((mantissa) => exponent + mantissa));
  const subnormal = Array.from({ length: 23 }, (_, bit) => 1 << bit)
    .flatMap((power) => [power - 1, power, power + 1, Math.floor(power * Math.SQRT2)]);
  return Uint32Array.from([...normal, ...subnormal, 0x80000000]);
}

for (const profile of profiles) {
  for (const bits of [2, 4, 7, 8]) {
    Deno.test(`fakeQuantizeLog2() is the two steps at once, ${profile}, ${bits} bits`, () => {
      const x = new Float32Array(criticalPatterns().buffer);
      const { codes, params } = quantizeLog2(x, { bits, profile });
      assertSameNumbers(
        fakeQuantizeLog2(x, { bits, profile }),
        dequantizeLog2(codes, params),
        "fake quantized",
      );
    });
  }
}

Deno.test("fakeQuantizeLog2() rounds every mantissa as a logarithm does", () => {
  const bits = Uint32Array.from({ length: 1 << 17 }, (_, i) => 0x3c800000 + i * 64 + i % 64);
  const x = new Float32Array(bits.buffer);
  const expected = x.map((value) => 2 ** Math.round(Math.log2(value)));
  assertSameNumbers(fakeQuantizeLog2(x, { bits: 4, profile: "released" }), expected, "level");
});

Deno.test("fakeQuantizeLog2() of profile paper is the two steps at once on signed input", () => {
  fc.assert(fc.property(matrix(3), fc.integer({ min: 2, max: 8 }), (x, bits) => {
    const { codes, params } = quantizeLog2(x, { bits });
    assertSameNumbers(
      fakeQuantizeLog2(x, { bits }),
      dequantizeLog2(codes, params),
      "fake quantized",
    );
  }));
});

Deno.test("fakeQuantizeLog2() of profile released takes values above one for one", () => {
  const x = Float32Array.of(1.2, 100, 3.4e38);
  assertEquals(fakeQuantizeLog2(x, { bits: 4, profile: "released" }), Float32Array.of(1, 1, 1));
});

for (const profile of profiles) {
  Deno.test(`fakeQuantizeLog2() of profile ${profile} works in place`, () => {
    const x = Float32Array.of(0.3, 1, 0, 1e-3, 1e-7);
    const expected = fakeQuantizeLog2(x, { bits: 4, profile });
    assertStrictEquals(fakeQuantizeLog2(x, { bits: 4, profile }, x), x);
    assertEquals(x, expected);
  });
}
