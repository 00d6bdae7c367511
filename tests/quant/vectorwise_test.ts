import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  dequantizeVectorwise,
  quantizeAbsmax,
  quantizeVectorwise,
  roundToHalf,
} from "../../lib/quant/mod.ts";
import { assertSameNumbers, goldenTensors, matrix } from "./support.ts";

const fixtures = Deno.env.get("AGILE_QUANT_FIXTURES");
const outlierColumns: Record<string, number[]> = {
  outliers: [6, 15, 65, 94, 100, 111, 118, 124],
  outliers_bias: [22, 40, 45, 52, 81, 107, 113, 120],
  one_token: [63, 96, 122, 123, 124],
};

/** Compares activations, weights and products with the reference's, whose codes are so much greater. */
function compare(
  id: string,
  { has, floats, integers }: ReturnType<typeof goldenTensors>,
  shift = 0,
) {
  const [x, weight] = [floats(`${id}.a`), floats(`${id}.weight`)];
  const inputs = quantizeVectorwise(x, 128, id === "threshold_zero" ? 0 : 6);
  const rows = quantizeVectorwise(weight, 128, 0);
  assertSameNumbers(inputs.codes, [...integers(`${id}.codes`)].map((code) => code - shift), id);
  assertSameNumbers(inputs.absmax, floats(`${id}.row_absmax`), id);
  assertEquals(inputs.outlierColumns, outlierColumns[id] ?? []);
  const codes = [...integers(`${id}.weight_codes`)].map((code) => code - shift);
  assertSameNumbers(rows.codes, codes, id);
  assertSameNumbers(rows.absmax, floats(`${id}.weight_row_absmax`), id);
  const [left, right] = [dequantizeVectorwise(inputs, x), dequantizeVectorwise(rows, weight)];
  const expected = floats(`${id}.output`);
  for (let token = 0; token < x.length / 128; token++) {
    const own = expected.subarray(48 * token, 48 * (token + 1));
    const largest = own.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    own.forEach((output, row) => {
      let sum = has(`${id}.bias`) ? floats(`${id}.bias`)[row] : 0;
      for (let k = 0; k < 128; k++) sum += left[128 * token + k] * right[128 * row + k];
      assert(Math.abs(sum - output) <= 1e-3 * largest, `${id}: ${sum}, ${output}`);
    });
  }
}

for (const id of ["outliers_bias", "one_token", "ties"]) {
  Deno.test(`quantizeVectorwise() gives the codes of bitsandbytes, and its products: ${id}`, () =>
    compare(id, goldenTensors("llm_int8", "rivals"), 128));
}

Deno.test({
  name: "quantizeVectorwise() equals the reference on all its vectors",
  ignore: fixtures === undefined,
  fn() {
    const golden = goldenTensors("llm_int8", `${fixtures}/rivals`);
    const ids = ["outliers", "outliers_bias", "one_token", "no_outliers", "threshold_zero", "ties"];
    for (const id of ids) compare(id, golden);
  },
});

Deno.test("quantizeVectorwise() leaves outliers out of what their row reaches, not out of others'", () => {
  const x = Float32Array.of(6, 1, 2, /* the next row */ 5, 1, 2);
  const { codes, absmax, outlierColumns } = quantizeVectorwise(x, 3, 6);
  assertEquals([...absmax], [2, 5]);
  assertEquals(outlierColumns, [0]);
  assertEquals([...codes], [0, 64, 127, 0, 25, 51]);
  assertEquals(quantizeVectorwise(x, 3, 0).outlierColumns, []);
});

Deno.test("quantizeVectorwise() multiplies by the inverse step, which may decide a tie", () => {
  const x = Float32Array.of(0.8974609375, 0.44873046875); // the second lies half a step from two codes
  assertEquals([...quantizeVectorwise(x, 2, 0).codes], [127, 63]);
  assertEquals([...quantizeAbsmax(x, 2, 8).codes], [127, 64]);
});

Deno.test("dequantizeVectorwise() is within half a step, exact for outliers and rows of zeros", () => {
  fc.assert(fc.property(matrix(4), fc.integer({ min: 1, max: 900 }), (values, threshold) => {
    const x = roundToHalf(values);
    const quantized = quantizeVectorwise(x, 4, threshold);
    const outlying = quantized.outlierColumns;
    dequantizeVectorwise(quantized, x).forEach((value, i) => {
      const step = quantized.absmax[Math.floor(i / 4)] / 127;
      if (outlying.includes(i % 4)) assertEquals(value, x[i]);
      else assert(Math.abs(value - x[i]) <= 0.5001 * step);
    });
  }));
  const zeros = new Float32Array(4);
  assertEquals(dequantizeVectorwise(quantizeVectorwise(zeros, 2, 6), zeros), zeros);
});

Deno.test("quantizeVectorwise() refuses half a row and a negative threshold, roundToHalf() what F16 lacks", () => {
  const x = Float32Array.of(1, 70000, 3);
  assertThrows(
    () => quantizeVectorwise(x, 2, 6, "mlp.input"),
    InputError,
    "Cannot quantize mlp.input: its length must be a multiple of 2 channels x 1 element, got 3",
  );
  assertThrows(
    () => quantizeVectorwise(x, 3, -1, "mlp.input"),
    InputError,
    "Cannot quantize mlp.input: threshold must be 0 or more, got -1",
  );
  assertThrows(
    () => roundToHalf(x, "mlp.input"),
    InputError,
    "Cannot quantize mlp.input: element 1 must be finite in F16, got 70000",
  );
});
