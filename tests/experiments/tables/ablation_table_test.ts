import { assertEquals, assertStringIncludes } from "@std/assert";
import { ablationTable } from "../../../experiments/tables/ablation_table.ts";
import { verdictLegend } from "../../../lib/core/mod.ts";
import { toMarkdown } from "../../../lib/report/mod.ts";
import { ablatedModel, evaluationOf } from "./ablated_model.ts";

Deno.test("ablationTable() holds each change against what changes nothing and pruning against its control", () => {
  const model = ablatedModel({
    "agileq-8": evaluationOf([1, 2]),
    "powers-0": evaluationOf([1.1, 2.1]),
    "pruned-start": evaluationOf([2, 3], [1.2, 2.2]),
  });
  const { title, columns, rows, notes } = ablationTable([model], ["a note"]);
  assertEquals(title.split(":")[0], "Ablations");
  assertEquals(columns, [
    "Change",
    "tiny on a text: perplexity",
    "tiny on a text: over AgileQ-8",
    "tiny on a text: survivors / control",
    "tiny on a text: KL to FP16",
  ]);
  const values = rows.map(([label, ...cells]) => [
    label,
    ...cells.map((cell) => cell && typeof cell === "object" ? cell.value.toFixed(3) : cell),
  ]);
  assertEquals(values, [
    ["AgileQ-8", "4.482", "1.000", null, "0.125"],
    ["one step per tensor (K = 0)", "4.953", "1.105", null, "0.125"],
    ["pruned by attention to the first token", "5.474", "1.221", "1.000", "0.125"],
  ]);
  assertEquals([notes![1], notes!.at(-1)], ["a note", verdictLegend]);
  const claim = '"TRIP with K = 3 loses less than one step per tensor": reproduced (';
  assertStringIncludes(notes![2], `tiny: ${claim}`);
  assertStringIncludes(toMarkdown({ title, columns, rows, notes }), "| one step per tensor");
});

Deno.test("ablationTable() says which rows one of several models refused", () => {
  const base = evaluationOf([1, 2]);
  const models = [
    ablatedModel({ "agileq-8": base, "powers-0": base }),
    ablatedModel({ "agileq-8": base }, "llama", ["powers-0"]),
    ablatedModel({ "powers-0": base }),
  ];
  const { rows } = ablationTable(models, []);
  assertEquals(rows.map((row) => row.length), [13, 13]);
  assertEquals(rows[1].slice(5, 9), ["refused", null, null, null]);
  assertEquals(rows[0].slice(9, 13), [null, null, null, null]); // not asked for
  assertEquals(rows[1][10], null);
});
