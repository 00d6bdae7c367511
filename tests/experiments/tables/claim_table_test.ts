import { assertEquals } from "@std/assert";
import {
  claimTable,
  figureName,
  listClaims,
  tableName,
} from "../../../experiments/tables/claim_table.ts";
import { verdictLegend } from "../../../lib/core/mod.ts";

const empty = { title: "Table 4: latency", columns: [], rows: [] };
const claim = { claim: "INT8 is faster", verdict: "reproduced", evidence: "1.9" };
const tables = [{
  table: empty,
  claims: [{ ...claim, level: "native" }, { ...claim, model: "opt" }],
}];
const figure = {
  ...{ name: "figure7", title: "Sparsity", verdict: "undecided" as const, agreement: "It rises." },
  ...{ shows: "", details: [], data: null, configuration: null },
  spec: { data: [], layout: { width: 1, height: 1 } },
};
const drawn = [figure, { ...figure, name: "sensitivity", verdict: undefined }];

Deno.test("listClaims() takes those of tables and of the paper's figures", () => {
  assertEquals(listClaims(tables, drawn), [
    { ...claim, where: "Table 4", against: "native" },
    { ...claim, where: "Table 4", against: "opt" },
    { where: "Figure 7", claim: "Sparsity", verdict: "undecided", evidence: "It rises." },
  ]);
});

Deno.test("claimTable() lists claims by where they stand, what they were held against and why", () => {
  const { columns, rows, notes } = claimTable(tables, drawn);
  assertEquals(columns.length, 5);
  assertEquals(rows, [
    ["Table 4", "INT8 is faster", "native", "reproduced", "1.9"],
    ["Table 4", "INT8 is faster", "opt", "reproduced", "1.9"],
    ["Figure 7", "Sparsity", "the paper's figure", "undecided", "It rises."],
  ]);
  assertEquals(notes, [verdictLegend]);
});

Deno.test("tableName() and figureName() are what a text calls them", () => {
  assertEquals(tableName(empty), "Table 4");
  assertEquals(["figure7", "figure12", "sensitivity"].map(figureName), [
    "Figure 7",
    "Figure 12",
    "Sensitivity",
  ]);
});
