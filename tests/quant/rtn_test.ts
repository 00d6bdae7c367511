import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { affineMatrix, decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import { rtn, rtnOf, type RtnOptions } from "../../lib/quant/mod.ts";
import golden from "../golden/quant/d_rtn.json" with { type: "json" };
import { assertSameNumbers, goldenTensors } from "./support.ts";

const tensors = goldenTensors("d_rtn");

Deno.test("rtn() equals the reference quantizer on every golden case", () => {
  assertEquals(golden.cases.length, 20);
  for (const { id, input = "W", mse = false } of golden.cases) {
    const [rows, columns] = tensors.shape(input);
    const weight = rtn(tensors.floats(input), {
      rows,
      columns,
      bits: Number(id.match(/w(\d)/)![1]),
      groupSize: "row",
      symmetric: id.includes("_sym"),
      range: mse ? "mse" : "minmax",
    });
    assertSameNumbers(weight.scale, tensors.floats(`${id}.scale`), `${id} scale`);
    assertSameNumbers(weight.zeroPoints(), tensors.integers(`${id}.zero`), `${id} zero point`);
    assert(tensors.has(`${id}.codes`) || tensors.has(`${id}.Q`), `${id} is compared with nothing`);
    if (tensors.has(`${id}.codes`)) {
      assertSameNumbers(weight.readCodes(), tensors.integers(`${id}.codes`), `${id} codes`);
    }
    if (tensors.has(`${id}.Q`)) {
      assertSameNumbers(decodeMatrix(weight), tensors.floats(`${id}.Q`), `${id} dequantized`);
    }
  }
});

Deno.test("rtn() of range absmaxMse equals QuaRot's weights", () => {
  const quarot = goldenTensors("quarot", "rivals");
  const weight = quarot.floats("weight.weight");
  for (
    const [name, bits, symmetric, range] of [
      ["b4_sym_mse", 4, true, "absmaxMse"],
      ["b4_sym_max", 4, true, "absmax"],
      ["b4_asym_mse", 4, false, "mse"],
      ["b3_sym_mse", 3, true, "absmaxMse"],
    ] as const
  ) {
    const format = { rows: 12, columns: 96, bits, groupSize: "row", symmetric, range } as const;
    const quantized = rtn(weight, format);
    assertSameNumbers(quantized.scale, quarot.floats(`weight.${name}.scale`), `${name} scale`);
    const zeros = quantized.zeroPoints();
    if (!symmetric) assertSameNumbers(zeros, quarot.floats(`weight.${name}.zero`), `${name} zero`);
    const codes = Int32Array.from(
      quantized.readCodes(),
      (code, i) => symmetric ? code - zeros[Math.floor(i / 96)] : code,
    );
    assertSameNumbers(codes, quarot.integers(`weight.${name}.codes`), `${name} codes`);
  }
});

Deno.test("rtn() gives each group of a row its own grid, the last one may be short", () => {
  const weight = Float32Array.of(0, 3, -6, 9, 15, 0, 1, 2, 3, -30);
  const options = { rows: 2, columns: 5, bits: 4, groupSize: 2, symmetric: false } as const;
  const quantized = rtn(weight, { ...options, range: "minmax" });
  const expected = affineMatrix({
    ...{ rows: 2, columns: 5, bits: 4 },
    codes: Uint8Array.of(0, 15, 0, 15, 15, 0, 15, 10, 15, 0),
    scale: Float32Array.of(0.2, 1, 1, 1 / 15, 0.2, 2),
    zeroPoint: Uint8Array.of(0, 6, 0, 0, 0, 15),
    groupIndex: Int32Array.of(0, 0, 1, 1, 2),
  });
  assertEquals(quantized, expected);
  assertEquals(decodeMatrix(quantized), weight);
});

Deno.test("rtn() holds scales as they are rounded: F16 takes half of F32", () => {
  const options = { rows: 1, columns: 4, bits: 4, groupSize: 2, symmetric: false } as const;
  const scaleOf = (scaleDtype: "F32" | "F16") =>
    rtn(Float32Array.of(0, 1, 2, 0), { ...options, range: "minmax", scaleDtype }).scale;
  assertEquals(scaleOf("F32"), Float32Array.of(1 / 15, 2 / 15));
  assertEquals(scaleOf("F16"), Float16Array.of(1 / 15, 2 / 15));
});

Deno.test("rtn() shrinks the range to 21/100 at most", () => {
  const weight = new Float32Array(20001).fill(0.045);
  weight[0] = 1;
  const format = { bits: 2, groupSize: "row", symmetric: false, range: "mse" } as const;
  const { scale } = rtn(weight, { ...format, rows: 1, columns: weight.length });
  assertEquals(scale[0], Math.fround(Math.fround(0.21) / 3));
});

Deno.test("rtn() gives weights too small for a scale the grid of zeros", () => {
  const weight = rtn(Float32Array.of(1e-45, -1e-45), {
    ...{ rows: 1, columns: 2, bits: 4, groupSize: "row", symmetric: false, range: "mse" },
  });
  assertEquals([weight.scale, decodeMatrix(weight)], [
    Float32Array.of(2 / 15),
    new Float32Array(2),
  ]);
});

const options = { rows: 1, columns: 2, bits: 4, groupSize: "row", symmetric: false } as const;
for (
  const [what, values, change, message] of [
    ["a wrong shape", [1, 2, 3], {}, "it must hold 1 x 2 values, got 3"],
    ["infinity", [1, Infinity], {}, "element 1 must be finite, got Infinity"],
    [
      "a range wider than float32 reaches",
      [-(2 ** 127), 2 ** 127],
      {},
      "the width of its range must fit float32, got [-1.7014118346046923e+38,1.70141183460469",
    ],
    ["1 bit", [1, 2], { bits: 1 }, "bits must be an integer in 2..8, got 1"],
    [
      "groups of nothing",
      [1, 2],
      { groupSize: 0 },
      'groupSize must be a positive integer or "row", got 0',
    ],
    [
      "a range of no kind",
      [1, 2],
      { range: "maxmin" },
      'range must be minmax or mse or absmax or absmaxMse, got "maxmin"',
    ],
    [
      "a largest magnitude of one side",
      [1, 2],
      { range: "absmax" },
      "range absmax must be symmetric, got false",
    ],
  ] as const
) {
  Deno.test(`rtn() refuses ${what}`, () => {
    assertThrows(
      () =>
        rtn(Float32Array.from(values), { ...options, range: "minmax", ...change } as RtnOptions),
      InputError,
      `Cannot quantize weight: ${message}`,
    );
  });
}

Deno.test("rtnOf() decodes some rows at a time, says how far it is, and stops when told", () => {
  const [rows, columns] = [5, 2 ** 20]; // four rows together
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) values.fill(row + 1, row * columns, (row + 1) * columns);
  const weight = floatMatrix("F32", values, rows, columns);
  const shares: number[] = [];
  const settings = { bits: 2, groupSize: "row", symmetric: false, range: "minmax" } as const;
  const rounded = rtnOf(weight, settings, "up", (share) => shares.push(share));
  assertEquals(shares, [0, 0.8]);
  assertEquals(rounded.scale, Float32Array.of(1 / 3, 2 / 3, 1, 4 / 3, 5 / 3));
  assertEquals(rounded.readCodes(4, new Uint8Array(columns)).every((code) => code === 3), true);
  values[4 * columns + 7] = NaN;
  assertThrows(
    () => rtnOf(weight, settings, "up"),
    InputError,
    `Cannot quantize up: element ${4 * columns + 7} must be finite, got NaN`,
  );
  const stop = (share: number) => {
    if (share > 0) throw new Error("stopped");
  };
  assertThrows(() => rtnOf(weight, settings, "up", stop), Error, "stopped");
});
