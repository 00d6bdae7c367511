import { assertEquals } from "@std/assert";
import { isFigure, isTable } from "../../../experiments/result/result_record.ts";

const table = (cell: unknown) => ({ title: "Table 1", columns: ["Method"], rows: [[cell]] });

Deno.test("isTable() takes cells that can be shown, and no others", () => {
  const measured = { value: 10, low: 9, high: 11, digits: 2 };
  for (const cell of [null, "FP16", 8, measured, { value: Infinity, digits: 0 }]) {
    assertEquals(isTable(table(cell)), true, JSON.stringify(cell));
  }
  const bad = [true, [], {}, { value: "10", digits: 2 }, { value: 10 }, { ...measured, low: null }];
  const digits = [-1, 2.5, 101, "2"].map((digits) => ({ value: 10, digits }));
  for (const cell of [...bad, ...digits]) {
    assertEquals(isTable(table(cell)), false, JSON.stringify(cell));
  }
  assertEquals(isTable({ ...table(8), rows: [[8, 8]] }), false);
});

Deno.test("isFigure() asks for a name", () => {
  const spec = { data: [], layout: {} };
  const figure = { name: "figure1", title: "", shows: "", agreement: "", details: [], spec };
  assertEquals([isFigure(figure), isFigure({ ...figure, name: "" })], [true, false]);
});
