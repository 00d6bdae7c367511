import { canonicalJson, sha256 } from "../../lib/core/mod.ts";
import { methods, sharedWeights } from "../../lib/methods/mod.ts";
import { type Executor, runCells, type RunOptions } from "../../lib/sweep/mod.ts";
import { cellOf, withExecutor } from "../cells/cell_runner.ts";
import { type Evaluation, evaluationCells, evaluationOf } from "../measure/evaluation.ts";
import type { UnloadedSubject } from "../measure/subject.ts";
import {
  ablatedMethod,
  type AblationPart,
  ablationParts,
  type AblationRow,
  ablationRows,
} from "./ablation_rows.ts";
import type { MeasuredCell, RowCell } from "./measure_models.ts";
import { type MeasuredRows, measuredRows } from "./measured_rows.ts";

/** One model with the measured rows of the ablations. */
export type AblatedModel = MeasuredRows<MeasuredCell>;

/** How {@linkcode measureAblations} runs. */
export interface AblationOptions extends Omit<RunOptions, "executor" | "asked"> {
  /** Measures in this process unless given. */
  executor?: Executor;
  /** Which questions; all unless given. Rows of others are among the cells where the store has them. */
  parts?: readonly AblationPart[];
}

/** The rows that some questions need, in their order. */
export function rowsOf(parts: readonly AblationPart[] = ablationParts): AblationRow[] {
  return ablationRows.filter((row) => row.parts.some((part) => parts.includes(part)));
}

/**
 * Measures AgileQ-8 on models with one thing changed at a time. Rows measured before with the same code,
 * model, texts and settings are taken from the store. A row that refuses a model costs no other.
 *
 * @throws The signal's reason once it is aborted.
 */
export async function measureAblations(
  subjects: readonly UnloadedSubject[],
  { parts, ...options }: AblationOptions,
): Promise<AblatedModel[]> {
  const planned = await Promise.all(subjects.map(async (subject) => ({
    subject,
    cells: await ablationCells(subject, ablationRows),
  })));
  const keys = rowsOf(parts).map(({ key }) => key);
  const asked = planned.flatMap(({ cells }) => cells.filter(({ row }) => keys.includes(row)));
  const settings = { ...options, asked: new Set(asked.map(({ id }) => id)) };
  const outcome = await withExecutor(
    options.executor,
    evaluationCells,
    subjects,
    (executor) =>
      runCells<Evaluation>(planned.flatMap(({ cells }) => cells), { ...settings, executor }),
  );
  return planned.map(({ subject, cells }) => measuredRows(subject, cells, outcome, () => ({})));
}

/** The cells of some rows on one model. */
export async function ablationCells(
  subject: UnloadedSubject,
  rows: readonly AblationRow[],
): Promise<RowCell[]> {
  const { model: { name, architecture }, facts } = subject;
  const identity = (await sha256(canonicalJson(facts))).slice(0, 12);
  return rows.map(({ key, settings = {}, pruning }) => {
    const plan = pruning?.(architecture.layers) ?? null;
    const label = `ablations/${name}/${key}`;
    const cell = cellOf(evaluationCells, subject, {
      ...{ id: `ablations/${identity}/${key}`, label },
      config: evaluationOf(facts, ablatedMethod, plan, settings),
      shares: sharedWeights(methods[ablatedMethod].with(settings), architecture),
    });
    return { ...cell, row: key, label };
  });
}
