import { type Progress, refuse, shortDigest } from "../../lib/core/mod.ts";
import { type Execution, methods } from "../../lib/methods/mod.ts";
import { type Cell, type CellStore, runCells } from "../../lib/sweep/mod.ts";
import { evaluate, type EvaluationConfig } from "../measure/evaluation.ts";
import type { Readings } from "../measure/readings.ts";
import type { Subject, SubjectFacts } from "../measure/subject.ts";
import { WeightCache } from "../measure/weight_cache.ts";
import type { PaperTable, RowKey } from "./paper_tables.ts";

/** A row of a table, measured on one model. */
export interface MeasuredCell {
  /** `table1/llama-encyclopedia/gptq4`. */
  id: string;
  /** The name of the model. */
  model: string;
  row: RowKey;
  config: EvaluationConfig;
  result: Readings;
}

/** One model with the measured rows of its table. */
export interface MeasuredModel {
  name: string;
  /** What captions call the model and the text it was tested on. */
  title: string;
  table: PaperTable;
  facts: SubjectFacts;
  cells: Partial<Record<RowKey, MeasuredCell>>;
  /** Why a row was not measured, by the rows that refused the model. */
  refusals: Partial<Record<RowKey, string>>;
  /** Why a measured row could not be stored; it is among the cells. */
  unstored: Partial<Record<RowKey, string>>;
  /** How many cells were measured now, and how many had been before. */
  computed: number;
  reused: number;
}

/** The modules of experiments/measure that measure a row, besides the one that opens its subject. */
export const evaluatedBy = ["evaluation.ts"];

/** How {@linkcode measureModel} runs. */
export interface MeasureOptions {
  store: CellStore;
  /** Stands for the code. */
  fingerprint: string;
  /** Measures every cell anew. */
  fresh?: boolean;
  /** How linear maps are computed where a method quantizes their inputs; emulated unless given. */
  execute?: Execution;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * Measures every row of a table that the suite has a method for, on one model; the model's family
 * decides which table. Rows measured before with the same code, model, texts and settings are taken
 * from the store, whatever the model is called. A row that refuses the model costs no other.
 *
 * @throws {InputError} If none of the tables is about the model's family.
 * @throws The signal's reason once it is aborted.
 */
export async function measureModel(
  subject: Subject,
  tables: PaperTable[],
  options: MeasureOptions,
): Promise<MeasuredModel> {
  const { model: { name, architecture: { family } }, title, facts } = subject;
  const table = tables.find((each) => each.family === family) ??
    refuse(`measure ${name}`, "one of the tables must be about its family", family);
  using weights = new WeightCache(subject.model);
  const rows = table.rows.flatMap(({ measured }) => measured ?? []);
  const cells = rows.map(({ key, method, pruning }) => {
    const inIntegers = options.execute === "integer" && "activations" in methods[method];
    const config: EvaluationConfig = {
      ...{ ...facts, method, pruning },
      ...inIntegers && { execute: "integer" },
    };
    const cell: Cell<EvaluationConfig, Readings> = {
      id: `table${table.number}/${shortDigest(facts.weights)}/${key}`,
      label: `table${table.number}/${name}/${key}`,
      config,
      run: (progress, signal) => evaluate(config, subject, weights, { progress, signal }),
    };
    return { row: key, ...cell };
  });
  const outcome = await runCells(cells, options);
  const byRow = <Value>(values: ReadonlyMap<string, Value>): Partial<Record<RowKey, Value>> =>
    Object.fromEntries(
      cells.filter(({ id }) => values.has(id)).map(({ id, row }) => [row, values.get(id)!]),
    );
  const results = byRow(outcome.results);
  const measured = cells.filter(({ row }) => results[row]).map(({ label, row, config }) => [
    row,
    { id: label!, model: name, row, config, result: results[row]! } satisfies MeasuredCell,
  ]);
  return {
    ...{ name, title, table, facts },
    cells: Object.fromEntries(measured),
    refusals: byRow(outcome.refusals),
    unstored: byRow(outcome.unstored),
    computed: outcome.computed.length,
    reused: outcome.reused.length,
  };
}
