import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { type ParquetChunk, readChunk } from "../../lib/io/parquet_pages.ts";
import { joined } from "../../tools/fuzz/mutations.ts";
import { littleEndian } from "../../tools/fuzz/torch_samples.ts";

/** Numbers of Parquet's for kinds of pages and ways to write values. */
const [firstPage, dictionaryPage, secondPage] = [0, 2, 3];
const [plain, rle, listed] = [0, 3, 8];

/** A struct of Thrift's compact protocol whose fields are numbers or structs, in the order of their numbers. */
type Fields = [field: number, value: number | Fields][];

function struct(fields: Fields): number[] {
  let before = 0;
  const bytes = fields.flatMap(([field, value]) => {
    const step = (field - before) * 16;
    before = field;
    return typeof value === "number"
      ? [step + 5, ...varint(value < 0 ? -2 * value - 1 : 2 * value)]
      : [step + 12, ...struct(value)];
  });
  return [...bytes, 0];
}

function varint(value: number): number[] {
  const rest = Math.floor(value / 128);
  return rest === 0 ? [value] : [value % 128 + 128, ...varint(rest)];
}

/** A page, what its header says of it included. */
function page(kind: number, own: [field: number, Fields], bytes: Uint8Array, size?: number) {
  const sizes: Fields = [[2, size ?? bytes.length], [3, bytes.length]];
  return joined(Uint8Array.from(struct([[1, kind], ...sizes, own])), bytes);
}

const utf8 = new TextEncoder();
const texts = (...list: string[]) =>
  joined(
    ...list.flatMap((text) => [littleEndian([utf8.encode(text).length, 4]), utf8.encode(text)]),
  );
const levels = (bytes: number[]) => joined(littleEndian([bytes.length, 4]), Uint8Array.from(bytes));
const first = (count: number, encoding: number, bytes: Uint8Array, size?: number) =>
  page(firstPage, [5, [[1, count], [2, encoding], [3, rle], [4, rle]]], bytes, size);
const dictionary = (count: number, bytes: Uint8Array) =>
  page(dictionaryPage, [7, [[1, count], [2, plain]]], bytes);
const second = (count: number, lengths: number, encoding: number, bytes: Uint8Array) =>
  page(
    secondPage,
    [8, [[1, count], [2, 0], [3, count], [4, encoding], [5, lengths], [6, 0]]],
    bytes,
  );

function read(pages: Uint8Array[], others: Partial<ParquetChunk> = {}, limit = Infinity) {
  return readChunk({
    ...{ path: "a.parquet", column: "text", codec: "UNCOMPRESSED", isOptional: false },
    ...{ firstRow: 5, rows: 3, bytes: joined(...pages) as Uint8Array<ArrayBuffer> },
    ...others,
  }, limit);
}

Deno.test("readChunk() reads texts that are plain or in a dictionary, in both kinds of pages", () => {
  const plainPage = first(1, plain, texts("Zürich"));
  const listedPage = first(2, listed, Uint8Array.of(1, 3, 0b10)); // bits of width 1, packed
  const pages = [dictionary(2, texts("a", "")), listedPage, plainPage];
  assertEquals(read(pages), ["a", "", "Zürich"]);
  assertEquals(read(pages, {}, 2), ["a", ""]);
  const isOptional = true;
  const optional = first(3, plain, joined(levels([6, 1]), texts("a", "b", "c")));
  assertEquals(read([optional], { isOptional }), ["a", "b", "c"]);
  const newer = second(3, 2, plain, joined(Uint8Array.of(6, 1), texts("a", "b", "c")));
  assertEquals(read([newer], { isOptional }), ["a", "b", "c"]);
});

for (
  const [rule, pages, others] of [
    ["row 7 must have a text in text", [
      first(3, plain, joined(levels([3, 0b011]), texts("a", "b"))),
    ], { isOptional: true }],
    ["a page must have at most the 3 rows that are left, got 4", [first(4, plain, texts("a"))]],
    ["a page must have at most the 3 rows that are left, got -1", [first(-1, plain, texts("a"))]],
    ["a page of so few bytes must have at most 1 texts, got 3", [first(3, plain, texts("a"))]],
    ["a page must not break off", [first(3, plain, texts("a", "bcdef", "c").subarray(0, 14))]],
    ["a page must not break off, got 9", [first(1, plain, littleEndian([9, 4], [1, 1]))]],
    ["its pages must have all of its rows", [first(2, plain, texts("a", "b"))]],
    ["a dictionary must have its places, got 1", [
      dictionary(1, texts("a")),
      first(3, listed, Uint8Array.of(1, 6, 1)),
    ]],
    ["its texts must be PLAIN or in a dictionary", [first(3, listed, Uint8Array.of(1, 6, 1))]],
    ["its texts must be PLAIN or in a dictionary", [first(3, 6, texts("a", "b", "c"))]],
    ["the text of a row must be UTF-8", [first(1, plain, littleEndian([1, 4], [0xff, 1]))]],
    ["a page must end within its column", [first(3, plain, texts("a", "b", "c")).subarray(0, -1)]],
    ["a page of 15 bytes must not be so large, got 1000000", [
      first(3, plain, texts("a", "b", "c"), 1_000_000),
    ], { codec: "SNAPPY" }],
    ["the levels of a page must end within it, got [0,99]", [second(3, 99, plain, texts("a"))]],
    ["a page must be of data or a dictionary", [page(1, [6, []], texts("a"))]],
  ] as [rule: string, pages: Uint8Array[], others?: Partial<ParquetChunk>][]
) {
  Deno.test(`readChunk() refuses where ${rule} is broken by ${pages.length} pages`, () => {
    assertThrows(() => read(pages, others), InputError, `Cannot read a.parquet: ${rule}`);
  });
}
