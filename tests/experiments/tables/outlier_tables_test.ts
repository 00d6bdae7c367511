import { assertEquals, assertStringIncludes } from "@std/assert";
import { effectTable, startTokenTable } from "../../../experiments/tables/outlier_tables.ts";
import { outlierRow, siteOf } from "../draw/outlier_row.ts";

Deno.test("effectTable() has a row for every set of tokens, and the verdict on the mechanism below", () => {
  const sites = [
    siteOf(0, { pruned: { alpha: 9 } }, false), // nothing is pruned there yet
    siteOf(1, { pruned: { alpha: 1.5 }, random: { alpha: 0.5 } }),
    siteOf(2, { pruned: { alpha: 1.25 } }),
  ];
  const { rows, notes } = effectTable(outlierRow(0.5, 1.1, sites));
  assertEquals(rows.map(([site, tokens]) => `${site}: ${tokens}`), [
    "mlp.input: survivors",
    "mlp.input: survivors, not pruned",
    "mlp.input: random survivors",
    "mlp.input: all but the first",
  ]);
  assertEquals(
    rows.map((row) => row[4]),
    [0.375, 0, -0.25, 0].map((value) => (
      { value, digits: 3 }
    )),
  );
  assertEquals(rows[0][5], { value: 0.5, low: 0.45, high: 0.55, digits: 3 });
  assertStringIncludes(
    notes![0],
    'at mlp.input": contradicted (the one error over the other 1.100 [1.090, 1.110])',
  );
});

Deno.test("startTokenTable() begins where the other tokens gain most by leaving out the first", () => {
  const sites = [
    siteOf(0),
    siteOf(1, { withoutStart: { range: 0.01234, error: 0.0001, errorBefore: 0.9 } }),
    siteOf(2, { withoutStart: { error: 0.05 } }),
  ];
  const { rows } = startTokenTable(outlierRow(1, 1, sites), 2);
  assertEquals(rows, [
    ["mlp.input", 1, 2, 0.0123, 4, 4, 0.9, 0.0001],
    ["mlp.input", 2, 2, 2, 4, 4, 0.2, 0.05],
  ]);
});
