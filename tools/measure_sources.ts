import type { UnloadedSubject } from "../experiments/measure/subject.ts";
import type { SubjectPool } from "../experiments/cells/subject_pool.ts";
import type { PerplexityTable } from "../experiments/tables/family_tables.ts";
import {
  type MeasuredModel,
  measureModels,
  type MeasureOptions,
} from "../experiments/tables/measure_models.ts";
import { InputError } from "../lib/core/mod.ts";
import { printWarnings } from "./command_line.ts";
import type { Source } from "./model_options.ts";

/** What {@linkcode measureSources} could measure. */
export interface MeasuredSources {
  measured: MeasuredModel[];
  /** What was refused or could not be stored, a line for each model or row. */
  problems: string[];
}

/**
 * Reads models and measures the rows of the tables on them. Neither a model that cannot be read nor a
 * row that refuses one costs the others.
 *
 * @throws The reason of the settings' signal once it is aborted.
 */
export async function measureSources(
  sources: readonly Source[],
  pool: SubjectPool,
  tables: readonly PerplexityTable[],
  settings: MeasureOptions,
): Promise<MeasuredSources> {
  const { subjects, problems } = await readSubjects(sources, pool, settings.signal);
  const planned = await measureModels(subjects, tables, settings);
  const measured = planned.filter((model) => !isRefused(model));
  return { measured, problems: [...problems, ...planned.flatMap(problemsOf)] };
}

/** Reads all of models but their weights, and prints their warnings; those that cannot be read are problems. */
export async function readSubjects(
  sources: readonly Source[],
  pool: SubjectPool,
  signal?: AbortSignal,
): Promise<{ subjects: UnloadedSubject[]; problems: string[] }> {
  const subjects: UnloadedSubject[] = [];
  const problems: string[] = [];
  for (const { ref } of sources) {
    const refusals = await refusalsOf(async () => {
      const subject = await pool.read(ref, signal);
      printWarnings(subject.warnings);
      subjects.push(subject);
    });
    problems.push(...refusals.map((reason) => `${ref.name}: ${reason}`));
  }
  return { subjects, problems };
}

/** Whether a model was refused as a whole: all rows for one reason. */
function isRefused({ cells, refusals }: MeasuredModel): boolean {
  return Object.keys(cells).length === 0 && new Set(Object.values(refusals)).size === 1;
}

function problemsOf(model: MeasuredModel): string[] {
  const { name, table, refusals, unstored } = model;
  if (isRefused(model)) return [`${name}: ${Object.values(refusals)[0]}`];
  return [refusals, unstored].flatMap((reasons) =>
    Object.entries(reasons).map(([row, reason]) => `${table.key}/${name}/${row}: ${reason}`)
  );
}

/** Why some work refused its input: a line for each reason, or none. */
export async function refusalsOf(work: () => Promise<void>): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [...error.problems];
  }
}
