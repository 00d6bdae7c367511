import { evaluationOf } from "../../../experiments/measure/evaluation.ts";
import type { Readings } from "../../../experiments/measure/readings.ts";
import type { OpenSubject, SubjectFacts } from "../../../experiments/measure/subject.ts";
import type { TokenText } from "../../../experiments/measure/token_source.ts";
import type { MeasuredCell, MeasuredModel } from "../../../experiments/tables/measure_models.ts";
import { familyTables } from "../../../experiments/tables/family_tables.ts";
import type { RowKey } from "../../../experiments/tables/table_rows.ts";
import { perplexityOf, type Reading } from "../../../lib/eval/mod.ts";
import { storageOf } from "../../../lib/format/mod.ts";
import { Versions } from "../../../lib/methods/mod.ts";
import type { Model } from "../../../lib/model/mod.ts";
import { families } from "../../model/tiny_models.ts";
import { randomIds } from "../../eval/tiny_models.ts";

export const facts: SubjectFacts = {
  weights: "0123456789abcdef",
  settings: "settings",
  calibrationText: { sha256: "calibration", startToken: { place: "none" } },
  testText: { sha256: "fedcba9876543210", startToken: { place: "none" } },
  window: 24,
  windows: 3,
  weightWindows: 3,
  activationWindows: 2,
  seed: 0,
  matrixProduct: "a test",
};

/** One of the tiny models with random tokens. */
export function tinySubject(model: Model): OpenSubject & { calibration: TokenText } {
  const testWindows = [11, 12, 13].map((seed) => randomIds(facts.window, seed));
  const calibration = { ...facts.calibrationText!, ids: randomIds(200, 10), label: "random" };
  const test = {
    ...facts.testText,
    ids: Int32Array.from(testWindows.flatMap((window) => [...window])),
    label: "random",
  };
  return {
    ref: { folder: model.name },
    model,
    versions: new Versions(),
    title: `${model.name} on random tokens`,
    test,
    calibration,
    testWindows,
    windowsInText: testWindows.length,
    facts,
    storage: storageOf([]),
    storedBytes: 0,
    warnings: [],
  };
}

/** A reading that gave these mean losses, window by window. */
export function readingOf(windowLosses: number[]): Reading {
  const perplexity = perplexityOf(windowLosses);
  return {
    perplexity,
    scored: 100,
    divergence: { value: 0.125 },
    agreement: { value: 0.75 },
    windowLosses,
  };
}

/** What a measured model of table 1 would be with these readings in its rows. */
export function measuredModel(
  pruned: Readings,
  others: Partial<Record<RowKey, number[]>> = {},
): MeasuredModel & { cells: Record<RowKey, MeasuredCell> } {
  const cells = familyTables[0].rows.flatMap(({ measured }): [string, MeasuredCell][] => {
    if (!measured) return [];
    const { key: row, method, pruning, settings } = measured;
    const readings = pruning
      ? pruned
      : { survivors: readingOf(others[row as RowKey] ?? [1, 2, 3]) };
    const result = { ...readings, storage: storageOf([]) };
    const config = evaluationOf(facts, method, pruning, settings);
    return [[row, { id: `table1/tiny/${row}`, model: "tiny", row, config, result }]];
  });
  return {
    name: "tiny",
    title: "tiny on the synthetic encyclopedia",
    calibration: "random",
    table: familyTables[0],
    facts,
    architecture: families.llama,
    storage: storageOf([]),
    cells: Object.fromEntries(cells) as Record<RowKey, MeasuredCell>,
    refusals: {},
    planned: Object.fromEntries(cells.map(([row, { config }]) => [row, config])),
    unstored: {},
    seconds: {},
    computed: 5,
    reused: 0,
  };
}
