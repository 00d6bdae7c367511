import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { gridOf } from "../../lib/report/grid.ts";
import {
  type TableCell,
  toCsv,
  toHtml,
  toJson,
  toLatex,
  toMarkdown,
  toText,
} from "../../lib/report/mod.ts";

const same = (text: string) => text;

Deno.test("gridOf() pads text on the right and figures on the left, to 3 characters at least", () => {
  const grid = gridOf(
    { title: "t", columns: ["x", "bits"], rows: [["a", 16], ["", null]], notes: ["n"] },
    same,
  );
  assertEquals(grid, {
    title: "t",
    head: ["x  ", "bits"],
    body: [["a  ", "  16"], ["   ", "    "]],
    numeric: [false, true],
    notes: ["n"],
  });
});

Deno.test("gridOf() writes figures with their decimals and intervals", () => {
  const cells: TableCell[] = [
    0.1,
    { value: 0.126, digits: 2 },
    { value: 2, low: 1.5, high: 2.5, digits: 1 },
    { value: 2, low: 1.5, digits: 0 },
    { value: 999999.4, digits: 0 },
    { value: -1234567, digits: 2 },
    { value: -Infinity, digits: 2 },
    { value: 1, low: -Infinity, high: NaN, digits: 1 },
  ];
  const { body } = gridOf({ title: "", columns: ["x"], rows: cells.map((cell) => [cell]) }, same);
  assertEquals(body.map(([text]) => text.trim()), [
    "0.1",
    "0.13",
    "2.0 [1.5, 2.5]",
    "2",
    "999999",
    "-1.23e+6",
    "-∞",
    "1.0 [-∞, NaN]",
  ]);
});

Deno.test("gridOf() escapes every text before it pads, and joins the lines of one", () => {
  const escape = (text: string) => text.replaceAll("&", "&amp;");
  const table = { title: "a\n & b", columns: ["&"], rows: [["c \n d"]], notes: ["&\n&"] };
  const { title, head, body, notes } = gridOf(table, escape);
  assertEquals([title, head, body, notes], ["a &amp; b", ["&amp;"], [["c d  "]], ["&amp; &amp;"]]);
});

Deno.test("gridOf() gives all cells of a column the same width in characters", () => {
  const text = fc.string({ unit: "grapheme-composite", maxLength: 12 });
  const tables = fc.integer({ min: 1, max: 4 }).chain((columns) => {
    const row = (cell: fc.Arbitrary<string | number>) =>
      fc.array(cell, { minLength: columns, maxLength: columns });
    return fc.record({
      title: text,
      columns: row(text) as fc.Arbitrary<string[]>,
      rows: fc.array(row(fc.oneof(text, fc.double())), { maxLength: 5 }),
    });
  });
  fc.assert(fc.property(tables, (table) => {
    const { head, body } = gridOf(table, same);
    for (const row of body) {
      assertEquals(row.map((cell) => [...cell].length), head.map((cell) => [...cell].length));
    }
  }));
});

for (const write of [toCsv, toHtml, toJson, toLatex, toMarkdown, toText]) {
  Deno.test(`requireRectangle() has ${write.name}() refuse a row too short or too long`, () => {
    for (const row of [[1], [1, 2, 3]]) {
      assertThrows(
        () => write({ title: "Figure 7", columns: ["a", "b"], rows: [[1, 2], row] }),
        InputError,
        `Cannot write table "Figure 7": row 2 must have 2 cells, got ${row.length}`,
      );
    }
  });

  Deno.test(`requireRectangle() has ${write.name}() refuse a table without columns`, () => {
    assertThrows(
      () => write({ title: "Figure 7", columns: [], rows: [] }),
      InputError,
      'Cannot write table "Figure 7": there must be at least one column',
    );
  });
}
