import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { dequantizeAbsmax, quantizeAbsmax } from "../../lib/quant/mod.ts";
import { absmaxStep } from "../../lib/quant/absmax.ts";
import { assertSameNumbers, goldenTensors, matrix } from "./support.ts";

const { floats, integers } = goldenTensors("smoothquant", "rivals");

for (const id of ["layernorm.alpha0.5.w8a8", "rmsnorm.alpha0.85.w8a8"]) {
  Deno.test(`quantizeAbsmax() gives the codes and steps of SmoothQuant's code: ${id}`, () => {
    for (const kind of ["activation", "weight"]) {
      const { codes, scale } = quantizeAbsmax(floats(`${id}.${kind}`), 128, 8);
      assertSameNumbers(codes, integers(`${id}.${kind}_codes`), kind);
      assertSameNumbers(scale, floats(`${id}.${kind}_scale`), kind);
    }
  });
}

Deno.test("quantizeAbsmax() rounds each row half to even, and rows below 1e-5 as if they reached it", () => {
  const x = Float32Array.of(127, 2.5, -3.5, -254, 5, 1, 0, 1e-6, -1e-6);
  const { codes, scale } = quantizeAbsmax(x, 3, 8);
  assertEquals([...codes], [127, 2, -4, -127, 2, 0, 0, 13, -13]);
  assertEquals([...scale], [1, 2, absmaxStep(0, 8)]);
  assertEquals(absmaxStep(0, 8), Math.fround(Math.fround(1e-5) / 127));
});

Deno.test("quantizeAbsmax() divides by the step: the product with its inverse may be another code", () => {
  const x = Float32Array.of(0.9, 0.024803149);
  const { codes, scale: [step] } = quantizeAbsmax(x, 2, 8);
  assertEquals(codes[1], 3);
  assertEquals(Math.round(Math.fround(x[1] * Math.fround(1 / step))), 4);
});

Deno.test("dequantizeAbsmax() is within half a step, and each row keeps its largest magnitude", () => {
  fc.assert(fc.property(matrix(4), fc.integer({ min: 2, max: 8 }), (x, bits) => {
    const quantized = quantizeAbsmax(x, 4, bits);
    const values = dequantizeAbsmax(quantized);
    const most = 2 ** (bits - 1) - 1;
    quantized.scale.forEach((step, row) => {
      const places = [0, 1, 2, 3].map((column) => 4 * row + column);
      for (const i of places) assert(Math.abs(values[i] - x[i]) <= 0.5001 * step);
      const codes = places.map((i) => Math.abs(quantized.codes[i]));
      const largest = Math.max(...places.map((i) => Math.abs(x[i])));
      if (largest > 1e-5) assertEquals(Math.max(...codes), most);
    });
  }));
});

Deno.test("quantizeAbsmax() refuses nothing, rows that do not end, NaN and 9 bits", () => {
  const quantize = (values: number[], columns: number, bits: number) => () =>
    quantizeAbsmax(Float32Array.from(values), columns, bits, "mlp.input");
  const refuses = (work: () => unknown, rule: string) =>
    assertThrows(work, InputError, `Cannot quantize mlp.input: ${rule}`);
  refuses(quantize([], 2, 8), "it must hold at least one element, got 0");
  refuses(quantize([1, 2, 3], 2, 8), "its length must be a multiple of 2 channels x 1 element");
  refuses(quantize([1, NaN], 2, 8), "element 1 must be finite, got NaN");
  refuses(quantize([1, 2], 2, 9), "bits must be an integer in 2..8, got 9");
});
