import { verdictLegend, verdictOf } from "../../lib/core/mod.ts";
import { methods } from "../../lib/methods/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import { baselineName, baselineNotes } from "../result/baseline.ts";
import { describeFinding } from "../result/finding.ts";
import { formatEstimate } from "../result/format_estimate.ts";
import { type JudgedClaim, ratioOf } from "./claims.ts";
import { describeKept } from "./keep_rows.ts";
import {
  type AllocatedModel,
  type AllocationCell,
  allocationRow,
  byAllocation,
} from "./measure_allocations.ts";

const legend =
  "same: all linear maps, or the values at all sites but the softmax, have as many bits; allocated: each has bits of " +
  "its own, chosen by what it costs alone with each number of bits, within what the row above takes; bits: of " +
  "weights as they are stored, scales and all, and of activations those of codes alone, over the values that a " +
  "token has at the sites; one by one: the costs added up, KL divergence on the calibration text. KL divergence in " +
  "nats per token of the test text; intervals are 95 %";

/**
 * The same bits for all linear maps, or sites, beside bits of their own within as many: a row for each, columns
 * for each model, and verdicts on which loses less.
 *
 * @param notes What to say of the models and their texts.
 */
export function allocationTable(
  models: readonly AllocatedModel[],
  notes: readonly string[],
): Table {
  const rows = new Map(models.flatMap(({ cells }) => [...cells]));
  return {
    title: "Allocation: bits shared out among linear maps, and among sites, by their sensitivity",
    columns: [
      "Method",
      "Of",
      "Shared out",
      ...models.flatMap(({ subject: { title, storage } }) =>
        ["bits", "perplexity", `KL to ${baselineName(storage)}`, "one by one"]
          .map((measure) => `${title}: ${measure}`)
      ),
    ],
    rows: [...rows.values()].sort(byAllocation).map(({ row, method, part, bits, isAllocated }) => [
      methods[method].title,
      part,
      isAllocated ? "allocated" : `same, ${bits}`,
      ...models.flatMap(({ cells }) => cellsOf(cells.get(row))),
    ]),
    notes: [
      legend,
      ...notes,
      ...models.flatMap(({ subject: { title, storage }, cells }) => [
        ...baselineNotes(title, storage),
        ...describeKept(title, cells.values(), ({ row }) => row),
      ]),
      ...models.flatMap(judgeAllocations).map((each) => `${each.model}: ${describeFinding(each)}`),
      verdictLegend,
    ],
  };
}

/** Whether bits that are shared out lose less than the same bits everywhere, from perplexities on the same windows. */
export function judgeAllocations({ subject, cells }: AllocatedModel): JudgedClaim[] {
  return [...cells.values()].filter(({ isAllocated }) => !isAllocated).flatMap((uniform) => {
    const { method, part, bits } = uniform;
    const allocated = cells.get(allocationRow({ method, part, bits, isAllocated: true }));
    if (!allocated) return [];
    const ratio = ratioOf(allocated.result.survivors, uniform.result.survivors);
    const name = `${methods[method].title} with ${part} of ${bits} bits`;
    return [{
      claim: `${name} loses less with these allocated`,
      model: subject.model.name,
      verdict: verdictOf(ratio, { below: 1 }),
      evidence: `allocated / uniform = ${formatEstimate(ratio, 4)}`,
    }];
  });
}

function cellsOf(cell?: AllocationCell): TableCell[] {
  if (!cell) return ["refused", null, null, null];
  const { result: { survivors, storage }, part, average, divergence } = cell;
  return [
    { value: part === "weights" ? storage.bitsPerWeight : average, digits: 3 },
    { ...survivors.perplexity, digits: 3 },
    { ...survivors.divergence!, digits: 4 },
    { value: divergence, digits: 4 },
  ];
}
