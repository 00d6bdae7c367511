import { assertEquals } from "@std/assert";
import { floatScales, powerScales, sameScale } from "../../lib/format/mod.ts";

Deno.test("floatScales() holds numbers in their type", () => {
  const scales = floatScales(Float16Array.of(1, 2, 3, 4, 5.5, 6));
  assertEquals([scales.length, scales.byteLength], [6, 12]);
  assertEquals(scales.decode(1, 2, 2), Float32Array.of(3, 4, 5.5, 6));
  assertEquals(floatScales(Float32Array.of(0.1)).decode(0, 1, 1), Float32Array.of(0.1));
});

Deno.test("powerScales() holds a byte for each power of two, and a factor for each row", () => {
  const exponents = Int8Array.of(-127, 0, 3, -1, 127, 2);
  const powers = powerScales(exponents);
  assertEquals([powers.length, powers.byteLength], [6, 6]);
  assertEquals(powers.decode(0, 2, 2), Float32Array.of(2 ** -127, 1, 8, 0.5));
  const scaled = powerScales(exponents, Float32Array.of(1, 0.75, 3));
  assertEquals(scaled.byteLength, 6 + 12);
  assertEquals(scaled.decode(1, 1, 2), Float32Array.of(6, 0.375));
});

Deno.test("sameScale() holds one number for all", () => {
  const scales = sameScale(0.5, 6);
  assertEquals([scales.length, scales.byteLength], [6, 4]);
  assertEquals(scales.decode(1, 1, 2), Float32Array.of(0.5, 0.5));
});
