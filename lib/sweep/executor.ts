import type { CellHooks, CellRunner, CellSpec } from "./cell.ts";

/** Where cells are measured: in this process, or in several at a time. */
export interface Executor {
  /** How many cells are measured at a time, each in a lane of its own; lanes count from 0. */
  readonly lanes: number;
  /**
   * Measures a cell. Cells of one lane come one after the other and share what they can.
   *
   * @throws {InputError} If the cell refuses its input, or its process has ended twice.
   * @throws The reason of the hooks' signal once it aborts.
   */
  run(cell: CellSpec, lane: number, hooks: CellHooks): Promise<unknown>;
}

/** Measures cells in this process, one after the other. */
export function here(run: CellRunner): Executor {
  return { lanes: 1, run: (cell, _lane, hooks) => run(cell, hooks) };
}
