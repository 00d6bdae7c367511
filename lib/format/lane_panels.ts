/**
 * A 4-bit weight as the lane-packed multiplier reads it, packed for activations on a certain grid;
 * about a byte per weight.
 *
 * @template Memory What holds the panels: an ArrayBuffer until someone places them elsewhere.
 */
export interface LanePanels<Memory = ArrayBuffer> {
  /** Outputs and inputs. */
  rows: number;
  columns: number;
  /** `[columns]`, the column at each place of a row of activations. */
  order: Int32Array;
  /** Blocks of columns with a scale of their own. */
  blocks: number;
  /** Per block how many runs, then for each how many columns and their power of two. */
  table: Int32Array;
  /** Bytes that a panel of four rows of activations takes up. */
  activationBytes: number;
  /** Panels of 16 outputs: scales, corrections and pairs of weights; a byte per weight. */
  memory: Memory;
}
