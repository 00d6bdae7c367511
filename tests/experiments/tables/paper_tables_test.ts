import { assertEquals } from "@std/assert";
import transcription from "../../../experiments/tables/paper_tables.json" with { type: "json" };
import { paperTables } from "../../../experiments/tables/paper_tables.ts";
import { methods } from "../../../lib/methods/mod.ts";

Deno.test("paperTables have as many figures in every row as columns", () => {
  for (const { columns, rows } of paperTables) {
    for (const { perplexities } of rows) assertEquals(perplexities.length, columns.length);
  }
});

Deno.test("paperTables hold the figures of paper_tables.json in order", () => {
  const { table1, table2, table3 } = transcription;
  const figures = [
    table1.rows.map(({ method, ppl }) => [method, ...ppl]),
    ...[table2, table3].map(({ rows }) =>
      rows.map(({ method, wikitext2, c4 }) => [method, ...wikitext2, ...c4])
    ),
  ];
  const ours = paperTables.map(({ rows }) =>
    rows.filter(({ origin }) => !origin).map((
      { method, perplexities },
    ) => [method, ...perplexities])
  );
  assertEquals(ours, figures);
});

Deno.test("paperTables add the rows of AgileQ-4, with the figures of table 4 where it has any", () => {
  const printed = transcription.table4.rows.filter(({ bits }) => bits === "4");
  const added = paperTables.map(({ columns, rows }) =>
    rows.filter(({ origin }) => origin).map(({ method, origin, perplexities }) => {
      const figures = columns.map((
        column,
        i,
      ): [string, number | null] => [column, perplexities[i]]);
      return [method, origin, Object.fromEntries(figures.filter(([, figure]) => figure))];
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

Deno.test("paperTables print figures where the paper does", () => {
  const [llama, opt, bloom] = paperTables;
  const figure = (table: typeof llama, method: string, column: string) =>
    table.rows.find((row) => row.method === method)!.perplexities[table.columns.indexOf(column)];
  assertEquals(figure(llama, "AgileQ-8*", "65B WikiText-2"), 3.92);
  assertEquals(figure(llama, "SqueezeLLM", "65B WikiText-2"), null);
  assertEquals(figure(opt, "RTN", "1.3B WikiText-2"), 48.17);
  assertEquals(figure(opt, "AgileQ-8", "125M C4"), 28.43);
  assertEquals(figure(bloom, "FP16", "7.1B C4"), 15.2);
});

Deno.test("paperTables measure the same eight rows in every table, as the methods describe them", () => {
  for (const { rows } of paperTables) {
    const measured = rows.flatMap(({ method, measured }) => measured ? [{ method, measured }] : []);
    assertEquals(measured.map(({ method }) => method), [
      "FP16",
      "RTN",
      "GPTQ",
      "AgileQ-8",
      "AgileQ-8*",
      "AgileQ-4",
      "AgileQ-4*",
      "AgileQ-4/8",
    ]);
    assertEquals(new Set(measured.map(({ measured }) => measured.key)).size, 8);
    for (const { method, measured: { method: name, pruning } } of measured) {
      assertEquals(methods[name].title + (pruning ? "*" : ""), method);
    }
  }
});
