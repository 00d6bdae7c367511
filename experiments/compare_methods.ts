import type { Reading, RunHooks } from "../lib/eval/mod.ts";
import { type MethodName, methods } from "../lib/methods/mod.ts";
import type { Table, TableCell } from "../lib/report/mod.ts";
import { evaluate } from "./evaluation.ts";
import type { PruningPlan } from "./pruning_plan.ts";
import type { Subject } from "./subject.ts";
import type { WeightCache } from "./weight_cache.ts";

/** A model with its quantized versions, which are made when first needed. */
export type CachingSubject = Subject & { weights: WeightCache };

/**
 * A model under some methods, measured as the tables are.
 *
 * @throws {InputError} If a method does not fit the model.
 */
export async function compareMethods(
  subject: CachingSubject,
  names: MethodName[],
  hooks: RunHooks,
): Promise<Table> {
  const rows: TableCell[][] = [];
  for (const name of names) {
    const config = { ...subject.facts, method: name, pruning: null };
    const { survivors } = await evaluate(config, subject, subject.weights, hooks);
    const { title, weight, activation } = methods[name];
    rows.push([title, weight, activation, ...readingCells(survivors)]);
  }
  return tableOf(subject, ["method", "weights", "activations"], rows);
}

/**
 * A method with pruning in every reading: scored on the survivors, the same without pruning on the
 * same positions, and on every position.
 *
 * @throws {InputError} If the method or the plan does not fit the model.
 */
export async function compareReadings(
  subject: CachingSubject,
  method: MethodName,
  pruning: PruningPlan,
  hooks: RunHooks,
): Promise<Table> {
  const config = { ...subject.facts, method, pruning };
  const readings = await evaluate(config, subject, subject.weights, hooks);
  const rows = Object.entries(readings).map(([name, reading]): TableCell[] => [
    name,
    reading.scored,
    ...readingCells(reading),
  ]);
  return tableOf(subject, ["reading", "positions scored"], rows);
}

const readingColumns = ["perplexity", "KL to FP16, nats per token", "same top token, %"];

function readingCells({ perplexity, divergence, agreement }: Reading): TableCell[] {
  return [
    { ...perplexity, digits: 3 },
    { value: divergence!, digits: 4 },
    { value: 100 * agreement!, digits: 1 },
  ];
}

function tableOf({ model, facts }: Subject, columns: string[], rows: TableCell[][]): Table {
  return {
    title: `${model.name} on ${facts.windows} windows of ${facts.window} tokens`,
    columns: [...columns, ...readingColumns],
    rows,
    notes: ["Intervals are 95 %, from a bootstrap over windows."],
  };
}
