import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { type AffineCodes, affineMatrix } from "../../lib/format/mod.ts";
import { type IntegerWeight, packWeight, useBackend } from "../../lib/tensor/mod.ts";

await useBackend("agile");

/** One row of five columns in two groups that interleave. */
const codes: AffineCodes = {
  ...{ rows: 1, columns: 5, bits: 4 },
  codes: Uint8Array.of(1, 2, 3, 4, 5),
  scale: Float32Array.of(0.5, 0.25),
  zeroPoint: Uint8Array.of(7, 3),
  groupIndex: Int32Array.of(0, 1, 0, 1, 0),
};
const weight = affineMatrix(codes);

/** A chain of places: its codes as [row][place], the columns there, and its factor. */
interface ReadChain {
  columns: number[];
  codes: number[][];
  factor: number;
}

/** Reads a weight as `assembly/integer_weight.ts` describes it, and frees it. */
function read({ memory, columns }: IntegerWeight) {
  const words = memory.dataSync<"int32">() as Int32Array;
  memory.dispose();
  const [rows, paddedRows, places, bits, blocks, panelBytes] = words;
  const [blockStart, chainStart, orderStart, ...gridStarts] = words.subarray(6, 13);
  const [scaleStart, zeroStart, sumStart, codeStart] = gridStarts;
  const sumBytes = words[13];
  const view = new DataView(words.buffer, words.byteOffset);
  const bytes = new Uint8Array(words.buffer, words.byteOffset, 4 * words.length);
  const halfByte = (panel: number, at: number) => {
    const byte = bytes[codeStart + panel * panelBytes + at % panelBytes];
    return at < panelBytes ? byte & 15 : byte >> 4;
  };
  const code = (row: number, place: number, weightAt: number) => {
    const at = weightAt + Math.floor(place / 4) * 32 + row % 8 * 4 + place % 4;
    const panel = Math.floor(row / 8);
    return bits === 4
      ? halfByte(panel, at)
      : halfByte(panel, at) + 16 * halfByte(panel, at + panelBytes);
  };
  let chain = chainStart / 4;
  return Array.from({ length: blocks }, (_, block) => {
    const [count, factors, place, depth] = words.subarray(blockStart / 4 + 4 * block);
    const chains = Array.from({ length: count }, (): ReadChain => {
      const [activation, weightAt, steps, factor] = words.subarray(chain);
      chain += 4;
      const own = Array.from({ length: 4 * steps }, (_, i) => i);
      return {
        columns: own.map((i) => words[orderStart / 4 + activation + i] / 4)
          .map((column) => column === columns ? -1 : column),
        codes: Array.from({ length: rows }, (_, row) => own.map((i) => code(row, i, weightAt))),
        factor,
      };
    });
    const grids = (start: number, width: number) =>
      Array.from({ length: rows }, (_, row) => start + width * (block * paddedRows + row));
    return {
      ...{ factors, place, depth, places, chains },
      scale: grids(scaleStart, 4).map((at) =>
        new Float32Array(bytes.buffer, bytes.byteOffset + at, 1)[0]
      ),
      zeroPoint: grids(zeroStart, 1).map((at) => bytes[at]),
      sum: grids(sumStart, sumBytes).map((at) =>
        sumBytes === 2 ? view.getInt16(at, true) : view.getInt32(at, true)
      ),
    };
  });
}

Deno.test("packWeight() gathers groups and gives powers of two chains of their own", () => {
  const shift = Uint8Array.of(0, 1, 2, 3, 0);
  const packed = packWeight(weight, { step: 2, shift });
  assertEquals([packed.bits, packed.blocks, packed.places], [4, 2, 16]);
  const [first, second] = read(packed);
  assertEquals(first.chains, [
    { columns: [0, 4, -1, -1], codes: [[1, 5, 0, 0]], factor: 1 },
    { columns: [2, -1, -1, -1], codes: [[3, 0, 0, 0]], factor: 4 },
  ]);
  assertEquals([first.factors, first.place, first.depth], [6, 0, 8]);
  assertEquals([first.scale, first.zeroPoint], [[1], [7]]);
  assertEquals(first.sum, [(1 - 7) + (5 - 7) + 4 * (3 - 7)]);
  assertEquals(second.chains.map(({ columns, factor }) => [columns[0], factor]), [[1, 2], [3, 8]]);
  assertEquals([second.factors, second.place, second.depth], [10, 8, 8]);
  assertEquals([second.scale, second.zeroPoint], [[0.5], [3]]);
});

Deno.test("packWeight() gives powers beyond 2^3, and those of 8-bit weights, blocks of their own", () => {
  const [shift, wide] = [Uint8Array.of(0, 1, 2, 1, 0), Uint8Array.of(0, 4, 0, 0, 0)];
  const bytes = affineMatrix({ ...codes, bits: 8, codes: Uint8Array.of(1, 2, 3, 4, 200) });
  const packed = packWeight(bytes, { step: 2, shift });
  assertEquals(packed.bits, 8);
  const blocks = read(packed);
  assertEquals(blocks.map(({ scale }) => scale), [[1], [4], [1]]);
  assertEquals(blocks.map(({ chains }) => chains.map(({ factor }) => factor)), [[1], [1], [1]]);
  assertEquals(blocks[0].chains[0], {
    columns: [0, 4, -1, -1],
    codes: [[1, 200, 0, 0]],
    factor: 1,
  });
  assertEquals(
    read(packWeight(weight, { step: 2, shift: wide })).map(({ chains }) => chains[0].columns),
    [[0, 2, 4, -1], [3, -1, -1, -1], [1, -1, -1, -1, -1, -1, -1, -1]],
  );
});

Deno.test("packWeight() keeps every code, at most eight steps to a chain", () => {
  const sizes = fc.record({
    rows: fc.integer({ min: 1, max: 19 }),
    columns: fc.integer({ min: 1, max: 150 }),
    groups: fc.integer({ min: 1, max: 3 }),
    bits: fc.constantFrom(2, 3, 4, 5, 8),
    furthest: fc.integer({ min: 0, max: 8 }),
  });
  fc.assert(fc.property(sizes, fc.gen(), ({ rows, columns, groups, bits, furthest }, draw) => {
    const highest = 2 ** bits - 1;
    const bytes = (length: number, max: number) =>
      draw(fc.uint8Array, { minLength: length, maxLength: length, max });
    const codes = bytes(rows * columns, highest);
    const groupIndex = Int32Array.from(bytes(columns, groups - 1));
    const shift = bytes(columns, furthest);
    const scale = new Float32Array(rows * groups).fill(1);
    const zeroPoint = bytes(rows * groups, highest);
    const weight = affineMatrix({ rows, columns, bits, codes, scale, zeroPoint, groupIndex });
    const packed = packWeight(weight, { step: 1, shift });
    assertEquals(packed.bits, bits <= 4 ? 4 : 8);
    assert(bits > 4 || packed.places % 8 === 0, "halves of whole steps");
    const seen = new Int32Array(columns);
    for (const { chains, scale, zeroPoint: zeros, sum } of read(packed)) {
      sum.forEach((found, row) => {
        const terms = chains.flatMap(({ columns: own, codes: rowsOfCodes, factor }) =>
          own.map((column, i) => column < 0 ? 0 : factor * (rowsOfCodes[row][i] - zeros[row]))
        );
        assertEquals(found, terms.reduce((total, term) => total + term, 0));
      });
      for (const { columns: own, codes: rowsOfCodes, factor } of chains) {
        assert(own.length <= 32);
        own.forEach((column, i) => {
          rowsOfCodes.forEach((found, row) => {
            const expected = column < 0 ? 0 : codes[row * columns + column];
            assertEquals(found[i], expected);
            if (column < 0) return;
            assertEquals(scale[row] * factor, 2 ** shift[column]);
            assertEquals(zeros[row], zeroPoint[row * groups + groupIndex[column]]);
          });
          if (column >= 0) seen[column]++;
        });
      }
    }
    assert(seen.every((times) => times === 1));
  }));
});

Deno.test("packWeight() takes scales of F16 for the numbers they are", () => {
  const halves = affineMatrix({ ...codes, scale: Float16Array.from(codes.scale) });
  const grid = { step: 0.5, shift: new Uint8Array(5) };
  assertEquals(read(packWeight(halves, grid)), read(packWeight(weight, grid)));
});

Deno.test("packWeight() refuses a shift too few, float zero points and blocks too deep", () => {
  assertThrows(
    () => packWeight(weight, { step: 1, shift: new Uint8Array(4) }),
    InputError,
    "Cannot pack a weight: it needs 5 shifts, got 4",
  );
  const floats = affineMatrix({ ...codes, zeroPoint: Float32Array.of(7.5, 3) });
  assertThrows(
    () => packWeight(floats, { step: 1, shift: new Uint8Array(5) }),
    InputError,
    "Cannot pack a weight: its zero points must be integers, got [7.5,3]",
  );
  const columns = 32769;
  const wide = affineMatrix({
    ...{ rows: 1, columns, bits: 4, codes: new Uint8Array(columns) },
    ...{ scale: Float32Array.of(1), zeroPoint: Uint8Array.of(0) },
  });
  assertThrows(
    () => packWeight(wide, { step: 1, shift: new Uint8Array(columns) }),
    InputError,
    "Cannot pack a weight: at most 32768 columns may be summed up, got 32769",
  );
});
