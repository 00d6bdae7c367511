import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { dequantizeDynamicFixed, quantizeDynamicFixed } from "../../lib/quant/mod.ts";

Deno.test("quantizeDynamicFixed() gives back every one of its codes, whatever the exponent", () => {
  const all = Int16Array.from({ length: 2 ** 16 - 1 }, (_, i) => i - 2 ** 15 + 1);
  for (const exponent of [-126, -100, -14, 0, 3, 113]) {
    const x = Float32Array.from(all, (code) => code * 2 ** exponent);
    const quantized = quantizeDynamicFixed(x);
    assertEquals(quantized.exponent, exponent);
    assert(quantized.codes.every((code, i) => code === all[i]));
    assert(dequantizeDynamicFixed(quantized).every((value, i) => value === x[i]));
  }
});

Deno.test("quantizeDynamicFixed() rounds half to even, and saturates what rounds beyond 15 bits", () => {
  const halves = Float32Array.of(16384, 0.5, 1.5, 2.5, -0.5, -2.5, -3.51, 0.25);
  const { codes, exponent } = quantizeDynamicFixed(halves);
  assertEquals([...codes, exponent], [16384, 0, 2, 2, 0, -2, -4, 0, 0]);
  const top = quantizeDynamicFixed(Float32Array.of(32767.75, -32767.75, 32767.25));
  assertEquals([...top.codes, top.exponent], [32767, -32768, 32767, 0]);
  const far = quantizeDynamicFixed(Float32Array.of(1, 2 ** -14, 2 ** -15, 2 ** -16));
  assertEquals([...far.codes, far.exponent], [16384, 1, 0, 0, -14]);
});

Deno.test("quantizeDynamicFixed() keeps zeros and the smallest numbers, and refuses what is no number", () => {
  assertEquals(quantizeDynamicFixed(new Float32Array(2)), {
    codes: new Int16Array(2),
    exponent: -126,
  });
  const small = quantizeDynamicFixed(Float32Array.of(2 ** -126, 2 ** -149));
  assertEquals([...small.codes, small.exponent], [1, 0, -126]);
  const quantize = (...x: number[]) => () =>
    quantizeDynamicFixed(Float32Array.from(x), "mlp.input of layer 1");
  const refused = "Cannot quantize mlp.input of layer 1: ";
  assertThrows(
    quantize(1, Infinity),
    InputError,
    `${refused}element 1 must be finite, got Infinity`,
  );
  assertThrows(quantize(), InputError, `${refused}it must hold at least one element, got 0`);
});
