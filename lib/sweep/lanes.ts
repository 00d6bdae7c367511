import { decodeJson, encodeJson, InputError } from "../core/mod.ts";
import type { CellHooks, CellRunner, CellSpec } from "./cell.ts";
import { CellQueue } from "./cell_queue.ts";
import type { AskedCell, CellEnd, Executor, Measuring } from "./executor.ts";
import { oneLane, severalLanes } from "./lane_progress.ts";

/** What measures a few cells at a time, one in each lane; lanes count from 0. */
export interface Lanes {
  readonly lanes: number;
  /**
   * Measures a cell. Cells of one lane come one after the other and share what they can.
   *
   * @throws {InputError} If the cell refuses its input, or its process has ended twice.
   * @throws The reason of the hooks' signal once it aborts.
   */
  run(cell: CellSpec, lane: number, hooks: CellHooks): Promise<unknown>;
}

/** Measures cells in lanes; cells that share something all go to one. */
export function inLanes({ lanes, run }: Lanes): Executor & Lanes {
  async function measure(cells: readonly AskedCell[], measuring: Measuring): Promise<void> {
    const { progress, signal, ended } = measuring;
    const several = lanes > 1 && cells.length > 0;
    const shown = several ? severalLanes(progress, lanes, cells.length) : oneLane(progress);
    const queue = new CellQueue(cells);
    const defects: unknown[] = [];
    async function work(lane: number): Promise<void> {
      for (let cell = queue.take(lane); cell && defects.length === 0; cell = queue.take(lane)) {
        signal.throwIfAborted();
        const hooks = { progress: shown.of(cell.title, lane), signal };
        const remark = await ended(cell, await endOf(() => run(cell!, lane, hooks)));
        if (remark) progress.say(remark);
        shown.end(lane);
      }
    }
    const working = Array.from(
      { length: lanes },
      (_, lane) => work(lane).catch((defect) => void defects.push(defect)),
    );
    await Promise.all(working);
    if (defects.length > 0) throw defects[0];
    shown.finish();
  }
  return { lanes, run, measure };
}

/** Measures cells in this process, one after the other. */
export function here(run: CellRunner): Executor & Lanes {
  return inLanes({ lanes: 1, run: (cell, _lane, hooks) => run(cell, hooks) });
}

/** What became of a cell: its result as it comes from JSON, so that it is what a stored one is. */
async function endOf(run: () => Promise<unknown>): Promise<CellEnd> {
  const started = performance.now();
  try {
    const result = decodeJson(encodeJson(await run()));
    return { result, seconds: Math.round(performance.now() - started) / 1000 };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { refusal: error.message };
  }
}
