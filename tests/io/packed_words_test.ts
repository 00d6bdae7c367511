import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { bytesOf, packRows, transposed, unpackRows } from "../../lib/io/packed_words.ts";

Deno.test("transposed() swaps rows and columns of any kind of values", () => {
  assertEquals(transposed(Int32Array.of(1, 2, 3, 4, 5, 6), 2, 3), Int32Array.of(1, 4, 2, 5, 3, 6));
  assertEquals(transposed(Float32Array.of(0.5, 2), 1, 2), Float32Array.of(0.5, 2));
  assertEquals(transposed(new Uint8Array(), 0, 3), new Uint8Array());
  const [rows, columns] = [150, 7];
  const many = Int32Array.from({ length: rows * columns }, (_, i) => i);
  const expected = many.map((i) => i % rows * columns + Math.floor(i / rows));
  assertEquals(transposed(many, rows, columns), expected);
});

Deno.test("bytesOf() has the lowest byte of a word first", () => {
  const words = Int32Array.of(7, -2, 0x04030201).subarray(1);
  assertEquals(bytesOf(words), Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 1, 2, 3, 4));
});

const rows = fc.record({
  bits: fc.constantFrom(2, 3, 4, 8),
  columns: fc.integer({ min: 1, max: 50 }),
  count: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(255),
});

Deno.test("unpackRows() reads fields bit by bit, across words, a row from its first word on", () => {
  fc.assert(fc.property(rows, ({ bits, columns, count, seed }) => {
    const perRow = Math.ceil(columns * bits / 32);
    const words = Int32Array.from(
      { length: count * perRow },
      (_, i) => Math.imul(i + seed, 0x9e3779b1),
    );
    const expected = Array.from({ length: count * columns }, (_, at) => {
      const first = perRow * 32 * Math.floor(at / columns) + bits * (at % columns);
      const bit = (place: number) => words[Math.floor(place / 32)] >>> place % 32 & 1;
      return Array.from({ length: bits }, (_, i) => bit(first + i) << i).reduce((a, b) => a | b);
    });
    assertEquals([...unpackRows(words, count, bits, columns)], expected);
  }));
});

Deno.test("packRows() is undone by unpackRows(), and leaves what is left of a word empty", () => {
  fc.assert(fc.property(rows, ({ bits, columns, count, seed }) => {
    const codes = Uint8Array.from(
      { length: count * columns },
      (_, i) => Math.imul(i + seed, 0x9e3779b1) >>> 32 - bits,
    );
    assertEquals(unpackRows(packRows(codes, count, bits), count, bits, columns), codes);
  }));
  assertEquals(packRows(Uint8Array.of(7, 7, 1, 2), 2, 3), Int32Array.of(0b111111, 0b010001));
});
