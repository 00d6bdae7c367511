import { assertEquals } from "@std/assert";
import { kernelRows } from "../../../experiments/result/int4_speed.ts";
import { kernelTables } from "../../../experiments/tables/kernel_tables.ts";
import { verdictLegend } from "../../../lib/core/mod.ts";
import { toMarkdown } from "../../../lib/report/mod.ts";
import { kernelRecord, plainTimes } from "../result/kernel_fixture.ts";

Deno.test("kernelTables() have a column per depth and end with the verdicts", () => {
  const tables = kernelTables(kernelRows(kernelRecord(plainTimes)));
  assertEquals(tables.map(({ columns }) => columns.length), [3, 3, 2, 5]);
  assertEquals(tables[3].notes?.length, 4);
  for (const table of tables) assertEquals(toMarkdown(table).includes("undefined"), false);
});

Deno.test("kernelTables() says what became of each claim at each level", () => {
  const record = kernelRecord({ ...plainTimes, "float32, multiply and add": [2.5, 2] });
  const { notes } = kernelTables(kernelRows(record)).at(-1)!;
  assertEquals(notes!.slice(0, 2), [
    "no dot products: packed INT4 is 1.50 to 2.00 times as fast as int8; " +
    "the paper's 1.75: contradicted",
    "no dot products: packed INT4 is 2.00 to 2.50 times as fast as float32; " +
    "the paper's 2.55: contradicted",
  ]);
  assertEquals(notes!.at(-1), verdictLegend);
});
