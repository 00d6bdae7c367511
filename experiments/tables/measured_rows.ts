import type { Outcome } from "../../lib/sweep/mod.ts";
import type { Evaluation } from "../measure/evaluation.ts";
import type { UnloadedSubject } from "../measure/subject.ts";
import type { MeasuredCell, RowCell } from "./measure_models.ts";

/** What became of the rows of one model. */
export interface MeasuredRows<Cell extends MeasuredCell> {
  subject: UnloadedSubject;
  /** By the key of the row. */
  cells: ReadonlyMap<string, Cell>;
  /** The keys of rows that refused the model. */
  refused: ReadonlySet<string>;
  /** Why rows were not measured or not stored, a line for each. */
  problems: string[];
  /** How many rows were measured now, and how many had been before. */
  computed: number;
  reused: number;
}

/**
 * The rows of one model among all cells that ran.
 *
 * @param describe What a measured cell has besides.
 */
export function measuredRows<Cell extends RowCell, Facts extends object>(
  subject: UnloadedSubject,
  cells: readonly Cell[],
  outcome: Outcome<Evaluation>,
  describe: (cell: Cell) => Facts,
): MeasuredRows<MeasuredCell & Facts> {
  const { name: model } = subject.model;
  const measured = cells.filter(({ id }) => outcome.results.has(id)).map((cell) => {
    const { id, label, row, config } = cell;
    const result = outcome.results.get(id)!;
    return [row, { id: label, model, row, config, result, ...describe(cell) }] as const;
  });
  const reasons = (of: ReadonlyMap<string, string>) =>
    cells.flatMap(({ id, label }) => of.has(id) ? [`${label}: ${of.get(id)}`] : []);
  const count = (ids: readonly string[]) => cells.filter(({ id }) => ids.includes(id)).length;
  return {
    subject,
    cells: new Map(measured),
    refused: new Set(cells.filter(({ id }) => outcome.refusals.has(id)).map(({ row }) => row)),
    problems: [...reasons(outcome.refusals), ...reasons(outcome.unstored)],
    computed: count(outcome.computed),
    reused: count(outcome.reused),
  };
}
