import { verdictLegend, verdictOf } from "../../lib/core/mod.ts";
import { methods } from "../../lib/methods/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import { baselineName, baselineNotes } from "../result/baseline.ts";
import { describeFinding } from "../result/finding.ts";
import { formatEstimate } from "../result/format_estimate.ts";
import { type JudgedClaim, ratioOf } from "./claims.ts";
import { type AllocatedModel, type AllocationCell, allocationRow } from "./measure_allocations.ts";

const legend =
  "allocated: each linear map has bits of its own, chosen by what it costs alone with each number of bits, " +
  "within what the row above stores, scales and all; one by one: those costs added up, KL divergence on the " +
  "calibration text. KL divergence in nats per token of the test text; intervals are 95 %";

/**
 * The same bits for all linear maps beside bits of their own in the same storage: a row for each, columns for each
 * model, and verdicts on which loses less.
 *
 * @param notes What to say of the models and their texts.
 */
export function allocationTable(
  models: readonly AllocatedModel[],
  notes: readonly string[],
): Table {
  const rows = new Map(models.flatMap(({ cells }) => [...cells]));
  return {
    title: "Allocation: bits shared out among linear maps by their sensitivity",
    columns: [
      "Method",
      "bits",
      ...models.flatMap(({ subject: { title, storage } }) =>
        ["bits per weight", "perplexity", `KL to ${baselineName(storage)}`, "one by one"]
          .map((measure) => `${title}: ${measure}`)
      ),
    ],
    rows: [...rows.values()].map(({ row, method, bits, isAllocated }) => [
      methods[method].title,
      isAllocated ? "allocated" : `${bits}`,
      ...models.flatMap(({ cells }) => cellsOf(cells.get(row))),
    ]),
    notes: [
      legend,
      ...notes,
      ...models.flatMap(({ subject: { title, storage } }) => baselineNotes(title, storage)),
      ...models.flatMap(judgeAllocations).map((each) => `${each.model}: ${describeFinding(each)}`),
      verdictLegend,
    ],
  };
}

/** Whether bits that are shared out lose less than the same bits everywhere, from perplexities on the same windows. */
export function judgeAllocations({ subject, cells }: AllocatedModel): JudgedClaim[] {
  return [...cells.values()].filter(({ isAllocated }) => !isAllocated).flatMap((uniform) => {
    const { method, bits } = uniform;
    const allocated = cells.get(allocationRow(method, bits, true));
    if (!allocated) return [];
    const ratio = ratioOf(allocated.result.survivors, uniform.result.survivors);
    const name = `${methods[method].title} with ${bits} bits`;
    return [{
      claim: `${name} loses less with its bits allocated`,
      model: subject.model.name,
      verdict: verdictOf(ratio, { below: 1 }),
      evidence: `allocated / uniform = ${formatEstimate(ratio, 4)}`,
    }];
  });
}

function cellsOf(cell?: AllocationCell): TableCell[] {
  if (!cell) return ["refused", null, null, null];
  const { result: { survivors, storage }, divergence } = cell;
  return [
    { value: storage.bitsPerWeight, digits: 3 },
    { ...survivors.perplexity, digits: 3 },
    { ...survivors.divergence!, digits: 4 },
    { value: divergence, digits: 4 },
  ];
}
