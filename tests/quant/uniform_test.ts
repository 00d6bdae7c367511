import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  dequantizeUniform,
  fakeQuantizeUniform,
  mergeRanges,
  observeRange,
  quantizeUniform,
  uniformGrid,
} from "../../lib/quant/mod.ts";
import golden from "../golden/quant/a_uniform.json" with { type: "json" };
import { assertSameNumbers, goldenTensors, matrix } from "./support.ts";

const tensors = goldenTensors("a_uniform");

/** The channel axis of the reference code: rows of weights, heads in 4-D, else the last axis. */
function layout(shape: number[], isWeight: boolean): { channels: number; inner: number } {
  if (isWeight) return { channels: shape[0], inner: shape[1] };
  if (shape.length === 4) return { channels: shape[1], inner: shape[2] * shape[3] };
  return { channels: shape.at(-1)!, inner: 1 };
}

Deno.test("quantizeUniform() equals the released code on every golden case", () => {
  assertEquals(golden.cases.length, 107);
  for (const { id, input, bits, signed, calibration_mode, module_type } of golden.cases) {
    const granularity = calibration_mode === "channel_wise" ? "channel" : "tensor";
    const axes = layout(tensors.shape(input[0]), module_type === "linear_weight");
    const range = input
      .map((name) => observeRange(tensors.floats(name), { ...axes, granularity }))
      .reduce(mergeRanges);
    const x = tensors.floats(input.at(-1)!);
    const { codes, params } = quantizeUniform(
      x,
      uniformGrid(range, { bits, profile: "released", signed }),
    );
    assertSameNumbers(params.scale, tensors.floats(`${id}.scale`), `${id} scale`);
    assertSameNumbers(params.zeroPoint, tensors.integers(`${id}.zero_point`), `${id} zero point`);
    assertSameNumbers(codes, tensors.integers(`${id}.codes`), `${id} codes`);
    const dequantized = tensors.floats(`${id}.dequant`);
    assertSameNumbers(dequantizeUniform(codes, params), dequantized, `${id} dequantized`);
    assertSameNumbers(fakeQuantizeUniform(x, params), dequantized, `${id} in one pass`);
  }
});

Deno.test("quantizeUniform() of profile paper adds the zero point after rounding", () => {
  const x = Float32Array.of(-3, 0.5, 1.5, 12); // scale 1, zero point 3
  const codes = (profile: "paper" | "released") =>
    quantizeUniform(x, { bits: 4, channels: 1, granularity: "tensor", profile }).codes;
  assertEquals(codes("paper"), Int32Array.of(0, 3, 5, 15));
  assertEquals(codes("released"), Int32Array.of(0, 4, 4, 15));
});

Deno.test("quantizeUniform() names a tensor whose range is wider than float32 reaches", () => {
  const x = Float32Array.of(-3e38, 3e38);
  const options = { bits: 8, channels: 1, granularity: "tensor", name: "keys" } as const;
  assertThrows(
    () => quantizeUniform(x, options),
    InputError,
    "Cannot quantize keys: the width of its range must fit float32, got [-3",
  );
});

Deno.test("quantizeUniform() clips what a static range does not cover", () => {
  const range = { min: Float32Array.of(-2), max: Float32Array.of(13), inner: 1 };
  const x = Float32Array.of(-1e30, -3, 14, 3e38);
  const { codes } = quantizeUniform(x, uniformGrid(range, { bits: 4 }));
  assertEquals(codes, Int32Array.of(0, 0, 15, 15));
});

Deno.test("quantizeUniform() refuses a value that is not finite", () => {
  const params = uniformGrid(
    { min: Float32Array.of(0), max: Float32Array.of(1), inner: 1 },
    { bits: 8 },
  );
  for (const quantize of [quantizeUniform, rename(fakeQuantizeUniform)]) {
    assertThrows(
      () => quantize(Float32Array.of(1, NaN), params, "mlp.input"),
      InputError,
      "Cannot quantize mlp.input: element 1 must be finite, got NaN",
    );
  }
});

/** `fakeQuantizeUniform` with the name in third place. */
function rename(quantize: typeof fakeQuantizeUniform) {
  return (x: Float32Array, params: Parameters<typeof quantize>[1], name: string) =>
    quantize(x, params, undefined, name);
}

Deno.test("quantizeUniform() of profile paper errs by half a step and represents zero", () => {
  const options = fc.record({
    bits: fc.integer({ min: 2, max: 8 }),
    signed: fc.boolean(),
    granularity: fc.constantFrom("tensor" as const, "channel" as const),
  });
  fc.assert(fc.property(matrix(3), options, (x, how) => {
    const { codes, params } = quantizeUniform(x, { ...how, channels: 3 });
    const { scale, zeroPoint, codeMin, codeMax } = params;
    const dequantized = dequantizeUniform(codes, params);
    assertSameNumbers(dequantizeUniform(zeroPoint, params), zeroPoint.map(() => 0), "zero");
    for (let i = 0; i < x.length; i++) {
      assert(codes[i] >= codeMin && codes[i] <= codeMax, `code ${codes[i]}`);
      // The zero point is rounded too, so an extreme may be clipped by half a step more.
      const error = Math.abs(x[i] - dequantized[i]) / scale[i % scale.length];
      const bound = codes[i] === codeMin || codes[i] === codeMax ? 1 : 0.5;
      assert(error <= bound + 1e-4, `error ${error} of ${x[i]}`);
    }
  }));
});
