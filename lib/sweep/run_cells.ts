import { decodeJson, encodeJson, InputError, type Progress, refuse, silent } from "../core/mod.ts";
import { type Cell, cellKey, type CellStore } from "./cell.ts";

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
  /** Every cell's result by its id, in the order of the cells. */
  results: Map<string, Result>;
  /** The ids of the cells measured in this run. */
  computed: string[];
  /** The ids of the cells found in the store. */
  reused: string[];
}

/**
 * Runs the cells of an experiment one after another. A finished cell is stored at once and reused
 * by later runs with the same config and fingerprint, so that an interrupted run resumes at the
 * cell it was in. Measured and stored results are alike: both have been through JSON.
 *
 * A cell that refuses its input does not keep the others from being measured: the refusals are
 * thrown together once all cells have had their turn.
 *
 * @throws {InputError} If two cells share an id, or naming every cell that threw an InputError.
 * @throws The reason of `signal` once it aborts.
 */
export async function runCells<Result>(
  cells: readonly Cell<unknown, Result>[],
  options: RunOptions,
): Promise<Outcome<Result>> {
  const { store, fingerprint, fresh = false, progress = silent } = options;
  const { signal = new AbortController().signal } = options;
  requireUniqueIds(cells);
  const outcome: Outcome<Result> = { results: new Map(), computed: [], reused: [] };
  const refusals: string[] = [];

  for (const [index, cell] of cells.entries()) {
    signal.throwIfAborted();
    const { id, config } = cell;
    const key = await cellKey(cell, fingerprint);
    const stored = fresh ? null : await store.get(key);
    if (stored) {
      outcome.results.set(id, stored.result as Result);
      outcome.reused.push(id);
      continue;
    }
    const labelled = withLabel(progress, `[${index + 1}/${cells.length}] ${id}`);
    let result: Result;
    try {
      result = decodeJson(encodeJson(await cell.run(labelled, signal))) as Result;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      refusals.push(`${id}: ${error.message}`);
      labelled.start("refused", 1);
      labelled.finish(error.message);
      continue;
    }
    await store.set(key, { id, config, fingerprint, result });
    outcome.results.set(id, result);
    outcome.computed.push(id);
  }
  if (refusals.length > 0) throw new InputError(refusals.join("; "));
  return outcome;
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
