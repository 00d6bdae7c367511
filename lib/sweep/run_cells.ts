import { decodeJson, encodeJson, InputError, type Progress, refuse, silent } from "../core/mod.ts";
import { type Cell, cellKey, type CellStore, isRecordOf, recordOf } from "./cell.ts";

/** How {@linkcode runCells} runs. */
export interface RunOptions {
  store: CellStore;
  /** Stands for what the configs do not say: the code, the weights, the data. */
  fingerprint: string;
  /** Computes every cell anew. */
  fresh?: boolean;
  progress?: Progress;
  /** Stops the run; finished cells stay stored. */
  signal?: AbortSignal;
}

/** What {@linkcode runCells} did. */
export interface Outcome<Result> {
  /** Every finished cell's result by its id, in the order of the cells. */
  results: Map<string, Result>;
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
 * Runs the cells of an experiment one after another. A finished cell is stored at once and reused
 * by later runs with the same config and fingerprint, so that an interrupted run resumes at the
 * cell it was in. Measured and stored results are alike: both have been through JSON. A stored
 * record that is not what was once written for this cell counts as none.
 *
 * Neither a cell that refuses its input nor one that cannot be stored keeps the others from being
 * measured; both are reported as progress and in the outcome.
 *
 * @throws {InputError} If two cells share an id.
 * @throws The reason of `signal` once it aborts.
 */
export async function runCells<Result>(
  cells: readonly Cell<unknown, Result>[],
  options: RunOptions,
): Promise<Outcome<Result>> {
  const { store, fingerprint, fresh = false, progress = silent } = options;
  const { signal = new AbortController().signal } = options;
  requireUniqueIds(cells);
  const outcome: Outcome<Result> = {
    results: new Map(),
    computed: [],
    reused: [],
    refusals: new Map(),
    unstored: new Map(),
  };

  for (const [index, cell] of cells.entries()) {
    signal.throwIfAborted();
    const { id, label = id } = cell;
    const key = await cellKey(cell, fingerprint);
    const stored = fresh ? null : await store.get(key);
    if (stored && await isRecordOf(cell, fingerprint, stored)) {
      outcome.results.set(id, stored.result as Result);
      outcome.reused.push(id);
      continue;
    }
    const labelled = withLabel(progress, `[${index + 1}/${cells.length}] ${label}`);
    const report = (what: string, reason: string) => {
      labelled.start(what, 1);
      labelled.finish(reason);
    };
    const result = await attempt(
      async () => decodeJson(encodeJson(await cell.run(labelled, signal))) as Result,
      (reason) => {
        outcome.refusals.set(id, reason);
        report("refused", reason);
      },
    );
    if (result === undefined) continue;
    outcome.results.set(id, result);
    outcome.computed.push(id);
    await attempt(
      async () => await store.set(key, await recordOf(cell, fingerprint, result)),
      (reason) => {
        outcome.unstored.set(id, reason);
        report("measured, but not stored", reason);
      },
    );
  }
  return outcome;
}

/** The value of `work`, or undefined after telling `onRefusal` why its input was refused. */
async function attempt<Value>(
  work: () => Promise<Value>,
  onRefusal: (reason: string) => void,
): Promise<Value | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    onRefusal(error.message);
  }
}

function requireUniqueIds(cells: readonly Cell<unknown, unknown>[]): void {
  const seen = new Set<string>();
  for (const { id } of cells) {
    if (seen.has(id)) refuse("run cells", "ids must be unique", id);
    seen.add(id);
  }
}

function withLabel(progress: Progress, label: string): Progress {
  return {
    start: (step, total) => progress.start(`${label}: ${step}`, total),
    update: (done, note) => progress.update(done, note),
    finish: (note) => progress.finish(note),
  };
}
