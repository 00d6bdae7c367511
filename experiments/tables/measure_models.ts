import { canonicalJson, refuse, sha256 } from "../../lib/core/mod.ts";
import { type Execution, methods, runsInIntegers, sharedWeights } from "../../lib/methods/mod.ts";
import type { Storage } from "../../lib/format/mod.ts";
import type { Architecture } from "../../lib/model/mod.ts";
import { type CellSpec, type Executor, runCells, type RunOptions } from "../../lib/sweep/mod.ts";
import { cellOf, withExecutor } from "../cells/cell_runner.ts";
import {
  type Evaluation,
  evaluationCells,
  type EvaluationConfig,
  evaluationOf,
} from "../measure/evaluation.ts";
import type { SubjectFacts, UnloadedSubject } from "../measure/subject.ts";
import { isAbout, type PerplexityTable } from "./family_tables.ts";

/** A row of a table, measured on one model. */
export interface MeasuredCell {
  /** `table1/llama-encyclopedia/gptq4`. */
  id: string;
  /** The name of the model. */
  model: string;
  row: string;
  config: EvaluationConfig;
  result: Evaluation;
  /** The commit whose code measured it, where it is kept from an earlier record. */
  commit?: string | null;
}

/** One model with the measured rows of a table. */
export interface MeasuredModel {
  name: string;
  /** What captions call the model and the text it was tested on. */
  title: string;
  /** What captions call the text it was calibrated on, if it was. */
  calibration: string | null;
  table: PerplexityTable;
  facts: SubjectFacts;
  architecture: Architecture;
  /** How its checkpoint stores the linear maps of the blocks. */
  storage: Storage;
  /** What each row of the table is measured with, whether it was or not. */
  planned: Record<string, EvaluationConfig>;
  cells: Record<string, MeasuredCell>;
  /** Why a row was not measured, by the rows that refused the model. */
  refusals: Record<string, string>;
  /** Why a measured row could not be stored; it is among the cells. */
  unstored: Record<string, string>;
  /** What measured rows took, in this run or when they were stored. */
  seconds: Record<string, number>;
  /** How many cells were measured now, and how many had been before; one of several tables counts in the first. */
  computed: number;
  reused: number;
}

/** The modules of experiments/measure that measure a row, besides the one that opens its subject. */
export const evaluatedBy = ["evaluation.ts"];

/** How {@linkcode measureModels} runs. */
export interface MeasureOptions extends Omit<RunOptions, "executor" | "asked"> {
  /** Measures in this process unless given. */
  executor?: Executor;
  /** Which rows; all unless given. Others are among the cells where the store has them. */
  rows?: readonly string[];
  /** How linear maps are computed where the method allows it; emulated unless given. */
  execute?: Execution;
}

/** A cell with what it is of a table. */
export type RowCell = CellSpec<EvaluationConfig> & { row: string; label: string };

/**
 * Measures every row of tables that the suite has a method for, on the models that each is about. What is a
 * row of several is measured once. Rows measured before with the same code, model, texts and settings are taken from the store,
 * whatever the model is called. A row that refuses a model costs no other.
 *
 * @returns One for each model and table.
 * @throws {InputError} If none of the tables is about a model's family.
 * @throws The signal's reason once it is aborted.
 */
export async function measureModels(
  subjects: readonly UnloadedSubject[],
  tables: readonly PerplexityTable[],
  options: MeasureOptions,
): Promise<MeasuredModel[]> {
  const { rows, ...others } = options;
  const planned = await planModels(subjects, tables, others);
  // What is measured alike under two names is measured once.
  const distinct = new Map(planned.flatMap(({ cells }) => cells.map((cell) => [cell.id, cell])));
  const asked = [...distinct.values()].filter(({ row }) => rows?.includes(row) ?? true);
  const settings = { ...others, asked: new Set(asked.map(({ id }) => id)) };
  const outcome = await withExecutor(
    options.executor,
    evaluationCells,
    subjects,
    (executor) => runCells<Evaluation>([...distinct.values()], { ...settings, executor }),
  );
  const first = new Map(
    planned.toReversed().flatMap((each) => each.cells.map(({ id }) => [id, each])),
  );
  return planned.map((each): MeasuredModel => {
    const { subject, table, cells } = each;
    const { model: { name, architecture }, title, facts, storage } = subject;
    const calibration = subject.calibration?.label ?? null;
    const byRow = <Value>(values: ReadonlyMap<string, Value>): Record<string, Value> =>
      Object.fromEntries(
        cells.filter(({ id }) => values.has(id)).map(({ id, row }) => [row, values.get(id)!]),
      );
    const count = (ids: readonly string[]) => ids.filter((id) => first.get(id) === each).length;
    const results = byRow(outcome.results);
    const measured = cells.filter(({ row }) => results[row]).map(({ label, row, config }) => [
      row,
      { id: label, model: name, row, config, result: results[row]! } satisfies MeasuredCell,
    ]);
    return {
      ...{ name, title, calibration, table, facts, architecture, storage },
      planned: Object.fromEntries(cells.map(({ row, config }) => [row, config])),
      cells: Object.fromEntries(measured),
      refusals: byRow(outcome.refusals),
      unstored: byRow(outcome.unstored),
      seconds: byRow(outcome.seconds),
      computed: count(outcome.computed),
      reused: count(outcome.reused),
    };
  });
}

/** A model and the cells of a table. */
export interface PlannedModel {
  subject: UnloadedSubject;
  table: PerplexityTable;
  cells: RowCell[];
}

/**
 * The cells that {@linkcode measureModels} measures.
 *
 * @throws {InputError} If none of the tables is about a model's family.
 */
export async function planModels(
  subjects: readonly UnloadedSubject[],
  tables: readonly PerplexityTable[],
  options: Pick<MeasureOptions, "rows" | "execute">,
): Promise<PlannedModel[]> {
  return await Promise.all(subjects.flatMap((subject) => {
    const { model: { name, architecture: { family } } } = subject;
    const own = tables.filter((table) => isAbout(table, family));
    if (own.length === 0) {
      refuse(`measure ${name}`, "one of the tables must be about its family", family);
    }
    return own.map(async (table) => (
      { subject, table, cells: await rowCells(subject, table, options) }
    ));
  }));
}

/** The cells of a table on one model. */
async function rowCells(
  subject: UnloadedSubject,
  table: PerplexityTable,
  { rows, execute }: Pick<MeasureOptions, "rows" | "execute">,
): Promise<RowCell[]> {
  const { model: { name }, facts: { validationText: _, ...facts } } = subject; // no row chooses anything
  const identity = (await sha256(canonicalJson(facts))).slice(0, 12);
  const asked = table.rows.map(({ measured }) => measured)
    .filter(({ key }) => rows?.includes(key) ?? true);
  return asked.map((row) => {
    const { key, method, pruning } = row;
    const configured = methods[method].with(row.settings ?? {});
    const { architecture } = subject.model;
    const inIntegers = execute === "integer" && runsInIntegers(configured, architecture);
    const label = `${table.key}/${name}/${key}`;
    const config: EvaluationConfig = {
      ...evaluationOf(facts, method, pruning, row.settings),
      ...inIntegers && { execute: "integer" },
    };
    const cell = cellOf(evaluationCells, subject, {
      ...{ id: `rows/${identity}/${key}`, label, config },
      shares: sharedWeights(configured, architecture),
    });
    return { ...cell, row: key, label };
  });
}
