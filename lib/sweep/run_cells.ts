import { decodeJson, encodeJson, InputError, type Progress, refuse, silent } from "../core/mod.ts";
import { cellKey, type CellSpec, type CellStore, recordOf, storedRecord } from "./cell.ts";
import { CellQueue } from "./cell_queue.ts";
import type { Executor } from "./executor.ts";
import { oneLane, severalLanes } from "./lane_progress.ts";

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
 * Runs the cells of an experiment, as many at a time as the executor has lanes. A finished cell is
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
  const ended = {
    computed: new Set<string>(),
    reused: new Set<string>(),
    refusals: new Map<string, string>(),
    unstored: new Map<string, string>(),
  };

  const left: NumberedCell[] = [];
  const count = cells.filter(({ id }) => asked?.has(id) ?? true).length;
  let place = 0;
  for (const cell of cells) {
    signal.throwIfAborted();
    const isAsked = asked?.has(cell.id) ?? true;
    if (isAsked) place++;
    const stored = fresh && isAsked ? null : await storedRecord(cell, store, fingerprint);
    if (stored) {
      found.set(cell.id, stored.result as Result);
      if (stored.seconds !== undefined) seconds.set(cell.id, stored.seconds);
      ended.reused.add(cell.id);
    } else if (isAsked) {
      const title = `[${place}/${count}] ${cell.label ?? cell.id}`;
      left.push({ ...cell, title });
    }
  }

  const several = executor.lanes > 1 && left.length > 0;
  const shown = several ? severalLanes(progress, executor.lanes, left.length) : oneLane(progress);
  const measure = async (cell: NumberedCell, lane: number) => {
    const { id, title } = cell;
    const hooks = { progress: shown.of(title, lane), signal };
    const started = performance.now();
    const result = await attempt(
      async () => decodeJson(encodeJson(await executor.run(cell, lane, hooks))) as Result,
      (reason) => {
        ended.refusals.set(id, reason);
        shown.say(`${title}: refused`, reason);
      },
    );
    if (result === undefined) return;
    const taken = Math.round(performance.now() - started) / 1000;
    found.set(id, result);
    seconds.set(id, taken);
    ended.computed.add(id);
    await attempt(
      async () => {
        await store.set(
          await cellKey(cell, fingerprint),
          await recordOf(cell, fingerprint, result, taken),
        );
      },
      (reason) => {
        ended.unstored.set(id, reason);
        shown.say(`${title}: measured, but not stored`, reason);
      },
    );
  };
  const queue = new CellQueue(left);
  const defects: unknown[] = [];
  const lanes = Array.from({ length: executor.lanes }, async (_, lane) => {
    try {
      for (let cell = queue.take(lane); cell && defects.length === 0; cell = queue.take(lane)) {
        signal.throwIfAborted();
        await measure(cell, lane);
        shown.end(lane);
      }
    } catch (error) {
      defects.push(error);
    }
  });
  await Promise.all(lanes);
  if (defects.length > 0) throw defects[0];
  shown.finish();

  const inOrder = <Value>(values: ReadonlyMap<string, Value>) =>
    new Map(cells.filter(({ id }) => values.has(id)).map(({ id }) => [id, values.get(id)!]));
  const idsOf = (ids: ReadonlySet<string>) => cells.map(({ id }) => id).filter((id) => ids.has(id));
  return {
    results: inOrder(found),
    seconds: inOrder(seconds),
    computed: idsOf(ended.computed),
    reused: idsOf(ended.reused),
    refusals: inOrder(ended.refusals),
    unstored: inOrder(ended.unstored),
  };
}

/** A cell with what progress calls it, its number among all of them included. */
interface NumberedCell extends CellSpec {
  title: string;
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

function requireUniqueIds(cells: readonly CellSpec[]): void {
  const seen = new Set<string>();
  for (const { id } of cells) {
    if (seen.has(id)) refuse("run cells", "ids must be unique", id);
    seen.add(id);
  }
}
