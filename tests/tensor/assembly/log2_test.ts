import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { fakeQuantizeLog2, type Profile } from "../../../lib/quant/mod.ts";
import { Simd } from "../../../lib/tensor/simd.ts";

const profiles: Profile[] = ["paper", "released"];
const allBits = [2, 3, 4, 5, 6, 7, 8];

/** Every exponent, subnormal ones included, with mantissas around those where log2 starts to round up. */
function criticalValues(): Float32Array {
  const mantissas = [0, 1, 0x3504f2, 0x3504f3, 0x3504f4, 0x3504f5, 0x7ffffe, 0x7fffff];
  const normal = Array.from({ length: 255 }, (_, exponent) => exponent << 23)
    .flatMap((exponent) => mantissas.map((mantissa) => exponent + mantissa));
  const subnormal = Array.from({ length: 23 }, (_, bit) => 1 << bit)
    .flatMap((power) =>
      [-1, 0, 1].flatMap((step) => [power, power * Math.SQRT2].map((x) => x + step))
    );
  return new Float32Array(Uint32Array.from([...normal, ...subnormal]).buffer);
}

function levels(simd: Simd, x: Float32Array, profile: Profile, bits: number, maximum: number) {
  const [target, source] = simd.reserve(x.length, x.length);
  simd.write(source, x);
  const [lowest, zeroBelow] = profile === "paper"
    ? [2 ** (1 - 2 ** (bits - 1)), 0]
    : [0, 2 ** (1 - 2 ** bits)];
  simd.kernels.roundToPowers(x.length, target, source, maximum, lowest, zeroBelow);
  return simd.view(target, x.length).slice();
}

for (const file of ["kernels_relaxed.wasm", "kernels_simd.wasm"]) {
  const simd = await Simd.load([file]);

  Deno.test(`roundToPowers() is fakeQuantizeLog2() on all exponents: ${file}`, () => {
    const positive = criticalValues();
    const signed = Float32Array.from([...positive, ...positive.map((value) => -value)]);
    for (const bits of allBits) {
      for (const profile of profiles) {
        const expected = fakeQuantizeLog2(positive, { bits, profile, maximum: 1 });
        assertEquals(levels(simd, positive, profile, bits, 1), expected);
      }
      const expected = fakeQuantizeLog2(signed, { bits, profile: "paper", maximum: 1 });
      assertEquals(levels(simd, signed, "paper", bits, 1), expected);
    }
  });

  Deno.test(`roundToPowers() is fakeQuantizeLog2() for any maximum: ${file}`, () => {
    const floats = fc.float32Array({
      noNaN: true,
      noDefaultInfinity: true,
      minLength: 1,
      maxLength: 40,
    });
    const maxima = fc.float({ min: Math.fround(1e-30), max: Math.fround(1e30), noNaN: true });
    fc.assert(
      fc.property(floats, maxima, fc.constantFrom(...allBits), (x, maximum, bits) => {
        const expected = fakeQuantizeLog2(x, { bits, profile: "paper", maximum });
        assertEquals(levels(simd, x, "paper", bits, maximum), expected);
      }),
      { seed: 3, numRuns: 500 },
    );
  });
}
