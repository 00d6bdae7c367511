import { assertEquals } from "@std/assert";
import { claimTable } from "../../../experiments/tables/claim_table.ts";
import { verdictLegend } from "../../../lib/core/mod.ts";

Deno.test("claimTable() lists claims by where they stand, what they were held against and why", () => {
  const empty = { title: "Table 4: latency", columns: [], rows: [] };
  const claim = { claim: "INT8 is faster", verdict: "reproduced", evidence: "1.9" };
  const figure = {
    ...{
      name: "figure7",
      title: "Sparsity",
      shows: "",
      agreement: "It rises.",
      details: [],
      data: null,
    },
    ...{
      verdict: "undecided" as const,
      spec: { data: [], layout: { width: 1, height: 1 } },
      configuration: null,
    },
  };
  const { columns, rows, notes } = claimTable(
    [{ table: empty, claims: [{ ...claim, level: "native" }, { ...claim, model: "opt" }] }],
    [figure, { ...figure, name: "sensitivity", verdict: undefined }],
  );
  assertEquals(columns.length, 5);
  assertEquals(rows, [
    ["Table 4", "INT8 is faster", "native", "reproduced", "1.9"],
    ["Table 4", "INT8 is faster", "opt", "reproduced", "1.9"],
    ["Figure 7", "Sparsity", "the paper's figure", "undecided", "It rises."],
  ]);
  assertEquals(notes, [verdictLegend]);
});
