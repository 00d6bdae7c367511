import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { multiplyByTables, quantizeTables, signedSumTables } from "../../lib/quant/mod.ts";

/** Codes of a matrix and the activations that meet it. */
const cases = fc.record({
  bits: fc.integer({ min: 1, max: 4 }),
  rows: fc.integer({ min: 1, max: 3 }),
  columns: fc.integer({ min: 1, max: 5 }).map((tables) => 4 * tables),
  seed: fc.infiniteStream(fc.nat(255)),
}).map(({ bits, rows, columns, seed }) => {
  const take = (count: number) => Array.from(seed.take(count));
  const codes = Uint8Array.from(take(rows * columns), (value) => value % 2 ** bits);
  const activations = Int8Array.from(take(columns), (value) => value - 128);
  return { weights: { bits, rows, columns, codes }, activations };
});

const sumOf = (values: Iterable<number>) => [...values].reduce((sum, each) => sum + each, 0);

/** The plain product, in float64. */
function product(codes: Uint8Array, activations: Int8Array | Float32Array): Float64Array {
  const columns = activations.length;
  return Float64Array.from({ length: codes.length / columns }, (_, row) => {
    let sum = 0;
    activations.forEach((value, i) => sum += codes[row * columns + i] * value);
    return sum;
  });
}

Deno.test("multiplyByTables() is the product of all codes of four columns with integers, exactly", () => {
  const activations = Int8Array.of(-128, 127, 3, -50);
  const tables = signedSumTables(activations);
  for (const bits of [1, 2, 3, 4]) {
    const levels = 2 ** bits;
    const rows = levels ** 4;
    const codes = Uint8Array.from(
      { length: 4 * rows },
      (_, i) => Math.floor(Math.floor(i / 4) / levels ** (i % 4)) % levels,
    );
    const weights = { rows, columns: 4, bits, codes };
    const { output } = multiplyByTables(weights, tables, sumOf(activations));
    assertEquals(output, product(codes, activations));
  }
});

Deno.test("multiplyByTables() is the integer product, exactly", () => {
  fc.assert(fc.property(cases, ({ weights, activations }) => {
    const tables = signedSumTables(activations);
    const { output } = multiplyByTables(weights, tables, sumOf(activations));
    assertEquals(output, product(weights.codes, activations));
  }));
});

Deno.test("signedSumTables() holds half of the sums with signs, the first activation always added", () => {
  assertEquals([...signedSumTables(Int8Array.of(1, 10, 20, 40))], [
    ...[-69, -49, -29, -9],
    ...[11, 31, 51, 71],
  ]);
});

Deno.test("quantizeTables() rounds to eight bits by the largest sum of magnitudes, half to even", () => {
  const tables = signedSumTables(Int8Array.of(64, 32, -16, 15)); // 127 is the largest sum
  assertEquals(quantizeTables(tables), { codes: Int8Array.from(tables), scale: 1 });
  const odd = Float32Array.of(254, 1, 3, -1, -3, 5);
  assertEquals(quantizeTables(odd), { codes: Int8Array.of(127, 0, 2, 0, -2, 2), scale: 2 });
  assertEquals(quantizeTables(new Float32Array(2)), { codes: new Int8Array(2), scale: 0 });
});

Deno.test("quantizeTables() costs a look-up at most half a step", () => {
  fc.assert(fc.property(cases, ({ weights, activations }) => {
    const floats = Float32Array.from(activations, (value) => value * 0.37);
    const { codes, scale } = quantizeTables(signedSumTables(floats));
    fc.pre(scale > 0);
    const { output } = multiplyByTables(weights, codes, sumOf(floats) / scale);
    const exact = product(weights.codes, floats);
    const lookedUp = weights.columns / 4 * (2 ** weights.bits - 1) / 2;
    output.forEach((sum, row) => {
      const off = Math.abs(sum * scale - exact[row]);
      assert(off <= scale / 2 * lookedUp * (1 + 1e-5) + 1e-3, `${off} of ${scale}`);
    });
  }));
});

Deno.test("multiplyByTables() counts what it does: look-ups for four products and a bit", () => {
  const [rows, columns, bits] = [3, 8, 2];
  const codes = new Uint8Array(rows * columns);
  const tables = signedSumTables(new Int8Array(columns));
  assertEquals(multiplyByTables({ rows, columns, bits, codes }, tables, 0).counts, {
    "look up": rows * bits * columns / 4,
    "add int32": rows * bits * (columns / 4 + 1),
    "shift int32": rows * (bits + 1),
  });
});

Deno.test("multiplyByTables() and signedSumTables() refuse what does not fit", () => {
  const weights = { rows: 1, columns: 4, bits: 2, codes: new Uint8Array(4) };
  const tables = new Float32Array(8);
  const multiply = "Cannot multiply by tables: ";
  const refused = [
    [{ ...weights, bits: 5 }, tables, "codes must have 1..4 bits, got 5"],
    [{ ...weights, columns: 8 }, tables, "there must be 8 codes, got 4"],
    [weights, new Float32Array(16), "tables must have 8 entries, got 16"],
  ] as const;
  for (const [changed, each, rule] of refused) {
    assertThrows(() => multiplyByTables(changed, each, 0), InputError, multiply + rule);
  }
  const rule = "Cannot tabulate sums: columns must be a multiple of 4, got 6";
  assertThrows(() => signedSumTables(new Int8Array(6)), InputError, rule);
});
