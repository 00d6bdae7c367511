import type { EvaluationResult } from "./evaluation.ts";
import type { MeasuredCell } from "./measure.ts";
import expected from "./expectations.json" with { type: "json" };

/** Perplexities of one cell by reading, as they are expected. */
export type ExpectedCell = Partial<Record<ReadingName, number>>;

const readingNames = ["survivors", "denseOnSurvivors", "allPositions"] as const;
type ReadingName = typeof readingNames[number];

/**
 * How far a perplexity may lie from what is expected, as a share of it. Backends round
 * differently; rounding to codes makes that visible.
 */
const tolerances: Record<string, number> = {
  "fp16": 1e-4,
  "rtn4": 1e-4,
  "gptq4": 1e-2,
  "agileq-8": 1e-2,
  "agileq-8-pruned": 2e-2,
};

/** The expected figures of the bundled models, by cell. */
export const expectations = expected as Record<string, ExpectedCell>;

/** The figures of a cell that {@linkcode driftOf} compares. */
export function figuresOf(result: EvaluationResult): ExpectedCell {
  const present = readingNames.filter((name) => result[name]);
  return Object.fromEntries(present.map((name) => [name, result[name]!.perplexity.value]));
}

/**
 * How a cell differs from its expectation: one line per reading that is out of tolerance.
 * A cell without an expectation does not differ.
 *
 * @param row The key of the cell's row, which sets the tolerance.
 */
export function driftOf(
  { id, result }: MeasuredCell,
  row: string,
  wanted: ExpectedCell | undefined = expectations[id],
): string[] {
  if (!wanted) return [];
  const measured = figuresOf(result);
  return readingNames.flatMap((name) => {
    const [want, have] = [wanted[name], measured[name]];
    if (want === undefined && have === undefined) return [];
    const within = Math.abs((have ?? NaN) / (want ?? NaN) - 1) <= tolerances[row];
    return within ? [] : [
      `${id}: ${name} perplexity is ${have?.toFixed(4) ?? "missing"}, expected ` +
      `${want?.toFixed(4) ?? "none"} within ${100 * tolerances[row]} %`,
    ];
  });
}
