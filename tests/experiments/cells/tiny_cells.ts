import { cellOf } from "../../../experiments/cells/cell_runner.ts";
import { SubjectPool } from "../../../experiments/cells/subject_pool.ts";
import {
  evaluationCells,
  type EvaluationConfig,
  evaluationOf,
} from "../../../experiments/measure/evaluation.ts";
import type { ModelRef } from "../../../experiments/measure/subject.ts";
import type { MethodName } from "../../../lib/methods/mod.ts";
import type { CellSpec } from "../../../lib/sweep/mod.ts";
import { writeTinyModel } from "../measure/tiny_folder.ts";

/** Writes a tiny model and token ids to a folder; what it is to be opened as. */
export async function writeTinyRef(folder: string, windows: number): Promise<ModelRef> {
  await writeTinyModel(folder);
  const window = 32;
  const ids = Array.from({ length: window * windows }, (_, index) => (7 * index ** 2) % 300);
  const path = `${folder}/ids.json`;
  await Deno.writeTextFile(path, JSON.stringify(ids));
  const source = { kind: "ids", path } as const;
  const draw = { weightWindows: 2, seed: 0 };
  return { folder, window, test: source, calibration: source, draw };
}

/** The cells of these methods, as they are planned on what a reference opens. */
export async function tinyCells(
  ref: ModelRef,
  methods: readonly MethodName[],
): Promise<CellSpec<EvaluationConfig>[]> {
  const subject = await new SubjectPool().read(ref);
  return methods.map((method) =>
    cellOf(evaluationCells, subject, { id: method, config: evaluationOf(subject.facts, method) })
  );
}
