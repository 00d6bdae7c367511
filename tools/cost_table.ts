import { methods } from "../lib/methods/mod.ts";
import type { UnloadedSubject } from "../experiments/measure/subject.ts";
import { estimateRun } from "../experiments/measure/run_cost.ts";
import { tableName } from "../experiments/tables/claim_table.ts";
import type { PerplexityTable } from "../experiments/tables/family_tables.ts";
import { type MeasureOptions, planModels } from "../experiments/tables/measure_models.ts";
import { counted } from "../lib/core/mod.ts";
import type { Table, TableCell } from "../lib/report/mod.ts";
import { cellKey, isRecordOf } from "../lib/sweep/mod.ts";
import { duration } from "./duration.ts";

/** What is asked of a run that is to be costed. */
export type CostOptions = Omit<MeasureOptions, "executor">;

/**
 * What measuring the rows of a table would take, estimated from random blocks in the shape of the model's
 * on this machine as busy as it is. Rows that are kept cost nothing; weights that rows share are made once.
 *
 * @throws {InputError} If none of the tables is about the model's family.
 * @throws The reason of the signal once it is aborted.
 */
export async function costTable(
  subject: UnloadedSubject,
  tables: readonly PerplexityTable[],
  options: CostOptions,
): Promise<Table> {
  const planned = await planModels([subject], tables, options);
  const cells = [
    ...new Map(planned.flatMap(({ cells }) => cells.map((cell) => [cell.id, cell]))).values(),
  ];
  const { store, fingerprint, fresh, progress, signal } = options;
  const rows: TableCell[][] = [];
  const made = new Set<string>();
  let sum = 0;
  progress?.start("rows", cells.length);
  for (const [index, cell] of cells.entries()) {
    const { row, config, shares } = cell;
    const stored = fresh ? null : await store.get(await cellKey(cell, fingerprint));
    const isKept = stored !== null && await isRecordOf(cell, fingerprint, stored);
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
    title: `${planned.map(({ table }) => tableName(table)).join(", ")} of ${subject.title}: what ` +
      `${planned.length > 1 ? "their" : "its"} rows take`,
    columns: ["row", "to quantize, s", "to score, s", "left, s"],
    rows,
    notes: [
      `${duration(sum)} in all for ${counted(subject.facts.windows, "window")} of ` +
      `${counted(subject.facts.window, "token")}; an estimate, no weights were loaded`,
    ],
  };
}

const seconds = (value: number): TableCell => ({ value, digits: value < 10 ? 1 : 0 });
