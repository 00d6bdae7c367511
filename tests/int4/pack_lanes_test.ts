import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { affineMatrix, type LanePanels } from "../../lib/format/mod.ts";
import { linearInt4, packLanes, panelColumns } from "../../lib/int4/mod.ts";
import { layers } from "./reference.ts";

/** The runs of each block, as the table says: how many columns, and their power of two. */
function blocksOf({ blocks, table }: LanePanels): [columns: number, power: number][][] {
  let at = 0;
  return Array.from(
    { length: blocks },
    () => Array.from({ length: table[at++] }, () => [table[at++], table[at++]]),
  );
}

/**
 * Multiplies by packed panels as the kernel does, one output at a time: in each block the scales of 16
 * outputs, what their sums start from and gain by each 1 of the activations' total, and pairs of
 * columns of weights, whose upper bits hold one output's `code - 8` and whose lower 12 another's code.
 */
function multiplySlowly(activations: Uint8Array, packed: LanePanels): Float32Array {
  const { rows, columns, order, memory } = packed;
  const [pairs, integers, floats] = [Int16Array, Int32Array, Float32Array]
    .map((View) => new View(memory));
  const blocks = blocksOf(packed);
  const depths = blocks.flat().map(([depth]) => Math.ceil(depth / 2));
  const panel = 48 * blocks.length + 8 * depths.reduce((sum, depth) => sum + depth, 0);
  return Float32Array.from({ length: activations.length / columns * rows }, (_, index) => {
    const [row, output] = [Math.floor(index / rows), index % rows];
    const lane = output % panelColumns;
    const isUpper = lane % 8 < 4;
    let [at, place, product] = [panel * Math.floor(output / panelColumns), 0, 0];
    for (const runs of blocks) {
      const grid = at + lane;
      let [sum, total] = [integers[grid + 16], 0];
      at += 48;
      for (const [depth, power] of runs) {
        let field = isUpper ? 0 : 2 ** 11;
        for (let i = 0; i < depth; i++, place++) {
          const activation = activations[row * columns + order[place]] - 7;
          const word = 8 * (i >> 1) + 4 * Math.floor(lane / 8) + lane % 4;
          const pair = pairs[2 * (at + word) + i % 2];
          field += activation * (isUpper ? pair >> 12 : (pair & 4095) - 8);
          total += activation * 2 ** power;
        }
        sum += field * 2 ** power;
        at += 8 * Math.ceil(depth / 2);
      }
      sum += integers[grid + 32] * total;
      product = Math.fround(product + Math.fround(floats[grid] * Math.fround(sum)));
    }
    return product;
  });
}

Deno.test("packLanes() holds what linearInt4() computes with, bit for bit", () => {
  fc.assert(
    fc.property(layers({ m: 2, columns: [1, 150], rows: 35 }), ({ activations, layer, input }) => {
      const weight = affineMatrix(layer);
      assertEquals(
        multiplySlowly(activations, packLanes(weight, input)),
        linearInt4(activations, weight, input),
      );
    }),
    { numRuns: 40 },
  );
});

Deno.test("packLanes() orders every column once, in runs that a field of 12 bits can add up", () => {
  fc.assert(fc.property(layers({ m: 1, columns: [1, 150], rows: 2 }), ({ layer, input }) => {
    const packed = packLanes(affineMatrix(layer), input);
    const runs = blocksOf(packed).flat();
    const powers = runs.flatMap(([depth, power]) => Array(depth).fill(power));
    assertEquals(Array.from(packed.order, (column) => input.shift[column]), powers);
    assertEquals([...packed.order].sort((a, b) => a - b), [
      ...layer.codes.slice(0, layer.columns).keys(),
    ]);
    // Products of codes less 8 and less 7 are -64..56, and the middle of 12 bits is 2048.
    assertEquals(runs.filter(([depth]) => depth < 1 || 64 * depth > 2048), []);
  }));
});

Deno.test("packLanes() refuses what planLayer() does", () => {
  const [scale, zeroPoint] = [Float32Array.of(1), Float32Array.of(0.5)];
  const codes = Uint8Array.of(1, 2);
  const weight = affineMatrix({ rows: 1, columns: 2, bits: 4, codes, scale, zeroPoint });
  assertThrows(
    () => packLanes(weight, { step: 1, zeroPoint: 0, shift: new Uint8Array(2) }),
    InputError,
    "Cannot multiply an INT4 layer: the weight's zero points must be integers, got [0.5]",
  );
});

Deno.test("packLanes() holds a byte per weight, and 12 per scale and corrections", () => {
  const codes = new Uint8Array(32 * 256);
  const groupIndex = Int32Array.from({ length: 256 }, (_, column) => column % 2);
  const [scale, zeroPoint] = [new Float32Array(64), new Uint8Array(64)];
  const layer = affineMatrix({
    ...{ rows: 32, columns: 256, bits: 4, codes, scale, zeroPoint, groupIndex },
  });
  const packed = packLanes(layer, { step: 1, zeroPoint: 0, shift: new Uint8Array(256) });
  assertEquals(packed.memory.byteLength, 32 * 256 + 12 * 64);
});
