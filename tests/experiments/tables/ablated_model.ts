import type { Evaluation } from "../../../experiments/measure/evaluation.ts";
import type { AblatedModel } from "../../../experiments/tables/measure_ablations.ts";
import { storageOf } from "../../../lib/format/mod.ts";
import { families } from "../../model/tiny_models.ts";
import { facts, readingOf } from "../measure/tiny_subject.ts";

/** What a row would have measured: mean losses of windows, and those on all positions if it prunes. */
export function evaluationOf(windowLosses: number[], allPositions?: number[]): Evaluation {
  const survivors = readingOf(windowLosses);
  const pruned = allPositions &&
    { denseOnSurvivors: survivors, allPositions: readingOf(allPositions) };
  return { survivors, ...pruned, storage: storageOf([]) };
}

/** A model with these rows measured, and those refused. */
export function ablatedModel(
  rows: Record<string, Evaluation>,
  family: "llama" | "opt" = "llama",
  refused: string[] = [],
): AblatedModel {
  const subject = {
    model: { name: "tiny", architecture: families[family] },
    title: "tiny on a text",
    storage: storageOf([]),
    facts,
  } as AblatedModel["subject"];
  const cells = Object.entries(rows).map(([row, result]) => [row, { row, result }]);
  return {
    ...{ subject, problems: [], computed: 0, reused: 0 },
    cells: new Map(cells as [string, never][]),
    refused: new Set(refused),
  };
}
