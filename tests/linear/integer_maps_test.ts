import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { affineMatrix } from "../../lib/format/mod.ts";
import { applyMaps, byteMap, integerMaps, laneMap } from "../../lib/linear/mod.ts";
import { multipliesBytesNatively, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import {
  activationGrids,
  bias,
  columns,
  eightBitWeights,
  fourBitWeights,
  rows,
  x,
} from "./integer_operands.ts";

const four = fourBitWeights["4 bits in groups"];
const eight = eightBitWeights["8 bits in groups"];
const fourBits = activationGrids(4)["TRIP, K = 3"];
const eightBits = activationGrids(8)["TRIP, K = 3"];

for (const native of [false, true]) {
  const how = native ? "native where installed" : "SIMD";
  for (
    const [what, weights, grid, inLanes] of [
      ["4-bit weights and inputs", [four, four], fourBits, true],
      ["4-bit weights, 8-bit inputs", [four, four], eightBits, false],
      ["an 8-bit weight among others", [four, eight], fourBits, false],
      ["8-bit weights and inputs", [eight], eightBits, false],
    ] as const
  ) {
    Deno.test(`integerMaps() chooses the multiplier: ${what}, ${how}`, async () => {
      await useBackend("agile", { native });
      const make = inLanes && !multipliesBytesNatively() ? laneMap : byteMap;
      const maps = integerMaps(weights.map((weight) => ({ weight, bias })), grid, "x");
      const expected = weights.map((weight) => make(weight, grid, bias, "x"));
      assertEquals(
        maps.map((map) => map.byteLength),
        expected.map((map) => map.byteLength),
      );
      tidy(() => {
        const input = tf.tensor2d(x, [21, columns]);
        const outputs = applyMaps(maps, input).map((output) => output.dataSync());
        assertEquals(outputs, expected.map((map) => map.apply(input).dataSync()));
      });
      for (const map of [...maps, ...expected]) map[Symbol.dispose]();
      await useBackend("agile");
    });
  }
}

Deno.test("integerMaps() keeps no tensors when a later weight is refused", async () => {
  const between = affineMatrix({
    ...{ rows, columns, bits: 4, codes: new Uint8Array(rows * columns) },
    scale: new Float32Array(rows).fill(1),
    zeroPoint: new Float32Array(rows).fill(7.5),
  });
  for (const native of [false, true]) {
    await useBackend("agile", { native });
    const before = tf.memory().numTensors;
    const modules = [{ weight: four, bias }, { weight: between, bias }];
    assertThrows(() => integerMaps(modules, fourBits, "x"), InputError, "must be integers");
    assertEquals(tf.memory().numTensors, before);
  }
  await useBackend("agile");
});
