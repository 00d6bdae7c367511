import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decibels, noisePower } from "../../lib/quant/mod.ts";

Deno.test("noisePower() sums squares of the values and of what was added to them", () => {
  const power = noisePower(Float32Array.of(3, -4), Float32Array.of(2, -4));
  assertEquals(power, { signal: 25, noise: 1 });
  assertAlmostEquals(decibels(power), 10 * Math.log10(25));
});

Deno.test("decibels() without noise are infinite", () => {
  assertEquals(decibels({ signal: 1, noise: 0 }), Infinity);
});

Deno.test("noisePower() refuses tensors of different lengths", () => {
  assertThrows(
    () => noisePower(new Float32Array(2), new Float32Array(3)),
    InputError,
    "Cannot measure noise: the quantized tensor must have 2 elements, got 3",
  );
});
