import { counted, InputError, type Progress, require } from "../core/mod.ts";
import type { BatchSystem, BatchTask, TaskState } from "./batch_system.ts";
import { cellGroups } from "./cell_queue.ts";
import type { AskedCell, CellEnd, Executor, Measuring } from "./executor.ts";
import { failureOf } from "./worker_event.ts";

/** How a batch system is used. */
export interface BatchOptions {
  /** Whether cells in tasks of an earlier run are waited for; they are refused otherwise. */
  resume?: boolean;
  /** Milliseconds between two looks: after a change, and at most once nothing has changed for long. */
  pauses?: { least: number; most: number };
  /** Milliseconds that records may take to be seen on this machine once their task has ended well. */
  delay?: number;
}

/**
 * Measures cells in tasks of a batch system; cells that share something are one task. Tasks store what
 * they measure, so this process may end at any time: they go on, and a later one with `resume` waits for
 * them and submits what is missing.
 *
 * Cells that a task leaves behind as it ends, at its time limit or with its machine, are submitted again;
 * the one it was at is refused when that has happened twice. Where somebody has cancelled the task, all of them are.
 */
export function batch(system: BatchSystem, options: BatchOptions = {}): Executor {
  const { resume = false, pauses = { least: 1000, most: 30_000 }, delay = 60_000 } = options;

  async function measure(cells: readonly AskedCell[], measuring: Measuring): Promise<void> {
    if (cells.length === 0) return;
    const { signal, stored, fingerprint } = measuring;
    const left = new Map(cells.map((cell) => [cell.key, cell]));
    let tasks = await takeUp(system, left, fingerprint, resume);
    const shown = shownProgress(measuring.progress, system.name, cells.length);
    const end = async (cell: AskedCell, how: CellEnd) => {
      left.delete(cell.key);
      const remark = await measuring.ended(cell, how);
      if (remark) measuring.progress.say(remark);
    };

    /** Takes what tasks have made of cells since the last look. */
    async function collect(): Promise<void> {
      for (const cell of [...left.values()]) {
        const record = await stored(cell);
        if (record) await end(cell, { record });
      }
      for (const [key, outcome] of await system.failures(tasks)) {
        const cell = left.get(key);
        if (!cell) continue;
        const failure = failureOf(outcome);
        if (!(failure instanceof InputError)) throw failure;
        await end(cell, { refusal: failure.message });
      }
    }

    /** How tasks fare; nothing is known while the batch system does not answer. */
    async function look(): Promise<ReadonlyMap<string, TaskState> | undefined> {
      try {
        return await system.states(tasks);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        shown.complain(error.message);
      }
    }

    /** The keys of cells at which a task has ended. */
    const ended = new Set<string>();
    /** What of a task that has ended is to be tried again; the cell that it was at may be refused instead. */
    async function untried(task: BatchTask, state: TaskState | undefined): Promise<AskedCell[]> {
      const lost = task.keys.flatMap((key) => left.get(key) ?? []);
      if (lost.length === 0) return []; // another task was about them, too
      const [first, ...others] = lost;
      if (state?.phase === "cancelled") {
        for (const cell of lost) await end(cell, { refusal: refusalOf(cell, state.word) });
        return [];
      }
      if (!ended.has(first.key)) {
        ended.add(first.key);
        return lost;
      }
      const how = `${state?.word ?? "no trace of it"} twice, see ${task.log}`;
      await end(first, { refusal: refusalOf(first, how) });
      return others;
    }

    const seen = new Map<string, number>();
    /** Whether a task has ended and nothing more is to be heard of it. */
    function isOver({ id }: BatchTask, state: TaskState | undefined): boolean {
      if (state?.phase === "waiting" || state?.phase === "running") return false;
      return state?.phase === "failed" || state?.phase === "cancelled" ||
        performance.now() - seen.getOrInsert(id, performance.now()) >= delay;
    }

    for (let pause = pauses.least, last = "";; pause = Math.min(2 * pause, pauses.most)) {
      signal.throwIfAborted();
      const states = await look(); // first: what has ended by now has stored its cells
      await collect();
      if (left.size === 0) break;
      tasks = tasks.filter(({ keys }) => keys.some((key) => left.has(key)));
      const over = states ? tasks.filter((task) => isOver(task, states.get(task.id))) : [];
      const again: AskedCell[][] = [];
      for (const task of over) again.push(await untried(task, states?.get(task.id)));
      tasks = tasks.filter((task) => !over.includes(task));
      const lost = again.filter(({ length }) => length > 0);
      if (lost.length > 0) tasks.push(...await system.submit(lost, fingerprint));
      const now = shown.update(cells.length - left.size, tasks, states);
      if (now !== last) pause = pauses.least;
      last = now;
      if (left.size > 0) await sleep(pause, signal);
    }
    shown.finish();
  }

  return { measure };
}

/** The tasks that measure cells: those of an earlier run that still live, and new ones for the others. */
async function takeUp(
  system: BatchSystem,
  left: ReadonlyMap<string, AskedCell>,
  fingerprint: string,
  resume: boolean,
): Promise<BatchTask[]> {
  const about = (await system.earlier()).filter(({ keys }) => keys.some((key) => left.has(key)));
  const states = about.length > 0 ? await system.states(about) : new Map<string, TaskState>();
  const alive = about.filter(({ id }) =>
    ["waiting", "running"].includes(states.get(id)?.phase ?? "")
  );
  const taken = new Set(alive.flatMap(({ keys }) => keys));
  const rule =
    `none of them may be in ${system.name} already (--resume waits for them, and submits ` +
    "the others)";
  const ids = alive.map(({ id }) => id).join(", ");
  require(resume || alive.length === 0, "submit cells", rule, ids);
  const missing = [...left.values()].filter(({ key }) => !taken.has(key));
  if (missing.length === 0) return alive;
  return [...alive, ...await system.submit(cellGroups(missing), fingerprint)];
}

function refusalOf({ label, id }: AskedCell, how: string): string {
  return `Cannot measure ${label ?? id}: its task must live to the end, got "${how}"`;
}

/** Cells as steps of one piece of work; how tasks fare stands in its note. */
function shownProgress(progress: Progress, name: string, total: number) {
  let complaint = "";
  progress.start(`${counted(total, "cell")} in ${name}`, total);
  return {
    /** Says that the batch system does not answer, once for the same reason. */
    complain(reason: string) {
      if (reason !== complaint) progress.say(`${name} does not answer: ${reason}`);
      complaint = reason;
    },
    /** Gives what it shows. */
    update(done: number, tasks: readonly BatchTask[], states?: ReadonlyMap<string, TaskState>) {
      const words = tasks.map(({ id }) => states?.get(id)?.word ?? "submitted");
      const counts = [...Map.groupBy(words, (word) => word)]
        .map(([word, { length }]) =>
          `${length} ${word.replace(/^\w+/, (first) => first.toLowerCase())}`
        );
      const note = counts.join(", ");
      progress.update(done, note);
      return `${done}: ${note}`;
    },
    finish: () => progress.finish(),
  };
}

/** Waits for so many milliseconds, or until the signal aborts. */
async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const wake = () => resolve();
  signal.addEventListener("abort", wake);
  await promise;
  signal.removeEventListener("abort", wake);
  clearTimeout(timer);
}
