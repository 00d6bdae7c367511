import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { byteMap, laneMap } from "../../lib/linear/mod.ts";
import { observeRange, uniformGrid } from "../../lib/quant/mod.ts";
import { tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
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

const grids = activationGrids(4);

for (const [path, choose] of integerPaths) {
  for (const [activation, grid] of Object.entries(grids)) {
    for (const [name, weight] of Object.entries(fourBitWeights)) {
      Deno.test(`laneMap() equals the dequantized product: ${name}, ${activation}, ${path}`, async () => {
        await choose();
        assertDequantizedProduct(laneMap, weight, grid);
        await useBackend("agile");
      });
    }
  }

  Deno.test(`laneMap() quantizes as fakeQuantizeUniform() does, bit for bit: ${path}`, async () => {
    await choose();
    for (const grid of Object.values(grids)) assertQuantizesAsEmulated(laneMap, grid);
    await useBackend("agile");
  });
}

Deno.test("laneMap() holds about a byte per weight, all counted", () => {
  const before = tf.memory().numBytes;
  using map = laneMap(fourBitWeights["4 bits per row"], grids["one range"]);
  assert(map.byteLength >= tf.memory().numBytes - before + 4 * columns); // the order of columns
  using biased = laneMap(fourBitWeights["4 bits per row"], grids["one range"], bias);
  assertEquals(biased.byteLength, map.byteLength + 4 * rows);
});

Deno.test("laneMap() does not go together with other grids or maps", () => {
  const weight = fourBitWeights["4 bits in groups"];
  const maps = [
    laneMap(weight, activationGrids(4)["one range"]),
    byteMap(weight, grids["one range"]),
  ];
  using map = laneMap(weight, grids["one range"]);
  tidy(() => {
    const input = tf.tensor2d(x, [21, columns]);
    for (const each of maps) assertEquals(map.applyWith!([each], input), undefined);
  });
  for (const each of maps) each[Symbol.dispose]();
});

Deno.test("laneMap() refuses weights and inputs of more than four bits, and keeps no tensors", () => {
  const before = tf.memory().numTensors;
  assertThrows(
    () => laneMap(eightBitWeights["8 bits per row"], grids["one range"], bias),
    InputError,
    "Cannot multiply an INT4 layer: a weight may have at most 4 bits, got 8",
  );
  const weight = fourBitWeights["4 bits per row"];
  for (const grid of Object.values(activationGrids(8))) {
    assertThrows(
      () => laneMap(weight, grid, bias, "attn.input"),
      InputError,
      "Cannot multiply attn.input in lanes: its grid must have at most 4 bits, got 8",
    );
  }
  const range = observeRange(x, { channels: columns, granularity: "channel" });
  const perChannel = uniformGrid(range, { bits: 4, signed: true, profile: "released" });
  assertThrows(
    () => laneMap(weight, perChannel, bias, "attn.input"),
    InputError,
    "Cannot multiply attn.input in integers: its steps must be one step times powers of two",
  );
  assertEquals(tf.memory().numTensors, before);
});
