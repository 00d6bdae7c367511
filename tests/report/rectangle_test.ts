import { assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { toCsv, toHtml, toJson, toLatex, toMarkdown, toText } from "../../lib/report/mod.ts";

for (const write of [toCsv, toHtml, toJson, toLatex, toMarkdown, toText]) {
  Deno.test(`${write.name}() refuses a row that is too short or too long`, () => {
    for (const row of [[1], [1, 2, 3]]) {
      assertThrows(
        () => write({ title: "Figure 7", columns: ["a", "b"], rows: [[1, 2], row] }),
        InputError,
        `Cannot write table "Figure 7": row 2 must have 2 cells, got ${row.length}`,
      );
    }
  });

  Deno.test(`${write.name}() refuses a table without columns`, () => {
    assertThrows(
      () => write({ title: "Figure 7", columns: [], rows: [] }),
      InputError,
      'Cannot write table "Figure 7": there must be at least one column',
    );
  });
}
