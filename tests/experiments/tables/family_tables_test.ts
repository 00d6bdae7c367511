import { assertEquals } from "@std/assert";
import transcription from "../../../experiments/tables/paper_tables.json" with { type: "json" };
import { familyTables, tablesOf } from "../../../experiments/tables/family_tables.ts";
import { tableRows } from "../../../experiments/tables/table_rows.ts";
import { methods } from "../../../lib/methods/mod.ts";

/** Those of the paper's tables, whatever further families there are. */
const ofThePaper = familyTables.filter(({ number }) => number <= 3);

Deno.test("familyTables have as many figures in every row as columns", () => {
  for (const { columns, rows } of familyTables) {
    for (const { perplexities } of rows) assertEquals(perplexities.length, columns.length);
  }
});

Deno.test("familyTables hold the figures of paper_tables.json in order", () => {
  const { table1, table2, table3 } = transcription;
  const figures = [
    table1.rows.map(({ method, ppl }) => [method, ...ppl]),
    ...[table2, table3].map(({ rows }) =>
      rows.map(({ method, wikitext2, c4 }) => [method, ...wikitext2, ...c4])
    ),
  ];
  const ours = ofThePaper.map(({ rows }) =>
    rows.filter(({ origin }) => !origin).map(({ label, perplexities }) => [label, ...perplexities])
  );
  assertEquals(ours, figures);
});

Deno.test("familyTables add the rows of AgileQ-4, with the figures of table 4 where it has any", () => {
  const printed = transcription.table4.rows.filter(({ bits }) => bits === "4");
  const added = ofThePaper.map(({ columns, rows }) =>
    rows.filter(({ label, origin }) => origin && label.startsWith("AgileQ-4")).map((
      { label, origin, perplexities },
    ) => {
      const figures = columns.map((
        column,
        i,
      ): [string, number | null] => [column, perplexities[i]]);
      return [label, origin, Object.fromEntries(figures.filter(([, figure]) => figure))];
    })
  );
  const [llama, ...opt] = printed.toReversed().map(({ ppl }) => ppl);
  assertEquals(added, [
    [
      ["AgileQ-4", "ours", {}],
      ["AgileQ-4*", "table 4", { "7B WikiText-2": llama }],
      ["AgileQ-4/8", "ours", {}],
    ],
    [
      ["AgileQ-4", "ours", {}],
      [
        "AgileQ-4*",
        "table 4",
        { "125M WikiText-2": opt[2], "1.3B WikiText-2": opt[1], "2.7B WikiText-2": opt[0] },
      ],
      ["AgileQ-4/8", "ours", {}],
    ],
    [["AgileQ-4", "ours", {}], ["AgileQ-4*", "ours", {}], ["AgileQ-4/8", "ours", {}]],
  ]);
});

Deno.test("familyTables print figures where the paper does", () => {
  const [llama, opt, bloom] = ofThePaper;
  const figure = (table: typeof llama, method: string, column: string) =>
    table.rows.find(({ label }) => label === method)!.perplexities[table.columns.indexOf(column)];
  assertEquals(figure(llama, "AgileQ-8*", "65B WikiText-2"), 3.92);
  assertEquals(figure(llama, "SqueezeLLM", "65B WikiText-2"), null);
  assertEquals(figure(opt, "RTN", "1.3B WikiText-2"), 48.17);
  assertEquals(figure(opt, "AgileQ-8", "125M C4"), 28.43);
  assertEquals(figure(bloom, "FP16", "7.1B C4"), 15.2);
});

Deno.test("familyTables measure the same rows in every table, as the methods describe them", () => {
  for (const { rows } of familyTables) {
    const measured = rows.map(({ measured }) => measured);
    const printed = rows.filter(({ origin }) => !origin).map(({ measured }) => measured);
    const own = tableRows.filter((row) => !row.printedOnly || printed.includes(row));
    assertEquals(measured.map(({ key }) => key).toSorted(), own.map(({ key }) => key).toSorted());
    for (const { label, method, pruning } of measured) {
      assertEquals(methods[method].title + (pruning ? "*" : ""), label);
    }
  }
});

Deno.test("tablesOf() gives a family that the paper does not have a table of our rows alone", () => {
  const tables = tablesOf(["mamba", "bloom", "qwen2"]);
  assertEquals(tables.map(({ key, family, title }) => [key, family, title]), [
    ["table3", "bloom", "Table 3: BLOOM perplexity"],
    ["table5", "mamba", "Table 5: mamba perplexity"],
    ["table6", "qwen2", "Table 6: qwen2 perplexity"],
  ]);
  for (const { columns, rows } of tables.slice(1)) {
    assertEquals(columns, []);
    const own = tableRows.filter(({ printedOnly }) => !printedOnly);
    assertEquals(rows.map(({ measured }) => measured), own);
    for (const { label, weight, activation, perplexities, measured, origin } of rows) {
      assertEquals({ weight, activation }, methods[measured.method].label, label);
      assertEquals([perplexities, origin], [[], undefined]);
    }
  }
});

Deno.test("tableRows have keys and labels of their own", () => {
  for (const name of ["key", "label"] as const) {
    assertEquals(new Set(tableRows.map((row) => row[name])).size, tableRows.length);
  }
});

Deno.test("familyTables have our rows beside those of the paper that they answer to, by name and weights", () => {
  const beside = ofThePaper.map(({ rows }) =>
    rows.filter(({ origin }) => !origin).map(({ measured }) => measured.key)
  );
  const agileQ = ["agileq-8", "agileq-8-pruned"];
  assertEquals(beside, [
    [
      ...["fp16", "rtn4", "gptq4", "squeezellm4", "spqr3", "mofq8"],
      ...["zeroquant-fp-int8", "zeroquant-fp-int4", "zeroquant-fp-lorc", ...agileQ],
    ],
    ["fp16", "rtn4", "gptq4", "awq4", "mofq8", "zeroquant-v2", ...agileQ],
    ["fp16", "rtn4", "gptq4", "zeroquant-v2", ...agileQ],
  ]);
});
