import { assertEquals, assertStringIncludes } from "@std/assert";
import { paperLossTable } from "../../../experiments/tables/relative_perplexity.ts";

Deno.test("paperLossTable() holds the paper's claim against its own figures", () => {
  const { rows, notes } = paperLossTable();
  assertEquals(rows.map(([family, figures, , , below]) => [family, figures, below]), [
    ["llama", 4, 2],
    ["opt", 12, 11],
    ["bloom", 10, 10],
  ]);
  // OPT-125M on WikiText-2: 31.52 / 27.65.
  assertEquals(rows[1][3], { value: 100 * (31.52 / 27.65 - 1), digits: 1 });
  assertStringIncludes(notes![1], "contradicted (11 of 12)");
  assertStringIncludes(notes![2], "reproduced (10 of 10)");
});
