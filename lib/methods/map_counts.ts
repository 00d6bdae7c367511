import { addCounts, type OperationCounts, repeatCounts } from "../format/mod.ts";
import { type Architecture, linearShapes } from "../model/mod.ts";

/**
 * What a linear map does for a token. Not counted is what all rows share, such as quantizing the token, and what is
 * done once for all tokens, such as dequantizing weights.
 */
export interface MapCounts {
  /** For each weight: its product, and the addition to a sum. */
  product: OperationCounts;
  /** For the sum over each group of columns of a row: to make it part of the output. */
  group?: { columns: number; counts: OperationCounts };
  /** For each output. */
  output?: OperationCounts;
  /** Of low-rank factors beside the weight, which multiply floats. */
  rank?: number;
}

/** Why operations cannot be said. */
export interface NotCounted {
  reason: string;
}

/** Floats of 16 bits, summed in 32: also what weights become that nothing but dequantizing makes use of. */
export const floatCounts: MapCounts = { product: { "multiply float16": 1, "add float32": 1 } };

/** What sums are multiplied by, of the weights or of the activations. */
export interface CountedScales {
  /** Columns that share one, or all of a row or token. */
  groupSize: number | "row";
  /** Powers of two, whose exponents are added; of any other a row's largest is left to multiply by. */
  powers?: boolean | "ofLargest";
}

/**
 * Sums of products that scales follow.
 *
 * @param product Of each weight.
 * @param scales Of weights and activations.
 * @param correction Of each sum before it is scaled.
 */
export function scaledCounts(
  product: OperationCounts,
  scales: readonly CountedScales[],
  correction: OperationCounts = {},
): MapCounts {
  const times = ({ powers = false }: CountedScales): OperationCounts =>
    powers === false ? { "multiply float32": 1 } : { "add int8": 1 };
  const largest = ({ powers }: CountedScales): OperationCounts =>
    powers === "ofLargest" ? { "multiply float32": 1 } : {};
  const ofGroups = scales.filter(({ groupSize }) => groupSize !== "row");
  const ofRows = addCounts(
    ...scales.filter(({ groupSize }) => groupSize === "row").map(times),
    ...scales.map(largest),
  );
  if (ofGroups.length === 0) return { product, output: addCounts(correction, ofRows) };
  const counts = addCounts(correction, ...ofGroups.map(times), { "add float32": 1 });
  const columns = Math.min(...ofGroups.map(({ groupSize }) => Number(groupSize)));
  return { product, group: { columns, counts }, output: ofRows };
}

/**
 * Integers of weights and tokens, multiplied at the width of the wider ones and summed in 32 bits. Where weights
 * have zero points, each sum is less its zero point times the sum of the token's codes, which all rows share.
 *
 * @param weights `symmetric` unless it says otherwise.
 */
export function integerCounts(
  weights: { bits: number; groupSize: number | "row"; symmetric?: boolean },
  activations: { bits: number },
): MapCounts {
  const bits = Math.max(weights.bits, activations.bits);
  return scaledCounts(
    { [`multiply int${bits}`]: 1, "add int32": 1 },
    [weights, { groupSize: "row" }],
    weights.symmetric ?? true ? {} : { "multiply int32": 1, "add int32": 1 },
  );
}

/** What a map of so many rows and columns does for a token. */
export function countMap(
  { product, group, output = {}, rank = 0 }: MapCounts,
  rows: number,
  columns: number,
): OperationCounts {
  const groups = group ? Math.ceil(columns / group.columns) : 0;
  return addCounts(
    repeatCounts(product, rows * columns),
    repeatCounts(group?.counts ?? {}, rows * groups),
    repeatCounts(output, rows),
    repeatCounts(floatCounts.product, rank * (rows + columns)),
  );
}

/** What all linear maps of the blocks of a model do for a token. */
export function countToken(counts: MapCounts, architecture: Architecture): OperationCounts {
  const block = linearShapes(architecture)
    .map(([rows, columns]) => countMap(counts, rows, columns));
  return repeatCounts(addCounts(...block), architecture.layers);
}
