import { assertEquals } from "@std/assert";
import { renderTable } from "../../experiments/render.ts";
import { paperTables } from "../../experiments/tables.ts";
import { toCsv, toMarkdown } from "../../lib/report/mod.ts";
import { measuredModel, readingOf } from "./tiny_subject.ts";

const model = measuredModel({
  survivors: readingOf([1, 2]),
  denseOnSurvivors: readingOf([2, 3]),
  allPositions: readingOf([3, 4]),
});
const table = renderTable(paperTables[0], [model], ["a note"]);
const rowOf = (method: string) => table.rows.find(([name]) => name === method)!;

Deno.test("renderTable() puts five columns per model beside the paper's", () => {
  assertEquals(table.title, "Table 1: LLaMA, WikiText-2 perplexity");
  assertEquals(table.columns.slice(3, 7), [
    "paper 7B WikiText-2",
    "paper 13B WikiText-2",
    "paper 30B WikiText-2",
    "paper 65B WikiText-2",
  ]);
  assertEquals(table.columns.slice(7), [
    "tiny perplexity (survivors)",
    "tiny denseOnSurvivors",
    "tiny allPositions",
    "tiny KL to FP",
    "tiny top-1 agreement",
  ]);
  assertEquals(table.notes?.at(-1), "a note");
});

Deno.test("renderTable() shows the three readings of a pruned row, with their intervals", () => {
  const [survivors, dense, all, divergence, agreement] = rowOf("AgileQ-8*").slice(7);
  assertEquals(survivors, { ...readingOf([1, 2]).perplexity, digits: 3 });
  assertEquals(dense, { ...readingOf([2, 3]).perplexity, digits: 3 });
  assertEquals(all, { ...readingOf([3, 4]).perplexity, digits: 3 });
  assertEquals([divergence, agreement], [
    { value: 0.125, digits: 4 },
    { value: 0.75, digits: 4 },
  ]);
});

Deno.test("renderTable() leaves empty what there is not", () => {
  assertEquals(rowOf("AgileQ-8").slice(8, 10), [null, null]);
  assertEquals(rowOf("SqueezeLLM").slice(6), Array(6).fill(null));
  assertEquals(rowOf("SqueezeLLM").slice(3, 5).map((cell) => (cell as { value: number }).value), [
    5.79,
    5.18,
  ]);
});

Deno.test("renderTable() gives tables that can be written, for any number of models", () => {
  for (const models of [[], [model], [model, model]]) {
    for (const paper of paperTables) {
      const rendered = renderTable(paper, models, []);
      assertEquals(rendered.rows.length, paper.rows.length);
      assertEquals(toCsv(rendered).split("\r\n").length, paper.rows.length + 2);
      assertEquals(toMarkdown(rendered).includes("undefined"), false);
    }
  }
});
