import type { Estimate } from "../core/mod.ts";

/** A measured figure, shown with `digits` decimals: `12.34`, or `12.34 [11.90, 12.80]`. */
export interface Measured extends Estimate {
  digits: number;
}

/**
 * One cell: null, which is left blank, where there is nothing to show, text, a number that is shown in full (a bit
 * width, a count), or a measured figure. A bootstrap's estimate becomes a cell by
 * `{ ...estimate, digits: 2 }`.
 */
export type TableCell = null | string | number | Measured;

/** A table, independent of the format that it is written in. */
export interface Table {
  title: string;
  /** The heading of each column. */
  columns: readonly string[];
  /** As many cells per row as there are columns. */
  rows: readonly (readonly TableCell[])[];
  /** Remarks printed below the table. */
  notes?: readonly string[];
}
