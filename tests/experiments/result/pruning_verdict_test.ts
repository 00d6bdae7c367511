import { assertEquals } from "@std/assert";
import { pruningVerdict } from "../../../experiments/result/pruning_verdict.ts";

const better = { value: 0.9, low: 0.8, high: 0.95 };
const worse = { value: 1.1, low: 1.05, high: 1.2 };
const unclear = { value: 1, low: 0.9, high: 1.1 };

for (
  const [name, expected, released, byPruning, bySelection] of [
    ["better than both runs", "reproduced", better, better, unclear],
    [
      "no better than a control that gains",
      "explained by the scored subset",
      better,
      unclear,
      better,
    ],
    ["worse than a control that gains", "explained by the scored subset", better, worse, better],
    ["worse than a control that does not gain", "contradicted", better, worse, unclear],
    ["perhaps better than a control that does not gain", "undecided", better, unclear, unclear],
    ["worse than the unpruned run", "contradicted", worse, better, better],
    ["perhaps better than the unpruned run", "undecided", unclear, better, better],
  ] as const
) {
  Deno.test(`pruningVerdict() of a run ${name}: ${expected}`, () => {
    assertEquals(pruningVerdict(released, byPruning, bySelection), expected);
  });
}
