import type { Readings } from "../../../experiments/measure/readings.ts";
import type { Subject, SubjectFacts } from "../../../experiments/measure/subject.ts";
import type { TokenText } from "../../../experiments/measure/token_source.ts";
import type { MeasuredCell, MeasuredModel } from "../../../experiments/tables/measure_model.ts";
import { paperTables, type RowKey } from "../../../experiments/tables/paper_tables.ts";
import { perplexityOf, type Reading } from "../../../lib/eval/mod.ts";
import type { Model } from "../../../lib/model/mod.ts";
import { randomIds } from "../../eval/tiny_models.ts";

export const facts: SubjectFacts = {
  weights: "0123456789abcdef",
  settings: "settings",
  calibrationText: { sha256: "calibration", startToken: { place: "none" } },
  testText: { sha256: "fedcba9876543210", startToken: { place: "none" } },
  profile: "paper",
  window: 24,
  windows: 3,
  weightWindows: 3,
  activationWindows: 2,
  seed: 0,
  matrixProduct: "a test",
};

/** One of the tiny models with random tokens. */
export function tinySubject(model: Model): Subject & { calibration: TokenText } {
  const testWindows = [11, 12, 13].map((seed) => randomIds(facts.window, seed));
  const calibration = { ...facts.calibrationText!, ids: randomIds(200, 10), label: "random" };
  return {
    model,
    title: `${model.name} on random tokens`,
    calibration,
    testWindows,
    facts,
    warnings: [],
  };
}

/** A reading that gave these mean losses, window by window. */
export function readingOf(windowLosses: number[]): Reading {
  const perplexity = perplexityOf(windowLosses);
  return { perplexity, scored: 100, divergence: 0.125, agreement: 0.75, windowLosses };
}

/** What a measured model of table 1 would be with these readings in its rows. */
export function measuredModel(
  pruned: Readings,
  others: Partial<Record<RowKey, number[]>> = {},
): MeasuredModel & { cells: Record<RowKey, MeasuredCell> } {
  const cells = paperTables[0].rows.flatMap(({ measured }): [RowKey, MeasuredCell][] => {
    if (!measured) return [];
    const { key: row, method, pruning } = measured;
    const result = pruning ? pruned : { survivors: readingOf(others[row] ?? [1, 2, 3]) };
    const config = { ...facts, method, pruning };
    return [[row, { id: `table1/tiny/${row}`, model: "tiny", row, config, result }]];
  });
  return {
    name: "tiny",
    title: "tiny on the synthetic encyclopedia",
    table: paperTables[0],
    facts,
    cells: Object.fromEntries(cells) as Record<RowKey, MeasuredCell>,
    refusals: {},
    unstored: {},
    computed: 5,
    reused: 0,
  };
}
