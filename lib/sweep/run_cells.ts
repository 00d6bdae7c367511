import { InputError, type Progress, refuse, silent } from "../core/mod.ts";
import {
  cellKey,
  type CellRecord,
  type CellSpec,
  type CellStore,
  recordOf,
  storedRecord,
} from "./cell.ts";
import type { AskedCell, CellEnd, Executor } from "./executor.ts";

/** How {@linkcode runCells} runs. */
export interface RunOptions {
  executor: Executor;
  store: CellStore;
  /** Stands for what the configs do not say: the code, the weights, the data. */
  fingerprint: string;
  /** Computes every cell anew. */
  fresh?: boolean;
  /** The ids of the cells to measure, all unless given; of others there is what the store has. */
  asked?: ReadonlySet<string>;
  progress?: Progress;
  /** Stops the run; finished cells stay stored. */
  signal?: AbortSignal;
}

/** What {@linkcode runCells} did. */
export interface Outcome<Result> {
  /** Every finished cell's result by its id, in the order of the cells. */
  results: Map<string, Result>;
  /** What finished cells took, by their ids; what they share is made by the first that needs it. */
  seconds: Map<string, number>;
  /** The ids of the cells measured in this run. */
  computed: string[];
  /** The ids of the cells found in the store. */
  reused: string[];
  /** Why a cell could not be measured, by the ids of those that refused their input. */
  refusals: Map<string, string>;
  /** Why a result could not be stored, by the ids of the cells; it is among the results. */
  unstored: Map<string, string>;
}

/**
 * Runs the cells of an experiment, where and as many at a time as the executor does. A finished cell is
 * stored at once and reused by later runs with the same config and fingerprint, so that an
 * interrupted run resumes at the cells it was in. Measured and stored results are alike: both have
 * been through JSON. A stored record that is not what was once written for this cell counts as none.
 *
 * Neither a cell that refuses its input nor one that cannot be stored keeps the others from being
 * measured; both are reported as progress and in the outcome. After a defect no further cell starts.
 *
 * @throws {InputError} If two cells share an id.
 * @throws The reason of `signal` once it aborts.
 */
export async function runCells<Result>(
  cells: readonly CellSpec[],
  options: RunOptions,
): Promise<Outcome<Result>> {
  const { executor, store, fingerprint, fresh = false, asked, progress = silent } = options;
  const { signal = new AbortController().signal } = options;
  requireUniqueIds(cells);
  const found = new Map<string, Result>();
  const seconds = new Map<string, number>();
  const computed = new Set<string>();
  const reused = new Set<string>();
  const refusals = new Map<string, string>();
  const unstored = new Map<string, string>();
  const take = ({ id, result, seconds: taken }: CellRecord) => {
    found.set(id, result as Result);
    if (taken !== undefined) seconds.set(id, taken);
  };

  const left: AskedCell[] = [];
  const count = cells.filter(({ id }) => asked?.has(id) ?? true).length;
  let place = 0;
  for (const cell of cells) {
    signal.throwIfAborted();
    const isAsked = asked?.has(cell.id) ?? true;
    if (isAsked) place++;
    const stored = fresh && isAsked ? null : await storedRecord(cell, store, fingerprint);
    if (stored) {
      take(stored);
      reused.add(cell.id);
    } else if (isAsked) {
      const title = `[${place}/${count}] ${cell.label ?? cell.id}`;
      left.push({ ...cell, title, key: await cellKey(cell, fingerprint) });
    }
  }

  async function ended(cell: AskedCell, end: CellEnd): Promise<string | undefined> {
    const { id, title, key } = cell;
    if ("refusal" in end) {
      refusals.set(id, end.refusal);
      return `${title}: refused: ${end.refusal}`;
    }
    computed.add(id);
    if ("record" in end) {
      take(end.record);
      return;
    }
    const record = await recordOf(cell, fingerprint, end.result, end.seconds);
    take(record);
    try {
      await store.set(key, record);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      unstored.set(id, error.message);
      return `${title}: measured, but not stored: ${error.message}`;
    }
  }
  const stored = (cell: AskedCell) => storedRecord(cell, store, fingerprint);
  await executor.measure(left, { fingerprint, progress, signal, stored, ended });

  const inOrder = <Value>(values: ReadonlyMap<string, Value>) =>
    new Map(cells.filter(({ id }) => values.has(id)).map(({ id }) => [id, values.get(id)!]));
  const idsOf = (ids: ReadonlySet<string>) => cells.map(({ id }) => id).filter((id) => ids.has(id));
  return {
    results: inOrder(found),
    seconds: inOrder(seconds),
    computed: idsOf(computed),
    reused: idsOf(reused),
    refusals: inOrder(refusals),
    unstored: inOrder(unstored),
  };
}

function requireUniqueIds(cells: readonly CellSpec[]): void {
  const seen = new Set<string>();
  for (const { id } of cells) {
    if (seen.has(id)) refuse("run cells", "ids must be unique", id);
    seen.add(id);
  }
}
