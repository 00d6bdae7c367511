import { canonicalJson, require } from "../../lib/core/mod.ts";
import type { RecordedRows } from "./measured_table.ts";
import type { MeasuredCell, MeasuredModel, PlannedModel } from "./measure_models.ts";

/**
 * Refuses a record some of whose rows {@linkcode keepRows} would drop: they are of other models, texts, windows or
 * settings, or multiplied otherwise.
 *
 * @param path Of the record.
 * @param planned All rows of its table on the models that are measured now.
 */
export function requireKeepable(
  { cells }: RecordedRows,
  path: string,
  planned: readonly PlannedModel[],
): void {
  const known = new Set(
    planned.flatMap(({ cells }) => cells.map(({ row, config }) => canonicalJson([row, config]))),
  );
  const other = cells.find(({ row, config }) => !known.has(canonicalJson([row, config])));
  const rule =
    "its rows must be of the same model, texts, windows, settings and backend, or --out " +
    "another folder";
  require(other === undefined, `add rows to ${path}`, rule, other?.id);
}

/**
 * A model with the rows that an earlier record of its table has and that were not measured now: those measured with
 * the same weights, texts, windows and settings, whatever the code was. Each says which commit measured it.
 */
export function keepRows(
  model: MeasuredModel,
  { cells: earlier, provenance: { commit, seconds = {} } }: RecordedRows,
): MeasuredModel {
  const kept = earlier.filter(({ row, config }) =>
    !model.cells[row] && !model.refusals[row] && model.planned[row] &&
    canonicalJson(config) === canonicalJson(model.planned[row])
  );
  const cells: Record<string, MeasuredCell> = { ...model.cells };
  const taken = { ...model.seconds };
  for (const cell of kept) {
    const { name, table } = model;
    const id = `${table.key}/${name}/${cell.row}`; // the model may have another name now
    cells[cell.row] = { ...cell, id, model: name, commit: cell.commit ?? commit };
    if (seconds[cell.id] !== undefined) taken[cell.row] = seconds[cell.id];
  }
  const rows = Object.keys(model.planned).filter((row) => cells[row]);
  return {
    ...model,
    cells: Object.fromEntries(rows.map((row) => [row, cells[row]])),
    seconds: taken,
  };
}
