import { require } from "../core/mod.ts";
import { requireBits, requireChoice, requireFinite } from "./checks.ts";
import { scaleDtypes, type WeightFormat, type WeightRange, weightRanges } from "./weight_grid.ts";

/** How many columns share a grid, and how many such groups a row has. */
export interface Grouping {
  groupSize: number;
  groups: number;
}

/**
 * Checks a weight matrix and its format and resolves the group size; a last group may be shorter.
 *
 * @param name What errors call the matrix.
 * @throws {InputError} If the shape does not match, a weight is not finite, the bits are not 2..8, the
 * group size is not a positive integer or another setting is none of its values.
 */
export function weightGrouping(
  weight: Float32Array,
  rows: number,
  columns: number,
  format: WeightFormat,
  name: string,
): Grouping {
  const grouping = formatGrouping(columns, format, name);
  require(
    rows * columns === weight.length && Number.isInteger(rows) && columns > 0,
    `quantize ${name}`,
    `it must hold ${rows} x ${columns} values`,
    weight.length,
  );
  requireFinite(weight, name);
  return grouping;
}

/**
 * Checks a format and resolves the group size for rows of so many columns; a last group may be shorter.
 *
 * @param name What errors call the matrix.
 * @throws {InputError} If the bits are not 2..8, the group size is not a positive integer or another setting is
 *   none of its values.
 */
export function formatGrouping(
  columns: number,
  { bits, groupSize, symmetric, scaleDtype = "F32" }: WeightFormat,
  name: string,
): Grouping {
  requireBits(bits, name);
  requireChoice(symmetric, [true, false], "symmetric", name);
  requireChoice(scaleDtype, scaleDtypes, "scaleDtype", name);
  require(
    groupSize === "row" || (Number.isInteger(groupSize) && groupSize > 0),
    `quantize ${name}`,
    'groupSize must be a positive integer or "row"',
    groupSize,
  );
  const size = groupSize === "row" ? columns : groupSize;
  return { groupSize: size, groups: Math.ceil(columns / size) };
}

/**
 * Checks how ranges are chosen.
 *
 * @param name What errors call the matrix.
 * @throws {InputError} If there is no such way, or none with this format.
 */
export function requireRange(
  range: WeightRange,
  { symmetric }: Pick<WeightFormat, "symmetric">,
  name: string,
): void {
  requireChoice(range, weightRanges, "range", name);
  const isCentred = range !== "absmax" && range !== "absmaxMse" || symmetric;
  require(isCentred, `quantize ${name}`, `range ${range} must be symmetric`, symmetric);
}
