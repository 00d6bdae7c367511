import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import { triangleOf } from "../../lib/format/mod.ts";
import { compensate, type CompensationOptions } from "../../lib/quant/compensate.ts";
import { weightCode, type WeightGrid, weightGrid } from "../../lib/quant/weight_grid.ts";

/** A random matrix, and a random upper triangular factor, a square, with a diagonal of 0.5..2.5. */
function problemOf(rows: number, columns: number, seed: number) {
  const { normal, uniform } = seededRandom(seed);
  const factor = Float64Array.from({ length: columns * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return column < row ? 0 : column === row ? 0.5 + 2 * uniform() : 0.3 * normal();
  });
  return { weight: Float64Array.from({ length: rows * columns }, normal), factor };
}

/** GPTQ's loop as it is defined: one column after the other, whose error all later ones take over. */
function compensateSlowly(
  weight: Float64Array,
  factor: Float64Array,
  { rows, columns, groupSize, bits, symmetric, rowGrids, name }: CompensationOptions,
) {
  const codes = new Uint8Array(rows * columns);
  const grids: WeightGrid[] = [];
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const own = weight.slice(row * columns, (row + 1) * columns);
    for (let column = 0; column < columns; column++) {
      if (column % groupSize === 0) {
        const members = own.slice(column, column + groupSize);
        grids.push(rowGrids?.[row] ?? weightGrid(members, { bits, symmetric }, "minmax", name));
      }
      const grid = grids.at(-1)!;
      const value = Math.fround(own[column]);
      const code = weightCode(value, grid, 2 ** bits - 1);
      const rounded = Math.fround(grid.scale * (code - grid.zeroPoint));
      const error = (value - rounded) / factor[column * columns + column];
      for (let later = column + 1; later < columns; later++) {
        own[later] -= error * factor[column * columns + later];
      }
      codes[row * columns + column] = code;
      loss += error ** 2 / 2;
    }
  }
  return {
    codes,
    scale: Float32Array.from(grids, ({ scale }) => scale),
    zeroPoint: Uint8Array.from(grids, ({ zeroPoint }) => zeroPoint),
    loss,
  };
}

const format = { bits: 3, symmetric: false, name: "mlp.up" };
const size = fc.integer({ min: 1, max: 12 });

/** Asserts that blocks change nothing but the order in which the loss is summed. */
function assertDefined(seed: number, options: CompensationOptions): void {
  const { weight, factor } = problemOf(options.rows, options.columns, seed);
  const { loss: expectedLoss, ...expected } = compensateSlowly(weight, factor, options);
  const { loss, ...actual } = compensate(weight, triangleOf(factor), options);
  assertEquals(actual, expected);
  assertAlmostEquals(loss, expectedLoss, 1e-12 * expectedLoss);
}

Deno.test("compensate() in blocks of any size is the loop over columns, on grids of whole rows", () => {
  fc.assert(fc.property(fc.nat(), size, size, size, (seed, rows, columns, blockSize) => {
    const rowGrids = Array.from({ length: rows }, (_, row) => (
      { scale: Math.fround(0.1 * (row + 1)), zeroPoint: row % 8 }
    ));
    const groups = { groupSize: columns, groups: 1 };
    assertDefined(seed, { ...format, ...groups, rows, columns, blockSize, rowGrids });
  }));
});

Deno.test("compensate() finds the grid of a group from what earlier groups have left of it", () => {
  const drawn = fc.tuple(fc.nat(), size, size, fc.integer({ min: 1, max: 4 }), fc.boolean());
  fc.assert(fc.property(drawn, ([seed, rows, columns, groupSize, symmetric]) => {
    const groups = Math.ceil(columns / groupSize);
    const shape = { rows, columns, groupSize, groups, blockSize: groupSize };
    assertDefined(seed, { ...format, ...shape, symmetric });
  }));
});

Deno.test("compensate() rounds alone where the factor couples no columns", () => {
  const factor = Float64Array.of(2, 0, 4);
  const rowGrids = [{ scale: 1, zeroPoint: 3 }];
  const shape = { rows: 1, columns: 2, groupSize: 2, groups: 1, blockSize: 1 };
  const weight = Float64Array.of(1.25, -0.5);
  const { codes, loss } = compensate(weight, factor, { ...format, ...shape, rowGrids });
  assertEquals(codes, Uint8Array.of(4, 3)); // 1 and, half to even, 0
  assertEquals(loss, (0.25 / 2) ** 2 / 2 + (0.5 / 4) ** 2 / 2);
});

Deno.test("compensate() says after each tile of 256 columns how far it is, and stops when told", () => {
  const { weight, factor } = problemOf(1, 600, 1);
  const options = { ...format, rows: 1, columns: 600, groupSize: 600, groups: 1, blockSize: 200 };
  const shares: number[] = [];
  compensate(weight.slice(), triangleOf(factor), options, (share) => shares.push(share));
  assertEquals(shares, [0, 0, 200 / 600]); // columns 200..599 in two tiles, 400..599 in one
  const stop = () => {
    throw new Error("stopped");
  };
  assertThrows(() => compensate(weight, triangleOf(factor), options, stop), Error, "stopped");
});

Deno.test("compensate() refuses errors that grow beyond what float64 holds", () => {
  const factor = Float64Array.of(1e-200, 1e200, 1);
  const shape = { rows: 1, columns: 2, groupSize: 2, groups: 1, blockSize: 2 };
  const rowGrids = [{ scale: 1, zeroPoint: 0 }];
  assertThrows(
    () => compensate(Float64Array.of(0.25, 1), factor, { ...format, ...shape, rowGrids }),
    InputError,
    "Cannot quantize mlp.up: the errors that columns pass on must stay finite, their loss too, got ",
  );
});
