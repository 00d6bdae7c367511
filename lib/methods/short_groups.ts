import { type Architecture, linearShapes } from "../model/mod.ts";
import type { MethodSettings } from "./method.ts";

/**
 * Where groups of columns that share a scale do not fit into the rows of the linear maps of an architecture, a line for
 * each length of rows; none where all groups are alike, or are whole rows.
 *
 * @param settings Of a method.
 */
export function describeShortGroups(
  { weights }: MethodSettings,
  architecture: Architecture,
): string[] {
  const size = weights && "groupSize" in weights ? weights.groupSize : undefined;
  if (typeof size !== "number") return [];
  const lengths = new Set(linearShapes(architecture).map(([, columns]) => columns));
  return [...lengths].filter((columns) => columns % size !== 0).map((columns) =>
    columns < size
      ? `rows of ${columns} columns are one group, not of ${size}`
      : `rows of ${columns} columns end in a group of ${columns % size}, not of ${size}`
  );
}
