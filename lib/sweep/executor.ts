import type { Progress } from "../core/mod.ts";
import type { CellRecord, CellSpec } from "./cell.ts";

/** A cell that is to be measured. */
export interface AskedCell extends CellSpec {
  /** What progress calls it, its number among all cells included. */
  title: string;
  /** Its key in the store. */
  key: string;
}

/** What became of a cell. */
export type CellEnd =
  /** It is measured, and its result still to be stored. */
  | { result: unknown; seconds: number }
  /** It is measured, and its record found in the store. */
  | { record: CellRecord }
  /** It cannot be measured, and why. */
  | { refusal: string };

/** What an executor is told and tells. */
export interface Measuring {
  /** Stands in the store for what cells do not say: the code, the weights, the data. */
  fingerprint: string;
  progress: Progress;
  signal: AbortSignal;
  /** The record that the store has of a cell, or null. */
  stored(cell: AskedCell): Promise<CellRecord | null>;
  /** Is told of the end of each cell once; gives what progress is to say of it. */
  ended(cell: AskedCell, end: CellEnd): Promise<string | undefined>;
}

/** Where cells are measured: in this process, in several, or in the tasks of a batch system. */
export interface Executor {
  /**
   * Measures cells, in whatever order, and tells of the end of each. After a defect no further cell
   * starts.
   *
   * @throws The reason of the signal once it aborts.
   */
  measure(cells: readonly AskedCell[], measuring: Measuring): Promise<void>;
}
