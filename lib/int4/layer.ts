import { require } from "../core/mod.ts";
import { requireInt4 } from "./codes.ts";
import { MAX_ROWS } from "./packed_weights.ts";

/** The weight of a linear layer on a grid per row and group: `scale * (code - zeroPoint)`. */
export interface LayerCodes {
  /** Outputs and inputs. */
  rows: number;
  columns: number;
  /** `[rows, columns]`, 0..15. */
  codes: Uint8Array;
  /** `[rows, groups]`. */
  scale: Float32Array;
  /** `[rows, groups]`, 0..15. */
  zeroPoint: Uint8Array;
  /** `[columns]`, the group of each column; in any order (GPTQ's act-order). */
  groupIndex: Int32Array;
}

/** How the activations that a layer meets are coded: `step * 2^shift[c] * (code - zeroPoint)`. */
export interface LayerInput {
  step: number;
  /** 0..15. */
  zeroPoint: number;
  /** `[columns]`, 0..8: TRIP's powers of two. */
  shift: Uint8Array;
}

/** Columns that are summed up in integers, as they share the scale of each row. */
export interface ColumnBlock {
  group: number;
  /** Its columns by power of two, both ascending. */
  runs: ColumnRun[];
}

/** Columns whose activations have the same power of two. */
export interface ColumnRun {
  shift: number;
  columns: number[];
}

/**
 * The columns of a layer by group, and within it by the power of two of the activations.
 *
 * @throws {InputError} If a shape does not fit, a code has more than 4 bits or a sum more than 32.
 */
export function columnBlocks(layer: LayerCodes, { zeroPoint, shift }: LayerInput): ColumnBlock[] {
  const { rows, columns, codes, groupIndex } = layer;
  const action = "multiply an INT4 layer";
  require(
    codes.length === rows * columns,
    action,
    `it needs ${rows * columns} codes`,
    codes.length,
  );
  const [named, shifts] = [groupIndex.length, shift.length];
  require(named === columns, action, `groupIndex must have ${columns} elements`, named);
  require(shifts === columns, action, `shift must have ${columns} elements`, shifts);
  for (const code of codes) requireInt4(code, action, "a weight");
  for (const code of layer.zeroPoint) requireInt4(code, action, "a weight's zeroPoint");
  requireInt4(zeroPoint, action, "the activations' zeroPoint");
  const groups = Map.groupBy(groupIndex.keys(), (column) => groupIndex[column]);
  return ascending(groups).map(([group, members]) => {
    const weighted = members.reduce((sum, column) => sum + 2 ** shift[column], 0);
    const rule = `a group may have ${MAX_ROWS} columns, times their powers of two`;
    require(weighted <= MAX_ROWS, action, rule, weighted);
    const powers = Map.groupBy(members, (column) => shift[column]);
    return { group, runs: ascending(powers).map(([shift, columns]) => ({ shift, columns })) };
  });
}

/** Entries in the order of their keys. */
function ascending<Value>(map: Map<number, Value>): [number, Value][] {
  return [...map].sort(([a], [b]) => a - b);
}

/** What a sum of products of codes is multiplied by, in float32. */
export function scaleOf(
  { rows, scale }: LayerCodes,
  { step }: LayerInput,
  row: number,
  group: number,
): number {
  return Math.fround(step * scale[row * scale.length / rows + group]);
}

/** The code of zero of a row's weights in a group. */
export function zeroPointOf({ rows, zeroPoint }: LayerCodes, row: number, group: number): number {
  return zeroPoint[row * zeroPoint.length / rows + group];
}
