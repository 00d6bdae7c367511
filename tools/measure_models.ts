import { loadSubject } from "../experiments/measure/subject.ts";
import {
  type MeasuredModel,
  measureModel,
  type MeasureOptions,
} from "../experiments/tables/measure_model.ts";
import type { PaperTable } from "../experiments/tables/paper_tables.ts";
import { InputError } from "../lib/core/mod.ts";
import { disposeModel } from "../lib/model/mod.ts";
import type { BackendInfo } from "../lib/tensor/mod.ts";
import { printWarnings } from "./command_line.ts";
import type { Source } from "./model_options.ts";

/** What {@linkcode measureModels} could measure. */
export interface MeasuredModels {
  measured: MeasuredModel[];
  /** What was refused or could not be stored, a line for each model or row. */
  problems: string[];
}

/**
 * Measures the rows of the tables on one model after the other. Neither a model that cannot be loaded
 * nor a row that refuses one costs the others.
 *
 * @throws The reason of the settings' signal once it is aborted.
 */
export async function measureModels(
  sources: readonly Source[],
  backend: Pick<BackendInfo, "matrixProduct" | "instructions">,
  tables: PaperTable[],
  settings: MeasureOptions,
): Promise<MeasuredModels> {
  const measured: MeasuredModel[] = [];
  const problems: string[] = [];
  for (const { folder, options } of sources) {
    const refusals = await refusalsOf(async () => {
      const subject = await loadSubject(folder, {
        ...backend,
        ...options,
        signal: settings.signal,
      });
      printWarnings(subject.warnings);
      try {
        measured.push(await measureModel(subject, tables, settings));
      } finally {
        disposeModel(subject.model);
      }
    });
    problems.push(...refusals.map((reason) => `${options.name}: ${reason}`));
  }
  return { measured, problems: [...problems, ...measured.flatMap(problemsOf)] };
}

function problemsOf({ name, table, refusals, unstored }: MeasuredModel): string[] {
  return [refusals, unstored].flatMap((reasons) =>
    Object.entries(reasons).map(([row, reason]) => `table${table.number}/${name}/${row}: ${reason}`)
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
