import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { packCodes } from "../../lib/format/mod.ts";
import { dequantizeFromMinimum, quantizeFromMinimum } from "../../lib/quant/mod.ts";
import { randomFloats } from "../tensor/compare.ts";
import { assertSameNumbers, goldenTensors } from "./support.ts";

const golden = goldenTensors("kivi", "rivals");

/** `[columns, rows]` of `[rows, columns]`. */
function transposed<Values extends Float32Array | Int32Array>(
  values: Values,
  columns: number,
): Values {
  const rows = values.length / columns;
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]) as Values;
}

for (const [torch, dtype] of [["float32", "F32"], ["float16", "F16"]] as const) {
  for (const bits of [2, 4]) {
    Deno.test(`quantizeFromMinimum() gives KIVI's keys in ${bits} bits and ${dtype}`, () => {
      const name = `${torch}.keys_b${bits}_g32`;
      const ofChannels = (part: string) => transposed(golden.floats(`${name}.${part}`), 8);
      const keys = transposed(golden.floats(`${torch}.keys`), 8);
      const found = quantizeFromMinimum(keys, 32, bits, dtype);
      const codes = transposed(golden.integers(`${name}.codes`), 8);
      assertSameNumbers(found.codes, codes, "codes");
      assertSameNumbers(found.scale, ofChannels("scale"), "scale");
      assertSameNumbers(found.minimum, ofChannels("min"), "minimum");
      const words = new Int32Array(packCodes(found.codes, bits).buffer);
      assertSameNumbers(words, transposed(golden.integers(`${name}.packed`), 8), "packed");
      if (!golden.has(`${name}.dequant`)) return;
      assertSameNumbers(dequantizeFromMinimum(found, dtype), ofChannels("dequant"), "values");
    });

    Deno.test(`quantizeFromMinimum() gives KIVI's values in ${bits} bits and ${dtype}`, () => {
      const name = `${torch}.values_b${bits}_g32`;
      const found = quantizeFromMinimum(golden.floats(`${torch}.values`), 32, bits, dtype);
      assertSameNumbers(found.codes, golden.integers(`${name}.codes`), "codes");
      assertSameNumbers(found.scale, golden.floats(`${name}.scale`), "scale");
      assertSameNumbers(found.minimum, golden.floats(`${name}.min`), "minimum");
      const words = new Int32Array(packCodes(found.codes, bits).buffer);
      assertSameNumbers(words, golden.integers(`${name}.packed`), "packed");
      if (!golden.has(`${name}.dequant`)) return;
      assertSameNumbers(
        dequantizeFromMinimum(found, dtype),
        golden.floats(`${name}.dequant`),
        "values",
      );
    });
  }
}

Deno.test("dequantizeFromMinimum() rounds code * scale and the sum, in groups of any size and bits", () => {
  for (const [dtype, round] of [["F32", Math.fround], ["F16", Math.f16round]] as const) {
    for (const [bits, groupSize] of [[2, 1], [2, 32], [4, 5], [8, 64], [8, 512]]) {
      const x = randomFloats(3 * groupSize, bits);
      const found = quantizeFromMinimum(x, groupSize, bits, dtype);
      const expected = Array.from(found.codes, (code, i) => {
        const group = Math.floor(i / groupSize);
        return round(round(code * found.scale[group]) + found.minimum[group]);
      });
      assertSameNumbers(dequantizeFromMinimum(found, dtype), expected, `${bits}, ${groupSize}`);
    }
  }
});

Deno.test("quantizeFromMinimum() gives what is constant back, with codes 0", () => {
  const constant = Float32Array.of(3, 3, -1, -1);
  const found = quantizeFromMinimum(constant, 2, 2);
  assertEquals([...found.codes], [0, 0, 0, 0]);
  assertEquals(dequantizeFromMinimum(found), constant);
});

Deno.test("quantizeFromMinimum() refuses bits, groups and values that there are not", () => {
  const x = Float32Array.of(1, 2, 3, 4);
  const refuses = (action: () => unknown, rule: string) =>
    assertThrows(action, InputError, `Cannot quantize keys: ${rule}`);
  refuses(() => quantizeFromMinimum(x, 2, 1, "F32", "keys"), "bits must be an integer in 2..8");
  for (const size of [3, 0, -2, 1.5]) {
    const rule = `groups must divide its values, got ${size}`;
    refuses(() => quantizeFromMinimum(x, size, 2, "F32", "keys"), rule);
  }
  const large = Float32Array.of(1, 1e5);
  assertEquals([...quantizeFromMinimum(large, 2, 2).codes], [0, 3]);
  refuses(() => quantizeFromMinimum(large, 2, 2, "F16", "keys"), "element 1 must be finite");
});
