import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { foldTrip, quantizeUniform, searchTrip } from "../../lib/quant/mod.ts";
import { matrix } from "./support.ts";

const channels = 4;
const options = { channels, bits: 8, K: 3 };

Deno.test("foldTrip() multiplies column c by 2^alpha[c]", () => {
  const params = { ...searchTrip(new Float32Array(4), options), alpha: Uint8Array.of(0, 1, 2, 3) };
  assertEquals(
    foldTrip(Float32Array.of(1, 1, 1, 1, -3, 0.5, 0.1, 0), params),
    Float32Array.of(1, 2, 4, 8, -3, 1, Math.fround(0.4), 0),
  );
});

Deno.test("foldTrip() is the shift of integer products", () => {
  const integers = fc.int16Array({ minLength: channels, maxLength: channels });
  fc.assert(fc.property(matrix(channels), integers, (x, weight) => {
    const params = searchTrip(x, options);
    const { codes } = quantizeUniform(x, params);
    const folded = foldTrip(Float32Array.from(weight), params);
    for (let row = 0; row < codes.length; row += channels) {
      let shifted = 0n;
      let product = 0n;
      for (let c = 0; c < channels; c++) {
        const steps = BigInt(codes[row + c] - params.zeroPoint[c]);
        shifted += (steps << BigInt(params.alpha[c])) * BigInt(weight[c]);
        product += steps * BigInt(folded[c]);
      }
      assertEquals(product, shifted);
    }
  }));
});

Deno.test("foldTrip() leaves the real product as it was, with one scale for all channels", () => {
  fc.assert(fc.property(matrix(channels), matrix(channels), (x, weight) => {
    const params = searchTrip(x, options);
    const { codes } = quantizeUniform(x, params);
    const folded = foldTrip(weight, params);
    for (let i = 0; i < weight.length; i++) {
      const c = i % channels;
      const steps = codes[c] - params.zeroPoint[c];
      // float64 holds these products exactly: 8 + 24 + 24 bits less the shared powers of two
      assertEquals(
        params.finestScale * steps * folded[i],
        params.scale[c] * steps * weight[i],
      );
    }
  }));
});

Deno.test("foldTrip() refuses a product beyond float32", () => {
  const params = searchTrip(Float32Array.of(1, 1), { channels: 1, bits: 8, K: 3 });
  assertEquals(params.alpha, Uint8Array.of(3));
  assertThrows(
    () => foldTrip(Float32Array.of(1, 3e38), params),
    InputError,
    "Cannot quantize the folded weight: element 1 must be finite, got Infinity",
  );
});

Deno.test("foldTrip() refuses a weight of other columns", () => {
  assertThrows(
    () => foldTrip(new Float32Array(6), searchTrip(new Float32Array(4), options)),
    InputError,
    "Cannot quantize weight: its length must be a multiple of 4 channels x 1 element, got 6",
  );
});
