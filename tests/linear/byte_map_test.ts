import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { affineMatrix } from "../../lib/format/mod.ts";
import { byteMap, denseMapOf, laneMap } from "../../lib/linear/mod.ts";
import { observeRange, rtn, searchTrip, uniformGrid } from "../../lib/quant/mod.ts";
import { tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { randomFloats } from "../tensor/compare.ts";
import { integerPaths } from "../tensor/integers.ts";
import {
  activationGrids,
  assertDequantizedProduct,
  assertQuantizesAsEmulated,
  bias,
  columns,
  eightBitWeights,
  fourBitWeights,
  rows,
  x,
} from "./integer_operands.ts";

const weights = { ...fourBitWeights, ...eightBitWeights };
const grids = activationGrids(8);

for (const [path, choose] of integerPaths) {
  for (const [activation, grid] of Object.entries(grids)) {
    for (const [name, weight] of Object.entries(weights)) {
      Deno.test(`byteMap() equals the dequantized product: ${name}, ${activation}, ${path}`, async () => {
        await choose();
        assertDequantizedProduct(byteMap, weight, grid);
        await useBackend("agile");
      });
    }
  }

  Deno.test(`byteMap() quantizes as fakeQuantizeUniform() does, bit for bit: ${path}`, async () => {
    await choose();
    for (const grid of Object.values(grids)) assertQuantizesAsEmulated(byteMap, grid);
    await useBackend("agile");
  });
}

Deno.test("byteMap() gives a row the same output whatever stands beside it", () => {
  const wide = rtn(randomFloats(4096 * 16, 4), {
    ...{ rows: 4096, columns: 16, bits: 4, groupSize: "row", symmetric: false, range: "minmax" },
  });
  const values = randomFloats(150 * 16, 5);
  const range = observeRange(values, { channels: 16, granularity: "tensor" });
  using map = byteMap(wide, uniformGrid(range, { bits: 8 }));
  tidy(() => {
    const many = map.apply(tf.tensor2d(values, [150, 16]));
    const one = map.apply(tf.tensor2d(values.slice(-16), [1, 16]));
    assertEquals(many.dataSync().slice(-4096), one.dataSync());
  });
});

Deno.test("byteMap() holds at most 0.6 bytes per 4-bit weight, all counted", () => {
  const weight = rtn(randomFloats(768 * 768, 6), {
    ...{ rows: 768, columns: 768, bits: 4, groupSize: 128, symmetric: false, range: "minmax" },
  });
  const values = randomFloats(64 * 768, 7).map((value, i) => value * 2 ** (i % 768 % 4));
  const grid = searchTrip(values, { channels: 768, bits: 8, K: 3 });
  const before = tf.memory().numBytes;
  using map = byteMap(weight, grid);
  assert(map.byteLength <= 0.6 * 768 * 768, `${map.byteLength / 768 ** 2} bytes per weight`);
  assert(map.byteLength >= tf.memory().numBytes - before);
  using biased = byteMap(weight, grid, new Float32Array(768));
  assertEquals(biased.byteLength, map.byteLength + 4 * 768);
});

Deno.test("byteMap() does not go together with other orders of columns, grids or maps", () => {
  const [grid, other] = [grids["TRIP, K = 3"], activationGrids(8)["TRIP, K = 3"]];
  const weight = weights["4 bits in groups"];
  const reordered = weights["4 bits in groups of act-order"];
  const four = activationGrids(4)["one range"];
  const maps = [
    byteMap(reordered, grid),
    byteMap(weight, other),
    laneMap(weight, four),
    denseMapOf(weight),
  ];
  using map = byteMap(weight, grid);
  tidy(() => {
    const input = tf.tensor2d(x, [21, columns]);
    for (const [index, each] of maps.entries()) {
      assertEquals(map.applyWith!([each], input), undefined, `map ${index}`);
    }
  });
  for (const each of maps) each[Symbol.dispose]();
});

Deno.test("byteMap() refuses what has no integers to multiply, and keeps no tensors", () => {
  const before = tf.memory().numTensors;
  const range = observeRange(x, { channels: columns, granularity: "channel" });
  const perChannel = uniformGrid(range, { bits: 8, signed: true, profile: "released" });
  const weight = weights["4 bits per row"];
  assertThrows(
    () => byteMap(weight, perChannel, bias, "attn.input"),
    InputError,
    "Cannot multiply attn.input in integers: its steps must be one step times powers of two",
  );
  const between = affineMatrix({
    ...{ rows, columns, bits: 4, codes: weight.readCodes(), scale: weight.scale },
    zeroPoint: new Float32Array(rows).fill(7.5),
  });
  assertThrows(
    () => byteMap(between, grids["one range"], bias),
    InputError,
    "Cannot pack a weight: its zero points must be integers",
  );
  {
    using map = byteMap(weight, grids["one range"], undefined, "attn.input");
    tidy(() => {
      const narrow = tf.zeros([2, 10]) as tf.Tensor2D;
      assertThrows(
        () => map.apply(narrow),
        InputError,
        "Cannot multiply attn.input in integers: it must be [rows, 200], got [2,10]",
      );
      const strange = tf.fill([1, columns], NaN) as tf.Tensor2D;
      assertThrows(() => map.apply(strange), InputError, "attn.input");
    });
  }
  assertEquals(tf.memory().numTensors, before);
});
