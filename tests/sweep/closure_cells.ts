import type { Progress } from "../../lib/core/mod.ts";
import {
  type CellRunner,
  type CellSpec,
  here,
  type Outcome,
  runCells,
  type RunOptions,
} from "../../lib/sweep/mod.ts";

/** A cell of a test, which says itself how it is measured. */
export interface ClosureCell<Result> extends Partial<CellSpec> {
  id: string;
  config: unknown;
  run(progress: Progress, signal: AbortSignal): Promise<Result>;
}

/** The cells as plain data, and what measures them. */
export function asSpecs<Result>(
  cells: readonly ClosureCell<Result>[],
): { specs: CellSpec[]; run: CellRunner } {
  return {
    specs: cells.map(({ run: _, ...cell }) => ({ experiment: "test", model: null, ...cell })),
    run: ({ id }, { progress, signal }) =>
      cells.find((cell) => cell.id === id)!.run(progress, signal),
  };
}

/** Runs them in this process. */
export async function runClosures<Result>(
  cells: readonly ClosureCell<Result>[],
  options: Omit<RunOptions, "executor">,
): Promise<Outcome<Result>> {
  const { specs, run } = asSpecs(cells);
  return await runCells<Result>(specs, { ...options, executor: here(run) });
}
