import { assert, assertEquals, assertMatch } from "@std/assert";
import { familyTables, tablesOf } from "../../../experiments/tables/family_tables.ts";
import { namedTables } from "../../../experiments/tables/named_tables.ts";
import { renderTable } from "../../../experiments/tables/render.ts";
import { toCsv, toMarkdown } from "../../../lib/report/mod.ts";
import { measuredModel, readingOf } from "../measure/tiny_subject.ts";

const model = measuredModel({
  survivors: readingOf([1, 2]),
  denseOnSurvivors: readingOf([2, 3]),
  allPositions: readingOf([3, 4]),
});
const table = renderTable(familyTables[0], [model], ["a note"]);
const rowOf = (method: string) => table.rows.find(([name]) => name === method)!;

Deno.test("renderTable() puts the columns of a model, which name their text, before the paper's", () => {
  assertEquals(table.title, "Table 1: LLaMA perplexity");
  assertEquals(table.columns, [
    ...["Method", "Weight", "Activation"],
    "tiny on the synthetic encyclopedia: perplexity (survivors)",
    "tiny on the synthetic encyclopedia: denseOnSurvivors",
    "tiny on the synthetic encyclopedia: allPositions",
    "tiny on the synthetic encyclopedia: KL to FP",
    "tiny on the synthetic encyclopedia: top-1 agreement",
    "the paper on WikiText-2: 7B",
    "the paper on WikiText-2: 13B",
    "the paper on WikiText-2: 30B",
    "the paper on WikiText-2: 65B",
  ]);
  assertEquals(table.notes?.at(-1), "a note");
});

Deno.test("renderTable() names the paper's texts in the headings of its own columns alone", () => {
  for (const paper of tablesOf(["llama", "opt", "bloom", "further"])) {
    const { title, columns } = renderTable(paper, [model], []);
    const naming = [title, ...columns].filter((text) => /WikiText|C4/.test(text));
    assertEquals(naming.length, paper.columns.length);
    for (const heading of naming) {
      assertMatch(heading, /^the paper on (WikiText-2|C4): [\d.]+[MB]$/);
    }
  }
});

Deno.test("renderTable() says what rows and columns mean in whole sentences", () => {
  const [paper, further] = tablesOf(["llama", "further"]).map((table) =>
    renderTable(table, [model], []).notes![0]
  );
  assert(further.startsWith("survivors: scored on"), further);
  assert(further.endsWith(" intervals are 95 %. In AgileQ-4/8 half of the tokens take four bits"));
  assert(paper.endsWith(" table; in AgileQ-4/8 half of the tokens take four bits"), paper);
});

Deno.test("renderTable() says what the products of formats take, and nothing of them in other tables", () => {
  const [rivals, formats] = namedTables.map((table) => renderTable(table, [model], []));
  assertEquals(rivals.columns.includes("Operations per product"), false);
  assertEquals(formats.columns[3], "Operations per product");
  assertEquals(formats.rows[0][3], "multiply float16, add float32");
  assert(formats.rows.every(({ length }) => length === formats.columns.length));
  assertMatch(formats.notes![1], /^operations per product: /);
});

Deno.test("renderTable() keeps the order of the paper's rows, with ours behind them", () => {
  assertEquals(table.rows.map(([method]) => method), [
    ...["FP16", "RTN", "GPTQ", "SqueezeLLM", "SpQR", "MoFQ8"],
    ...["ZeroQuant-FP", "ZeroQuant-FP", "ZeroQuant-FP + LoRC"],
    ...["AgileQ-8", "AgileQ-8*", "FP16* (ours)", "AWQ (ours)"],
    ...["AgileQ-8 activations (ours)", "AgileQ-8 activations* (ours)"],
    "AgileQ-8, eq. 3 as printed (ours)",
    ...["AgileQ-4 (ours)", "AgileQ-4* (table 4)", "AgileQ-4/8 (ours)"],
  ]);
});

Deno.test("renderTable() shows the three readings of a pruned row, with their intervals", () => {
  const [survivors, dense, all, divergence, agreement] = rowOf("AgileQ-8*").slice(3);
  assertEquals(survivors, { ...readingOf([1, 2]).perplexity, digits: 3 });
  assertEquals(dense, { ...readingOf([2, 3]).perplexity, digits: 3 });
  assertEquals(all, { ...readingOf([3, 4]).perplexity, digits: 3 });
  assertEquals([divergence, agreement], [
    { value: 0.125, digits: 4 },
    { value: 0.75, digits: 4 },
  ]);
});

Deno.test("renderTable() leaves empty what there is not", () => {
  assertEquals(rowOf("AgileQ-8").slice(4, 6), [null, null]);
  assertEquals(rowOf("AgileQ-4 (ours)").slice(8), Array(4).fill(null));
  const [mixed, more] = rowOf("MoFQ8").slice(8);
  assertEquals([mixed, more].map((cell) => (cell as { value: number }).value), [6.49, 5.41]);
  const { mofq8: _mofq8, ...cells } = model.cells;
  const { rows } = renderTable(familyTables[0], [{ ...model, cells }], []);
  const unasked = rows.find(([name]) => name === "MoFQ8")!;
  assertEquals(unasked.slice(3), [...Array(5).fill(null), ...rowOf("MoFQ8").slice(8)]);
});

Deno.test("renderTable() gives tables that can be written, for any number of models", () => {
  for (const models of [[], [model], [model, model]]) {
    for (const paper of tablesOf(["llama", "opt", "bloom", "further"])) {
      const rendered = renderTable(paper, models, []);
      assertEquals(rendered.rows.length, paper.rows.length);
      assertEquals(toCsv(rendered).split("\r\n").length, paper.rows.length + 2);
      assertEquals(toMarkdown(rendered).includes("undefined"), false);
    }
  }
});

/** The model as if its weights were dequantized. */
const dequantized = {
  ...model,
  title: "again",
  storage: { ...model.storage, forms: ["Q4_1", "Q6_K"] },
};
const beforePaper = (row: readonly unknown[]) => row.slice(3, 13).map((cell) => cell !== null);

Deno.test("renderTable() gives models that are dequantized rows of their own, which say so", () => {
  const { rows, columns } = renderTable(familyTables[0], [model, dequantized], []);
  const again = rows.slice(19, 38);
  assertEquals(again.map((row) => row.slice(0, 3)), [
    ["Dequantized Q4_1, Q6_K", "Q4_1, Q6_K", "FP16"],
    ["RTN", "Q4_1, Q6_K, then INT4", "FP16"],
    ["GPTQ", "Q4_1, Q6_K, then INT4", "FP16"],
    ["SqueezeLLM", "Q4_1, Q6_K, then INT4", "FP16"],
    ["SpQR", "Q4_1, Q6_K, then INT3", "FP16"],
    ["MoFQ8", "Q4_1, Q6_K, then FP8/INT8 mixed", "FP8/INT8 mixed"],
    ["ZeroQuant-FP", "Q4_1, Q6_K, then INT8", "INT8"],
    ["ZeroQuant-FP", "Q4_1, Q6_K, then INT4", "INT8"],
    ["ZeroQuant-FP + LoRC", "Q4_1, Q6_K, then INT4", "INT8"],
    ["AgileQ-8", "Q4_1, Q6_K, then INT4", "INT8"],
    ["AgileQ-8*", "Q4_1, Q6_K, then INT4", "INT8"],
    ["Dequantized Q4_1, Q6_K* (ours)", "Q4_1, Q6_K", "FP16"],
    ["AWQ (ours)", "Q4_1, Q6_K, then INT4", "FP16"],
    ["AgileQ-8 activations (ours)", "Q4_1, Q6_K", "INT8"],
    ["AgileQ-8 activations* (ours)", "Q4_1, Q6_K", "INT8"],
    ["AgileQ-8, eq. 3 as printed (ours)", "Q4_1, Q6_K, then INT4", "INT8"],
    ["AgileQ-4 (ours)", "Q4_1, Q6_K, then INT4", "INT4"],
    ["AgileQ-4* (table 4)", "Q4_1, Q6_K, then INT4", "INT4"],
    ["AgileQ-4/8 (ours)", "Q4_1, Q6_K, then INT4", "INT4, INT8"],
  ]);
  const [none, some] = [Array(5).fill(false), [true, false, false, true, true]];
  assertEquals(beforePaper(rows[0]), [...some, ...none]);
  assertEquals(beforePaper(again[0]), [...none, ...some]);
  assertEquals(again.map((row) => row.slice(13)), Array(19).fill(Array(4).fill(null)));
  assertEquals(columns.slice(6, 12).filter((name) => name.includes("KL")), [
    "tiny on the synthetic encyclopedia: KL to FP",
    "again: KL to dequantized Q4_1, Q6_K",
  ]);
});

Deno.test("renderTable() has no rows of floats where neither model nor paper is of floats", () => {
  const [further] = tablesOf(["further"]);
  const methodsOf = (...models: typeof model[]) =>
    renderTable(further, models, []).rows.map(([method]) => method);
  assertEquals(methodsOf(dequantized).slice(0, 3), [
    "Dequantized Q4_1, Q6_K",
    "Dequantized Q4_1, Q6_K*",
    "RTN",
  ]);
  assertEquals(methodsOf(dequantized).length, methodsOf(model).length);
  assertEquals(methodsOf(dequantized, model).length, 2 * methodsOf(model).length);
});

Deno.test("renderTable() says in the row of a model that it was refused, and in no other", () => {
  const { fp16: _fp16, rtn4: _rtn4, ...cells } = dequantized.cells;
  const refusing = { ...dequantized, cells, refusals: { fp16: "too small" } };
  const { rows } = renderTable(familyTables[0], [model, refusing], []);
  assertEquals([rows[0][8], rows[19][8]], [null, "refused"]);
});

Deno.test("renderTable() leaves out what is neither measured nor in the paper", () => {
  const { fp16, gptq4 } = dequantized.cells;
  const few = { ...dequantized, cells: { fp16, gptq4 }, refusals: { "awq4": "too small" } };
  const { rows } = renderTable(familyTables[0], [few], []);
  assertEquals(rows.slice(0, 15).map(([method]) => method), [
    ...["FP16", "RTN", "GPTQ", "SqueezeLLM", "SpQR", "MoFQ8"],
    ...["ZeroQuant-FP", "ZeroQuant-FP", "ZeroQuant-FP + LoRC"],
    ...["AgileQ-8", "AgileQ-8*", "AgileQ-4* (table 4)"],
    ...["Dequantized Q4_1, Q6_K", "GPTQ", "AWQ (ours)"],
  ]);
});
