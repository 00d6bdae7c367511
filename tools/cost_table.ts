import { methods } from "../lib/methods/mod.ts";
import type { UnloadedSubject } from "../experiments/measure/subject.ts";
import { estimateRun } from "../experiments/measure/run_cost.ts";
import type { RowCell } from "../experiments/tables/measure_models.ts";
import { counted } from "../lib/core/mod.ts";
import type { Table, TableCell } from "../lib/report/mod.ts";
import { type RunOptions, storedRecord } from "../lib/sweep/mod.ts";
import { duration } from "./duration.ts";

/** How a run that is to be costed would go about it. */
export type CostOptions = Omit<RunOptions, "executor" | "asked">;

/**
 * What measuring rows would take, estimated from random blocks in the shape of the model's on this machine as
 * busy as it is. Rows that are kept cost nothing; weights that rows share are made once.
 *
 * @param tables What their tables are called.
 * @param planned The rows of all of them; what is a row of several counts once.
 * @throws The reason of the signal once it is aborted.
 */
export async function costTable(
  subject: UnloadedSubject,
  tables: string,
  planned: readonly RowCell[],
  { store, fingerprint, fresh, progress, signal }: CostOptions,
): Promise<Table> {
  const cells = [...new Map(planned.map((cell) => [cell.id, cell])).values()];
  const rows: TableCell[][] = [];
  const made = new Set<string>();
  let sum = 0;
  progress?.start("rows", cells.length);
  for (const [index, cell] of cells.entries()) {
    const { row, config, shares } = cell;
    const isKept = !fresh && await storedRecord(cell, store, fingerprint) !== null;
    if (isKept) {
      rows.push([row, "kept", "kept", 0]);
    } else {
      const hasWeights = shares !== undefined && made.has(shares);
      const { prepare, score } = await estimateRun({
        ...config,
        architecture: subject.model.architecture,
        method: methods[config.method].with(config.methodSettings),
        execute: config.execute ?? "emulate",
        compare: true,
        hasReference: sum > 0,
        pruned: config.pruning !== null,
        hasWeights,
      }, { signal });
      if (shares !== undefined) made.add(shares);
      rows.push([row, seconds(prepare), seconds(score), seconds(prepare + score)]);
      sum += prepare + score;
    }
    progress?.update(index + 1);
  }
  progress?.finish();
  return {
    title: `${tables} of ${subject.title}: what rows take`,
    columns: ["row", "to quantize, s", "to score, s", "left, s"],
    rows,
    notes: [
      `${duration(sum)} in all for ${counted(subject.facts.windows, "window")} of ` +
      `${counted(subject.facts.window, "token")}; an estimate, no weights were loaded`,
    ],
  };
}

const seconds = (value: number): TableCell => ({ value, digits: value < 10 ? 1 : 0 });
