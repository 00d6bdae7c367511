import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import fc from "fast-check";
import { floatType, integerType } from "../../lib/format/mod.ts";
import {
  dequantizeAbsmax,
  dequantizeTyped,
  quantizeAbsmax,
  quantizeTyped,
  roundTyped,
  tensorScale,
  type TypedOptions,
} from "../../lib/quant/mod.ts";
import { eachGroup } from "../../lib/quant/typed.ts";
import { assertSameNumbers, goldenTensors, matrix } from "./support.ts";

const { floats, integers } = goldenTensors("fp_formats", "rivals");
const fp4 = floatType({ bits: 4, exponentBits: 2 });

for (
  const [name, bits, exponentBits] of [
    ["e4m3fn", 8, 4],
    ["e5m2", 8, 5],
    ["e2m3fn", 6, 2],
    ["e3m2fn", 6, 3],
    ["e2m1fn", 4, 2],
  ] as const
) {
  Deno.test(`quantizeTyped() scales blocks as microxcaling: ${name}`, () => {
    const type = floatType({ bits, exponentBits });
    const options = { groupSize: 32, scales: "shared" } as const;
    const quantized = quantizeTyped(floats("mx.input"), 96, type, options);
    const exponents = floats(`mx.${name}.shared_exponent`).map((exponent) => 2 ** exponent);
    assertSameNumbers(quantized.scales.decode(0, 12, 3), exponents, "scale");
    const values = dequantizeTyped(quantized, 96, type);
    assertSameNumbers(values, floats(`mx.${name}_even.dequant`), "value");
  });
}

const zeroQuant: Record<string, Omit<TypedOptions, "groupSize">> = {
  free: { scales: "absmax" },
  m1_ceil: { scales: "powers" },
  m1_nearest: { scales: "powers", exponents: "nearest" },
  m2_ceil: { scales: "powersOfLargest" },
  m2_floor: { scales: "powersOfLargest", exponents: "floor" },
  m2_nearest: { scales: "powersOfLargest", exponents: "nearest" },
};

for (const [id, options] of Object.entries(zeroQuant)) {
  Deno.test(`quantizeTyped() scales as ZeroQuant-FP: ${id}`, () => {
    const weight = floats("zeroquant_fp.weight");
    const { codes, scales } = quantizeTyped(weight, 128, fp4, { ...options, groupSize: 32 });
    const rows = weight.length / 128;
    assertSameNumbers(scales.decode(0, rows, 4), floats(`zeroquant_fp.${id}.scale`), "scale");
    assertSameNumbers(codes, integers(`zeroquant_fp.${id}.codes`), "code");
  });
}

Deno.test("quantizeTyped() with M2 rounded up as printed clips, and errs more than M1; rounded down it errs less", () => {
  const weight = floats("zeroquant_fp.weight");
  const errorOf = (id: string) => {
    const options = { ...zeroQuant[id], groupSize: 32 };
    const values = dequantizeTyped(quantizeTyped(weight, 128, fp4, options), 128, fp4);
    return values.reduce((sum, value, i) => sum + (value - weight[i]) ** 2, 0);
  };
  assert(errorOf("m2_ceil") > errorOf("m1_ceil"));
  assert(errorOf("m2_floor") < errorOf("m1_ceil"));
  assert(errorOf("free") < errorOf("m2_floor"));
});

Deno.test("quantizeTyped() to integers is quantizeAbsmax()", () => {
  fc.assert(fc.property(matrix(4), (any) => {
    const x = any.map((value, i) => i % 4 === 0 ? value + 2000 : value); // none below what absmax takes for 0
    const type = integerType(8);
    const options = { groupSize: "row", scales: "absmax" } as const;
    const values = dequantizeTyped(quantizeTyped(x, 4, type, options), 4, type);
    assertEquals(values, dequantizeAbsmax(quantizeAbsmax(x, 4, 8)));
  }));
});

Deno.test("quantizeTyped() keeps zeros, least numbers and infinitesimal groups finite under every rule", () => {
  const x = Float32Array.of(0, 0, 1e-30, 0, /* the next row */ 2 ** -149, 0, 1e30, -1e-44);
  for (const bits of [4, 8]) {
    const type = floatType({ bits, exponentBits: bits / 2 });
    for (const options of Object.values(zeroQuant)) {
      const quantized = quantizeTyped(x, 4, type, { ...options, groupSize: 2 });
      const values = dequantizeTyped(quantized, 4, type);
      assert(values.every(Number.isFinite), `${values}`);
      assertEquals(values.subarray(0, 2), new Float32Array(2));
    }
  }
});

Deno.test("eachGroup() visits groups of rows, the last of which may be shorter", () => {
  const seen: number[][] = [];
  eachGroup(2, 5, 3, (...place) => void seen.push(place));
  assertEquals(seen, [[0, 0, 3], [1, 3, 5], [2, 5, 8], [3, 8, 10]]);
});

Deno.test("quantizeTyped() refuses nothing, NaN and settings that there are not", () => {
  const refuses = (values: number[], change: object, rule: string) =>
    assertThrows(
      () => {
        const options: TypedOptions = { groupSize: 2, scales: "absmax", ...change };
        quantizeTyped(Float32Array.from(values), 2, fp4, options, "mlp.input");
      },
      InputError,
      `Cannot quantize mlp.input: ${rule}`,
    );
  refuses([], {}, "it must hold at least one element, got 0");
  refuses([1, NaN], {}, "element 1 must be finite, got NaN");
  refuses([1, 2, 3], {}, "its length must be a multiple of 2 channels x 1 element, got 3");
  refuses([1, 2], { groupSize: 0 }, 'groupSize must be a positive integer or "row", got 0');
  const rules = "scales must be absmax or shared or powers or powersOfLargest";
  refuses([1, 2], { scales: "M1" }, `${rules}, got "M1"`);
  refuses([1, 2], { exponents: "up" }, 'exponents must be ceil or floor or nearest, got "up"');
});

Deno.test("roundTyped() rounds with the tensorScale() that its largest magnitude has", () => {
  const scale = tensorScale(12, fp4);
  assertEquals([scale, tensorScale(0, fp4)], [2, 2 ** -149]);
  const x = Float32Array.of(12, -13, 5, 7, 0.4);
  assertEquals(roundTyped(x, fp4, scale), Float32Array.of(12, -12, 4, 8, 0)); // 2.5 and 3.5 are ties
});
