import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  dequantizeUniform,
  fakeQuantizeUniform,
  mergeRanges,
  observeRange,
  quantizeUniform,
  searchTrip,
} from "../../lib/quant/mod.ts";
import golden from "../golden/quant/c_ptf.json" with { type: "json" };
import { assertSameNumbers, goldenTensors, matrix } from "./support.ts";

const tensors = goldenTensors("c_ptf");

/** The calibration batches of a golden input; alpha comes from the last one. */
const batches = (input: string) =>
  (input === "two" ? ["x.two_0", "x.two_1"] : [`x.${input}`]).map(tensors.floats);

Deno.test("searchTrip() equals the released code on every golden case", () => {
  assertEquals(golden.cases.length, 49);
  for (
    const { id, input, bit_type, K, scale_max, s, zero_point, alpha_histogram } of golden.cases
  ) {
    const channels = 64;
    const range = batches(input)
      .map((x) => observeRange(x, { channels, granularity: "tensor" }))
      .reduce(mergeRanges);
    const x = batches(input).at(-1)!;
    const params = searchTrip(x, {
      channels,
      K,
      range,
      bits: Number(bit_type.at(-1)),
      signed: bit_type.startsWith("int"),
      profile: "released",
    });
    assertEquals(params.finestScale, s, `${id} finest scale`);
    assertEquals(params.finestScale * 2 ** K, scale_max, `${id} coarsest scale`);
    assertEquals(params.zeroPoint[0], zero_point, `${id} zero point`);
    const histogram = alpha_histogram.map((_, power) =>
      params.alpha.filter((alpha) => alpha === power).length
    );
    assertEquals(histogram, alpha_histogram, `${id} alpha`);
    if (!tensors.has(`${id}.codes`)) continue;
    assertSameNumbers(params.alpha, tensors.integers(`${id}.alpha`), `${id} alpha`);
    assertSameNumbers(params.scale, tensors.floats(`${id}.scale`), `${id} scale`);
    tensors.floats(`${id}.scores`).forEach((score, i) => {
      assertAlmostEquals(params.scores[i], score, 1e-5 * score, `${id} score ${i}`);
    });
    const { codes } = quantizeUniform(x, params);
    assertSameNumbers(codes, tensors.integers(`${id}.codes`), `${id} codes`);
    if (tensors.has(`${id}.dequant`)) {
      assertSameNumbers(fakeQuantizeUniform(x, params), tensors.floats(`${id}.dequant`), id);
    }
  }
});

Deno.test("searchTrip() gives narrow channels the finer steps", () => {
  const x = Float32Array.of(-7, -0.5, 1.5, 8, 0.875, -0.25); // [2, 3], step 1 for the whole tensor
  const { alpha, scale, zeroPoint, finestScale } = searchTrip(x, { channels: 3, bits: 4, K: 3 });
  assertEquals({ alpha, scale, zeroPoint, finestScale }, {
    alpha: Uint8Array.of(3, 0, 1),
    scale: Float32Array.of(1, 0.125, 0.25),
    zeroPoint: Int32Array.of(7, 7, 7),
    finestScale: 0.125,
  });
});

Deno.test("searchTrip() finds for each channel the alpha of least error, the first on ties", () => {
  const settings = fc.record({
    bits: fc.integer({ min: 2, max: 8 }),
    K: fc.integer({ min: 0, max: 4 }),
    signed: fc.boolean(),
    profile: fc.constantFrom("paper" as const, "released" as const),
  });
  fc.assert(fc.property(matrix(3), settings, (x, options) => {
    const trip = searchTrip(x, { ...options, channels: 3 });
    const errors = Array.from({ length: options.K + 1 }, (_, power) => {
      const scale = new Float32Array(3).fill(trip.finestScale * 2 ** power);
      const candidate = { ...trip, scale };
      return dequantizeUniform(quantizeUniform(x, candidate).codes, candidate)
        .map((value, i) => value - x[i]);
    });
    for (let channel = 0; channel < 3; channel++) {
      const sums = errors.map((error) =>
        error.reduce((sum, value, i) => i % 3 === channel ? sum + value * value : sum, 0)
      );
      assertEquals(trip.alpha[channel], sums.indexOf(Math.min(...sums)));
    }
  }));
});

Deno.test("searchTrip() with K = 0 is uniform quantization of the whole tensor", () => {
  fc.assert(fc.property(matrix(3), fc.integer({ min: 2, max: 8 }), (x, bits) => {
    const trip = searchTrip(x, { channels: 3, bits, K: 0 });
    const { codes, params } = quantizeUniform(x, { channels: 3, granularity: "tensor", bits });
    assertSameNumbers(quantizeUniform(x, trip).codes, codes, "codes");
    assertSameNumbers(trip.scale, new Float32Array(3).fill(params.scale[0]), "scale");
  }));
});

Deno.test("searchTrip() scales with its input by powers of two", () => {
  fc.assert(fc.property(matrix(3), fc.integer({ min: -4, max: 4 }), (x, power) => {
    fc.pre(x.some((value) => Math.abs(value) > 1)); // clear of the scale floor
    const options = { channels: 3, bits: 8, K: 3 };
    const one = searchTrip(x, options);
    const other = searchTrip(x.map((value) => value * 2 ** power), options);
    assertEquals(other.alpha, one.alpha);
    assertEquals(other.zeroPoint, one.zeroPoint);
    assertSameNumbers(other.scale, one.scale.map((scale) => scale * 2 ** power), "scale");
  }));
});

Deno.test("searchTrip() lowers the error of one step per tensor as much as the released code", () => {
  const [layerWise, refined] = [0, 3].map((K) => {
    const { scores, alpha } = searchTrip(tensors.floats("x.wide"), { channels: 64, bits: 8, K });
    return alpha.reduce((sum, power, channel) => sum + scores[channel * (K + 1) + power], 0) / 64;
  });
  const { layer_wise_minmax, ptf_K3 } = golden.comparison
    .find(({ input, bit_type }) => input === "wide" && bit_type === "uint8")!;
  assertAlmostEquals(layerWise, layer_wise_minmax.mse, 1e-8);
  assertAlmostEquals(refined, ptf_K3.mse, 1e-8);
});

for (
  const [what, x, K, message] of [
    ["NaN", [1, NaN], 3, "Cannot quantize mlp.input: element 1 must be finite, got NaN"],
    ["too wide a range", [-3e38, 3e38], 3, "the width of its range must fit float32, got [-3"],
    ["K = 9", [1, 2], 9, "Cannot quantize mlp.input: K must be an integer in 0..8, got 9"],
    [
      "a broken row",
      [1, 2, 3],
      3,
      "Cannot quantize mlp.input: its length must be a multiple of 2 channels x 1 element, got 3",
    ],
  ] as const
) {
  Deno.test(`searchTrip() refuses ${what}, naming the tensor`, () => {
    assertThrows(
      () => searchTrip(Float32Array.from(x), { channels: 2, bits: 8, K, name: "mlp.input" }),
      InputError,
      message,
    );
  });
}
