import { require } from "../../lib/core/mod.ts";
import { bundledModels } from "../measure/bundled.ts";
import type { Readings } from "../measure/readings.ts";
import expected from "./expected/perplexities.json" with { type: "json" };
import type { MeasuredCell } from "./measure_models.ts";
import { tableRows } from "./table_rows.ts";

const readingNames = ["survivors", "denseOnSurvivors", "allPositions"] as const;

/** The perplexities of one cell, by reading. */
export type ExpectedCell = { [name in typeof readingNames[number]]?: number };

/** The expected figures of the bundled models, by the id of the cell. */
export const expectations: Record<string, ExpectedCell> = expected;

/** The figures of a cell that {@linkcode driftOf} compares. */
export function figuresOf(result: Readings): ExpectedCell {
  const present = readingNames.filter((name) => result[name]);
  return Object.fromEntries(present.map((name) => [name, result[name]!.perplexity.value]));
}

/** The expectations of cells of the bundled models, should what was measured be what is expected. */
export function acceptCells(cells: readonly MeasuredCell[]): Record<string, ExpectedCell> {
  const names = Object.values(bundledModels).map(({ name }) => name);
  return Object.fromEntries(
    cells.filter(({ model }) => names.includes(model)).map(({ id, result }) => [
      id,
      figuresOf(result),
    ]),
  );
}

/**
 * The expectations with those of some tables replaced: cells that a table does not have any more are
 * expected no more. Those that stay keep their order.
 *
 * @param accepted By {@linkcode acceptCells}, of the cells of all these tables.
 * @throws {InputError} If a table has none.
 */
export function replaceTables(
  numbers: readonly number[],
  accepted: Record<string, ExpectedCell>,
  before = expectations,
): Record<string, ExpectedCell> {
  const isOf = (number: number) => (id: string) => id.startsWith(`table${number}/`);
  for (const number of numbers) {
    const rule =
      `table ${number} in results/ must be of bundled models, as "deno task reproduce" ` +
      "writes it";
    require(Object.keys(accepted).some(isOf(number)), "accept what was measured", rule);
  }
  const kept = Object.entries(before).filter(([id]) =>
    id in accepted || !numbers.some((number) => isOf(number)(id))
  );
  return { ...Object.fromEntries(kept), ...accepted };
}

/**
 * How a cell differs from its expectation: one line per reading that is out of tolerance, missing
 * or not expected; none when all is well. A cell that nothing is expected of differs.
 */
export function driftOf({ id, row, result }: MeasuredCell, expected = expectations): string[] {
  const wanted = expected[id];
  if (!wanted) return [`${id}: nothing is expected of this cell`];
  const measured = figuresOf(result);
  const { tolerance } = tableRows.find(({ key }) => key === row)!;
  return readingNames.flatMap((name) => {
    const [want, have] = [wanted[name], measured[name]];
    if (want === have) return [];
    if (want && have && Math.abs(have / want - 1) <= tolerance) return [];
    return [
      `${id}: ${name} perplexity is ${have?.toFixed(4) ?? "missing"}, ` +
      (want ? `expected ${want.toFixed(4)} within ${100 * tolerance} %` : "expected none"),
    ];
  });
}
