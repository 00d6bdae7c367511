import { assertEquals } from "@std/assert";
import type { Evaluation } from "../../../experiments/measure/evaluation.ts";
import { ablationRows } from "../../../experiments/tables/ablation_rows.ts";
import { judgeAblations } from "../../../experiments/tables/judge_ablations.ts";
import { ablatedModel, evaluationOf } from "./ablated_model.ts";

/** The verdicts by the first words of the claims. */
function verdicts(rows: Record<string, Evaluation>, family: "llama" | "opt" = "llama") {
  return judgeAblations(ablatedModel(rows, family)).map(({ verdict, evidence }) => (
    `${verdict}: ${evidence}`
  ));
}

Deno.test("judgeAblations() judges what was measured, from intervals on the same windows", () => {
  assertEquals(verdicts({ "agileq-8": evaluationOf([1, 2]) }), []);
  const base = { "agileq-8": evaluationOf([1, 2]) };
  assertEquals(verdicts({ ...base, "powers-0": evaluationOf([1.1, 2.1]) }), [
    "reproduced: agileq-8 / powers-0 = 0.9048 [0.9048, 0.9048]",
  ]);
  assertEquals(verdicts({ ...base, "powers-0": evaluationOf([0.9, 1.9]) }), [
    "contradicted: agileq-8 / powers-0 = 1.1052 [1.1052, 1.1052]",
  ]);
  assertEquals(verdicts({ ...base, "powers-0": evaluationOf([0.9, 2.1]) }), [
    "undecided: agileq-8 / powers-0 = 1.0000 [0.9048, 1.1052]",
  ]);
  assertEquals(verdicts({ ...base, "powers-6": evaluationOf([1, 2]) }), [
    "reproduced: agileq-8 / powers-6 = 1.0000 [1.0000, 1.0000]",
  ]);
});

Deno.test("judgeAblations() reads pruned runs on all positions", () => {
  const start = evaluationOf([9, 9], [1, 2]);
  const rows = { "pruned-start": start, "pruned-random": evaluationOf([1, 1], [1.1, 2.1]) };
  assertEquals(verdicts(rows), [
    "reproduced: pruned-start / pruned-random = 0.9048 [0.9048, 0.9048]",
  ]);
});

Deno.test("judgeAblations() does not test positions that are learned", () => {
  const run = evaluationOf([1, 2], [1, 2]);
  const rows = { "pruned-start": run, "pruned-keep": run };
  const evidence = "pruned-start / pruned-keep = 1.0000 [1.0000, 1.0000]";
  assertEquals(verdicts(rows), [`undecided: ${evidence}`]);
  assertEquals(verdicts(rows, "opt"), [`not testable here: ${evidence}`]);
});

Deno.test("judgeAblations() asks eleven questions of rows that there are", () => {
  const all = ablationRows.map(({ key }) => [key, evaluationOf([1, 2])]);
  assertEquals(verdicts(Object.fromEntries(all)).length, 11);
});
