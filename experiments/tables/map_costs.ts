import {
  describeCounts,
  energyOf,
  energyOfOperation,
  energySource,
  entriesOf,
} from "../../lib/format/mod.ts";
import { type ConfiguredMethod, countToken, methods } from "../../lib/methods/mod.ts";
import type { Architecture } from "../../lib/model/mod.ts";
import type { PerplexityTable } from "./family_tables.ts";
import type { MethodRow } from "./table_rows.ts";

/** What a linear map does for each weight; null where it is not known. */
export function operationsOf(row: MethodRow): string | null {
  const counts = methodOfRow(row).counts();
  return "reason" in counts ? null : describeCounts(counts.product);
}

/** Energy of the linear maps of the blocks for one token, in microjoules; null where it is not known. */
export function tokenEnergy(method: ConfiguredMethod, architecture: Architecture): number | null {
  const counts = method.counts();
  if ("reason" in counts) return null;
  const picojoules = energyOf(countToken(counts, architecture));
  return picojoules === undefined ? null : picojoules * 1e-6;
}

/** What the columns of operations and energy count, and why rows have none. */
export function costNotes({ rows }: PerplexityTable): string[] {
  const missing = rows.flatMap(({ label, measured }) => {
    const reason = measured && missingReason(methodOfRow(measured));
    return reason ? [`${label}: ${reason}`] : [];
  });
  return [
    "operations per product: what a linear map does for each weight of a row and each token, by " +
    "hardware made for it; energy per token: of all linear maps of the blocks, the scales of groups, " +
    `rows and tokens included, by ${energySource}, where widths that it lacks cost as much as the ` +
    "next wider one: floats of eight bits gain nothing over those of 16, and integers of 16 cost " +
    "what those of 32 do; neither counts attention, norms, memory, what all rows share, such as " +
    "quantizing a token, nor dequantizing weights, once for all tokens",
    ...missing,
  ];
}

/** Why operations or energy of a method are not known. */
function missingReason(method: ConfiguredMethod): string | undefined {
  const counts = method.counts();
  if ("reason" in counts) return `no operations, as ${counts.reason}`;
  const { product, group, output } = counts;
  const unknown = [product, group?.counts ?? {}, output ?? {}]
    .flatMap(entriesOf)
    .map(([operation]) => operation)
    .filter((operation) => energyOfOperation(operation) === undefined);
  return unknown.length > 0
    ? `no energy, as ${energySource} has none of ${[...new Set(unknown)].join(", ")}`
    : undefined;
}

function methodOfRow({ method, settings = {} }: MethodRow): ConfiguredMethod {
  return methods[method].with(settings);
}
