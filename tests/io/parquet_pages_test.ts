import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { type ParquetChunk, readChunk } from "../../lib/io/parquet_pages.ts";
import { joined } from "../../tools/fuzz/mutations.ts";
import {
  dictionaryPage,
  encodings,
  firstPage,
  levels,
  pageBytes,
  plainTexts as texts,
  type SamplePage,
  secondPage,
} from "../../tools/fuzz/parquet_bytes.ts";
import { littleEndian } from "../../tools/fuzz/torch_samples.ts";

const { plain, dictionary: listed, deltaLength } = encodings;

/** What a chunk gives whose rows are the sixth and the two behind it. */
function read(
  pages: (SamplePage | Uint8Array)[],
  others: Partial<ParquetChunk> = {},
  limit = Infinity,
) {
  const bytes = pages.map((page) => page instanceof Uint8Array ? page : pageBytes(page));
  return readChunk({
    ...{ path: "a.parquet", column: "text", codec: "UNCOMPRESSED", isOptional: false },
    ...{ firstRow: 5, rows: 3, bytes: joined(...bytes) as Uint8Array<ArrayBuffer> },
    ...others,
  }, limit);
}

Deno.test("readChunk() reads texts that are plain or in a dictionary, in both kinds of pages", () => {
  const plainPage = firstPage(1, plain, texts("Zürich"));
  const listedPage = firstPage(2, listed, Uint8Array.of(1, 3, 0b10)); // bits of width 1, packed
  const pages = [dictionaryPage(2, texts("a", "")), listedPage, plainPage];
  assertEquals(read(pages), ["a", "", "Zürich"]);
  assertEquals(read(pages, {}, 2), ["a", ""]);
  const isOptional = true;
  const optional = firstPage(3, plain, joined(levels(6, 1), texts("a", "b", "c")));
  assertEquals(read([optional], { isOptional }), ["a", "b", "c"]);
  const newer = secondPage(3, plain, 2, joined(Uint8Array.of(6, 1), texts("a", "b", "c")));
  assertEquals(read([newer], { isOptional }), ["a", "b", "c"]);
});

for (
  const [rule, pages, others] of [
    ["row 7 must have a text in text", [
      firstPage(3, plain, joined(levels(3, 0b011), texts("a", "b"))),
    ], { isOptional: true }],
    ["a page must have at most the 3 rows that are left, got 4", [firstPage(4, plain, texts("a"))]],
    ["a page must have at most the 3 rows that are left, got -1", [
      firstPage(-1, plain, texts("a")),
    ]],
    ["a page of so few bytes must have at most 1 texts, got 3", [firstPage(3, plain, texts("a"))]],
    ["a page must not break off", [firstPage(3, plain, texts("a", "bcdef", "c").subarray(0, 14))]],
    ["a page must not break off, got 9", [firstPage(1, plain, littleEndian([9, 4], [1, 1]))]],
    ["its pages must have all of its rows", [firstPage(2, plain, texts("a", "b"))]],
    ["a dictionary must have its places, got 1", [
      dictionaryPage(1, texts("a")),
      firstPage(3, listed, Uint8Array.of(1, 6, 1)),
    ]],
    ["its texts must be PLAIN or in a dictionary", [firstPage(3, listed, Uint8Array.of(1, 6, 1))]],
    ["its texts must be PLAIN or in a dictionary", [
      firstPage(3, deltaLength, texts("a", "b", "c")),
    ]],
    ["the text of a row must be UTF-8", [firstPage(1, plain, littleEndian([1, 4], [0xff, 1]))]],
    ["a page must end within its column", [
      pageBytes(firstPage(3, plain, texts("a", "b", "c"))).subarray(0, -1),
    ]],
    ["a page of 15 bytes must not be so large, got 1000000", [
      { ...firstPage(3, plain, texts("a", "b", "c")), size: 1_000_000 },
    ], { codec: "SNAPPY" }],
    ["the levels of a page must end within it, got [0,99]", [secondPage(3, plain, 99, texts("a"))]],
    ["a page must be of data or a dictionary", [{
      kind: 1,
      own: [6, { struct: [] }],
      bytes: texts("a"),
    }]],
  ] as [rule: string, pages: (SamplePage | Uint8Array)[], others?: Partial<ParquetChunk>][]
) {
  Deno.test(`readChunk() refuses where ${rule} is broken by ${pages.length} pages`, () => {
    assertThrows(() => read(pages, others), InputError, `Cannot read a.parquet: ${rule}`);
  });
}
