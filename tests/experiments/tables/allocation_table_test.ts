import { assertEquals } from "@std/assert";
import { allocationTable, judgeAllocations } from "../../../experiments/tables/allocation_table.ts";
import {
  type AllocatedModel,
  type AllocationCell,
  allocationRow,
  byAllocation,
  isAllocationCell,
} from "../../../experiments/tables/measure_allocations.ts";
import { verdictLegend } from "../../../lib/core/mod.ts";
import { storageOf } from "../../../lib/format/mod.ts";
import { ablatedModel, evaluationOf } from "./ablated_model.ts";

/** A model where RTN was measured with these mean losses of windows. */
function allocatedModel(rows: [bits: number, isAllocated: boolean, losses: number[]][]) {
  const cells = rows.map(([bits, isAllocated, losses]): [string, AllocationCell] => {
    const facts = { method: "rtn4", part: "weights", bits, isAllocated } as const;
    const row = allocationRow(facts);
    const result = { ...evaluationOf(losses), storage: { ...storageOf([]), bitsPerWeight: bits } };
    const cell = { ...facts, row, average: bits, divergence: 0.25, result };
    return [row, cell as AllocationCell];
  });
  return { ...ablatedModel({}), cells: new Map(cells) } as AllocatedModel;
}

Deno.test("allocationTable() has the bits, what they give and what they cost one by one", () => {
  const model = allocatedModel([[3, false, [1.1, 2.1]], [3, true, [1, 2]], [4, false, [1, 2]]]);
  const other = allocatedModel([[3, true, [1, 2]]]);
  const { rows, notes } = allocationTable([model, other], ["a note"]);
  const values = rows.map((row) =>
    row.map((cell) => cell && typeof cell === "object" ? cell.value.toFixed(2) : cell)
  );
  assertEquals(values, [
    ["RTN", "weights", "same, 3", "3.00", "4.95", "0.13", "0.25", "refused", null, null, null],
    ["RTN", "weights", "allocated", "3.00", "4.48", "0.13", "0.25", "3.00", "4.48", "0.13", "0.25"],
    ["RTN", "weights", "same, 4", "4.00", "4.48", "0.13", "0.25", "refused", null, null, null],
  ]);
  assertEquals([notes![1], notes!.at(-1)], ["a note", verdictLegend]);
});

Deno.test("byAllocation() sorts by method, part, bits, what is shared out last", () => {
  const facts = { average: 3, divergence: 0 };
  const rows = [
    { method: "rtn4", part: "weights", bits: 3, isAllocated: false },
    { method: "rtn4", part: "weights", bits: 3, isAllocated: true },
    { method: "rtn4", part: "weights", bits: 4, isAllocated: false },
    { method: "smoothquant", part: "weights", bits: 8, isAllocated: true },
    { method: "smoothquant", part: "activations", bits: 4, isAllocated: false },
  ].map((row) => ({ ...row, ...facts }) as AllocationCell);
  assertEquals([...rows].reverse().sort(byAllocation), rows);
  assertEquals(byAllocation(rows[0], rows[0]), 0);
});

Deno.test("isAllocationCell() refuses a cell without what tells its row apart", () => {
  const model = allocatedModel([[3, true, [1, 2]]]);
  const [cell] = [...model.cells.values()];
  assertEquals(isAllocationCell(cell), true);
  for (const name of ["method", "part", "bits", "isAllocated", "average", "divergence"]) {
    assertEquals(isAllocationCell({ ...cell, [name]: undefined }), false, name);
  }
});

Deno.test("judgeAllocations() goes by perplexities on the same windows", () => {
  const verdictOf = (allocated: number[]) =>
    judgeAllocations(allocatedModel([[3, false, [1, 2]], [3, true, allocated]]))[0];
  assertEquals(verdictOf([0.9, 1.9]), {
    claim: "RTN with weights of 3 bits loses less with these allocated",
    model: "tiny",
    verdict: "reproduced",
    evidence: "allocated / uniform = 0.9048 [0.9048, 0.9048]",
  });
  assertEquals(verdictOf([1.1, 2.1]).verdict, "contradicted");
  assertEquals(verdictOf([1.1, 1.9]).verdict, "undecided");
  assertEquals(judgeAllocations(allocatedModel([[3, false, [1, 2]]])), []);
});
