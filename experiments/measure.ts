import { type Progress, refuse } from "../lib/core/mod.ts";
import { disposeModel } from "../lib/model/mod.ts";
import { type Cell, type CellStore, runCells } from "../lib/sweep/mod.ts";
import {
  evaluate,
  type EvaluationConfig,
  type EvaluationResult,
  WeightCache,
} from "./evaluation.ts";
import { cellConfig, loadSubject, type SubjectFacts } from "./subject.ts";
import type { PaperTable } from "./tables.ts";

/** A row of a table, measured on one model. */
export interface MeasuredCell {
  /** `table1/llama-encyclopedia/gptq4`. */
  id: string;
  config: EvaluationConfig;
  result: EvaluationResult;
}

/** One model with the rows of its table. */
export interface MeasuredModel {
  name: string;
  table: PaperTable;
  facts: SubjectFacts;
  /** By the key of the row. */
  cells: Map<string, MeasuredCell>;
  /** How many cells were measured now, and how many had been before. */
  computed: number;
  reused: number;
}

/** How {@linkcode measureModel} runs. */
export interface MeasureOptions {
  /** What computes matrix products; results depend on it in the last digits. */
  matrixProduct: string;
  store: CellStore;
  /** Stands for the code. */
  fingerprint: string;
  fresh?: boolean;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * Measures every row of a table that the suite has a method for, on one model. Rows measured
 * before with the same code, weights, texts and settings are taken from the store.
 *
 * @param folder A model in Hugging Face layout; its family decides the table.
 * @throws {InputError} If none of the tables is about its family.
 */
export async function measureModel(
  folder: string,
  tables: PaperTable[],
  options: MeasureOptions,
): Promise<MeasuredModel> {
  const subject = await loadSubject(folder, options.matrixProduct);
  const { name, architecture: { family } } = subject.model;
  const weights = new WeightCache(subject.model);
  try {
    const table = tables.find((each) => each.family === family) ??
      refuse(`measure ${folder}`, `--table must include the table of ${family} models`);
    const rows = table.rows.flatMap(({ measured }) => measured ?? []);
    const cells = rows.map((row): Cell<EvaluationConfig, EvaluationResult> => {
      const config = cellConfig(subject.facts, row);
      return {
        id: `table${table.number}/${name}/${row.key}`,
        config,
        run: (progress, signal) => evaluate(config, subject, weights, progress, signal),
      };
    });
    const { results, computed, reused } = await runCells(cells, options);
    const measured = cells.map(({ id, config }, index) =>
      [rows[index].key, { id, config, result: results.get(id)! }] as const
    );
    return {
      name,
      table,
      facts: subject.facts,
      cells: new Map(measured),
      computed: computed.length,
      reused: reused.length,
    };
  } finally {
    weights.dispose();
    disposeModel(subject.model);
  }
}
