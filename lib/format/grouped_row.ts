import { counted, require } from "../core/mod.ts";

/**
 * How the columns of a matrix are in groups: so many one after the other, or the group of each.
 *
 * @param groupIndex `[columns]`; one group without.
 * @throws {InputError} If it has another length or names a group that there is not.
 */
export function groupingOf(
  groupIndex: Int32Array | undefined,
  columns: number,
  groups: number,
  action: string,
): number | Int32Array {
  if (!groupIndex) {
    require(groups === 1, action, "it needs a groupIndex for several groups", groups);
    return columns;
  }
  const length = groupIndex.length;
  require(
    length === columns,
    action,
    `groupIndex must have ${counted(columns, "element")}`,
    length,
  );
  const strange = groupIndex.find((group) => group < 0 || group >= groups);
  require(strange === undefined, action, `its groups must lie in 0..${groups - 1}`, strange);
  const other = groupIndex.findIndex((group) => group !== groupIndex[0]);
  const size = other < 0 ? columns : other;
  const adjacent = groupIndex.every((group, column) => group === Math.floor(column / size));
  return adjacent ? size : groupIndex;
}

/** How many columns the largest group has: others may be shorter. */
export function largestGroup(grouping: number | ArrayLike<number>): number {
  if (typeof grouping === "number") return grouping;
  const counts = new Map<number, number>();
  for (let i = 0; i < grouping.length; i++) {
    counts.set(grouping[i], (counts.get(grouping[i]) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}

/**
 * The values of codes on the grids of their groups, of one row: `scale * (code - zeroPoint)` in float32.
 *
 * @param codes `[columns]`
 * @param scale `[groups]`, as are the zero points.
 * @param into `[columns]`; overwritten.
 */
export function decodeGroups(
  codes: Uint8Array,
  scale: Float32Array,
  zeroPoint: Float32Array,
  grouping: number | ArrayLike<number>,
  into: Float32Array,
): void {
  if (typeof grouping === "number") decodeAdjacent(codes, scale, zeroPoint, grouping, into);
  else decodeScattered(codes, scale, zeroPoint, grouping, into);
}

/** Groups one after the other. */
function decodeAdjacent(
  codes: Uint8Array,
  scale: Float32Array,
  zeroPoint: Float32Array,
  groupSize: number,
  into: Float32Array,
): void {
  for (let group = 0; group < scale.length; group++) {
    const [step, zero] = [scale[group], zeroPoint[group]];
    const end = Math.min((group + 1) * groupSize, into.length);
    for (let i = group * groupSize; i < end; i++) into[i] = step * Math.fround(codes[i] - zero);
  }
}

/** Groups in any order. */
function decodeScattered(
  codes: Uint8Array,
  scale: Float32Array,
  zeroPoint: Float32Array,
  groupIndex: ArrayLike<number>,
  into: Float32Array,
): void {
  for (let i = 0; i < into.length; i++) {
    const group = groupIndex[i];
    into[i] = scale[group] * Math.fround(codes[i] - zeroPoint[group]);
  }
}
