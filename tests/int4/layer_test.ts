import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { type AffineCodes, affineMatrix, type CommonStep } from "../../lib/format/mod.ts";
import { planLayer, scaleOf, zeroPointOf } from "../../lib/int4/layer.ts";
import { layers } from "./reference.ts";

/** A layer of one row on one grid. */
function layerOf(columns: number): AffineCodes {
  const [scale, zeroPoint] = [Float32Array.of(1), Uint8Array.of(0)];
  return { rows: 1, columns, bits: 4, codes: new Uint8Array(columns), scale, zeroPoint };
}

const inputOf = (columns: number, power = 0): CommonStep => (
  { step: 1, zeroPoint: 0, shift: new Uint8Array(columns).fill(power) }
);

Deno.test("planLayer() orders columns by group, and by power of two within it", () => {
  const weight = affineMatrix({
    ...{ ...layerOf(6), groupIndex: Int32Array.of(1, 0, 1, 1, 0, 1) },
    ...{ scale: Float32Array.of(1, 2), zeroPoint: Uint8Array.of(3, 4) },
  });
  const input = { ...inputOf(6), shift: Uint8Array.of(2, 0, 0, 2, 0, 1) };
  assertEquals(planLayer(weight, input).blocks, [
    { group: 0, runs: [{ shift: 0, columns: [1, 4] }] },
    {
      group: 1,
      runs: [{ shift: 0, columns: [2] }, { shift: 1, columns: [5] }, { shift: 2, columns: [0, 3] }],
    },
  ]);
});

Deno.test("planLayer() has every column once, under its own group and power", () => {
  fc.assert(fc.property(layers({ m: 1, columns: [1, 60], rows: 3 }), ({ layer, input }) => {
    const { blocks } = planLayer(affineMatrix(layer), input);
    const columns = blocks.flatMap(({ group, runs }) =>
      runs.flatMap(({ shift, columns }) => columns.map((column) => ({ column, group, shift })))
    );
    columns.sort((a, b) => a.column - b.column);
    assertEquals(
      columns,
      Array.from(layer.groupIndex, (group, column) => (
        { column, group, shift: input.shift[column] }
      )),
    );
  }));
});

Deno.test("scaleOf() and zeroPointOf() are those of a row's weights in a group", () => {
  fc.assert(fc.property(layers({ m: 1, columns: [1, 9], rows: 4 }), ({ layer, input }) => {
    const plan = planLayer(affineMatrix(layer), input);
    const { rows, scale, zeroPoint } = layer;
    const grids = Array.from(scale, (_, grid) => [
      Math.floor(grid * rows / scale.length),
      grid % (scale.length / rows),
    ]);
    assertEquals(
      grids.map(([row, group]) => scaleOf(plan, row, group)),
      Array.from(scale, (value) => Math.fround(input.step * value)),
    );
    assertEquals(grids.map(([row, group]) => zeroPointOf(plan, row, group)), [...zeroPoint]);
  }));
});

Deno.test("planLayer() adds up as many columns as 32 bits hold at the least, and no more", () => {
  const most = Math.floor((2 ** 31 - 1) / 225 / 256); // columns of 2^8 times 15 times 15
  assertEquals(planLayer(affineMatrix(layerOf(most)), inputOf(most, 8)).blocks.length, 1);
  assertThrows(
    () => planLayer(affineMatrix(layerOf(most + 1)), inputOf(most + 1, 8)),
    InputError,
    "Cannot multiply an INT4 layer: a group may have 9544371 columns, times their powers of two, " +
      `got ${256 * (most + 1)}`,
  );
});

for (
  const [change, grid, message] of [
    [{ bits: 5 }, {}, "a weight may have at most 4 bits, got 5"],
    [
      { zeroPoint: Float32Array.of(0.5) },
      {},
      "the weight's zero points must be integers, got [0.5]",
    ],
    [{}, { shift: Uint8Array.of(0) }, "shift must have 2 elements, got 1"],
    [
      {},
      { zeroPoint: 16 },
      "the activations' zeroPoint must be an integer in 0..15, got 16",
    ],
  ] as const
) {
  Deno.test(`planLayer() says that ${message}`, () => {
    assertThrows(
      () => planLayer(affineMatrix({ ...layerOf(2), ...change }), { ...inputOf(2), ...grid }),
      InputError,
      `Cannot multiply an INT4 layer: ${message}`,
    );
  });
}
