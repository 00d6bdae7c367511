import { assertEquals } from "@std/assert";
import { everywhere, judgeComparisons } from "../../../experiments/tables/comparisons.ts";
import type { Evaluation } from "../../../experiments/measure/evaluation.ts";
import { families } from "../../model/tiny_models.ts";
import { evaluationOf } from "./ablated_model.ts";

const rows: Record<string, Evaluation> = {
  one: evaluationOf([1, 2]),
  other: evaluationOf([1.1, 2.1]),
  pruned: evaluationOf([9, 9], [1.1, 2.1]),
};

function judge(...names: [string, string]) {
  const comparison = { claim: "less", rows: names, threshold: { below: 1 } };
  return judgeComparisons([comparison, { ...comparison, applies: () => false }], {
    ...{ name: "tiny", architecture: families.llama },
    resultOf: (row) => rows[row],
  }).map(({ claim, model, verdict, evidence }) => [claim, model, verdict, evidence]);
}

Deno.test("judgeComparisons() judges two rows by the interval of their ratio, on models that have both", () => {
  const evidence = "one / other = 0.9048 [0.9048, 0.9048]";
  assertEquals(judge("one", "other"), [
    ["less", "tiny", "reproduced", evidence],
    ["less", "tiny", "not testable here", evidence],
  ]);
  assertEquals(judge("other", "one")[0][2], "contradicted");
  assertEquals(judge("one", "one")[0][2], "undecided");
  assertEquals(judge("one", "missing"), []);
});

Deno.test("everywhere() reads pruned runs on all positions", () => {
  assertEquals(everywhere(rows.pruned).windowLosses, [1.1, 2.1]);
  assertEquals(everywhere(rows.one).windowLosses, [1, 2]);
});
