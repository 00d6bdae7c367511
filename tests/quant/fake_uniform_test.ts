import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { dequantizeUniform, fakeQuantizeUniform, quantizeUniform } from "../../lib/quant/mod.ts";
import { anyParams, assertSameNumbers, matrix } from "./support.ts";

for (const [channels, inner] of [[1, 1], [6, 1], [3, 2]]) {
  Deno.test(`fakeQuantizeUniform() is the two steps at once, ${channels} channels x ${inner}`, () => {
    fc.assert(fc.property(matrix(6), anyParams(channels, inner), (x, params) => {
      const { codes } = quantizeUniform(x, params);
      assertSameNumbers(
        fakeQuantizeUniform(x, params),
        dequantizeUniform(codes, params),
        "fake quantized",
      );
    }));
  });
}

Deno.test("fakeQuantizeUniform() is the two steps at once on ties and extreme values", () => {
  const halves = Array.from({ length: 1200 }, (_, i) => i / 2 - 300);
  const near = halves.flatMap((value) => [value, value * (1 + 2 ** -23), value * (1 - 2 ** -23)]);
  const x = Float32Array.from([...near, 1e-45, -1e-38, 2 ** 30, -(2 ** 31), 3e38, -3e38]);
  for (const profile of ["paper", "released"] as const) {
    for (let zeroPoint = 0; zeroPoint < 256; zeroPoint += 5) {
      for (const scale of [1, 2 ** -23, 3]) {
        const params = {
          bits: 8,
          profile,
          codeMin: 0,
          codeMax: 255,
          scale: Float32Array.of(scale),
          zeroPoint: Int32Array.of(zeroPoint),
          inner: 1,
        };
        const { codes } = quantizeUniform(x, params);
        const expected = dequantizeUniform(codes, params);
        assertSameNumbers(fakeQuantizeUniform(x, params), expected, `${profile} ${zeroPoint}`);
      }
    }
  }
});

Deno.test("fakeQuantizeUniform() changes nothing the second time", () => {
  fc.assert(fc.property(matrix(3), fc.integer({ min: 2, max: 8 }), (x, bits) => {
    const { params } = quantizeUniform(x, { bits, channels: 3, granularity: "channel" });
    const once = fakeQuantizeUniform(x, params);
    assertSameNumbers(fakeQuantizeUniform(once, params), once, "twice quantized");
  }));
});

Deno.test("fakeQuantizeUniform() writes where it is told, also in place", () => {
  const x = Float32Array.of(-2.2, 0.4, 13);
  const { params } = quantizeUniform(x, { bits: 4, channels: 1, granularity: "tensor" });
  const expected = fakeQuantizeUniform(x, params);
  assertStrictEquals(fakeQuantizeUniform(x, params, x), x);
  assertEquals(x, expected);
});
