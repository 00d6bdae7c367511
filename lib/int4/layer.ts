import { counted, require } from "../core/mod.ts";
import type { AffineMatrix, CommonStep } from "../format/mod.ts";
import { requireInt4 } from "./codes.ts";
import { MAX_ROWS } from "./packed_weights.ts";

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

/** A 4-bit weight, activations on a certain grid, and how the columns of both are summed up. */
export interface Layer {
  weight: AffineMatrix;
  input: CommonStep;
  /** `[rows, groups]`, the codes of zero of the weight. */
  zeroPoint: Uint8Array;
  blocks: ColumnBlock[];
}

/**
 * Orders the columns of a layer by group, and within it by the power of two of the activations.
 *
 * @throws {InputError} If a shape does not fit, a code has more than 4 bits, a zero point of the weight
 *   is no code, or a sum has more than 32 bits.
 */
export function planLayer(weight: AffineMatrix, input: CommonStep): Layer {
  const { columns, bits, groupIndex } = weight;
  const { shift } = input;
  const action = "multiply an INT4 layer";
  require(bits <= 4, action, "a weight may have at most 4 bits", bits);
  const zeroPoint = weight.zeroPoints();
  const integral = zeroPoint instanceof Uint8Array;
  require(integral, action, "the weight's zero points must be integers", zeroPoint);
  require(
    shift.length === columns,
    action,
    `shift must have ${counted(columns, "element")}`,
    shift.length,
  );
  requireInt4(input.zeroPoint, action, "the activations' zeroPoint");
  const groups = Map.groupBy(groupIndex.keys(), (column) => groupIndex[column]);
  const blocks = ascending(groups).map(([group, members]) => {
    const weighted = members.reduce((sum, column) => sum + 2 ** shift[column], 0);
    const rule = `a group may have ${MAX_ROWS} columns, times their powers of two`;
    require(weighted <= MAX_ROWS, action, rule, weighted);
    const powers = Map.groupBy(members, (column) => shift[column]);
    return { group, runs: ascending(powers).map(([shift, columns]) => ({ shift, columns })) };
  });
  return { weight, input, zeroPoint, blocks };
}

/** Entries in the order of their keys. */
function ascending<Value>(map: Map<number, Value>): [number, Value][] {
  return [...map].sort(([a], [b]) => a - b);
}

/** What a sum of products of codes is multiplied by, in float32. */
export function scaleOf({ weight, input }: Layer, row: number, group: number): number {
  return Math.fround(input.step * weight.scale[row * weight.groups + group]);
}

/** The code of zero of a row's weights in a group. */
export function zeroPointOf({ weight, zeroPoint }: Layer, row: number, group: number): number {
  return zeroPoint[row * weight.groups + group];
}
