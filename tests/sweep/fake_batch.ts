import type {
  AskedCell,
  BatchSystem,
  BatchTask,
  CellFailure,
  TaskState,
} from "../../lib/sweep/mod.ts";

/** A batch system of a test, whose tasks do what the test has them do. */
export interface FakeBatch extends BatchSystem {
  /** Every task that was submitted, in order, by its id: the ids of its cells. */
  submitted: Map<string, string[]>;
  /** How tasks fare. */
  fares: Map<string, TaskState>;
  /** How often it was asked how tasks fare. */
  looks: number;
}

/** How a task fares, in Slurm's words. */
export const fares = {
  waiting: { phase: "waiting", word: "PENDING" },
  running: { phase: "running", word: "RUNNING" },
  completed: { phase: "completed", word: "COMPLETED" },
  timeout: { phase: "failed", word: "TIMEOUT" },
  cancelled: { phase: "cancelled", word: "CANCELLED" },
} satisfies Record<string, TaskState>;

/**
 * A batch system without machines.
 *
 * @param options.start Is called with the cells of each task that is submitted, and says how it fares.
 * @param options.look Is called before it says how tasks fare.
 * @param options.earlier Tasks of an earlier run.
 * @param options.failures Why cells could not be measured, by their keys.
 */
export function fakeBatch({ start, look = () => {}, earlier = [], failures = new Map() }: {
  start(cells: readonly AskedCell[], task: string): TaskState | Promise<TaskState>;
  look?(batch: FakeBatch): unknown;
  earlier?: BatchTask[];
  failures?: Map<string, CellFailure>;
}): FakeBatch {
  const batch: FakeBatch = {
    name: "Fake",
    submitted: new Map(),
    fares: new Map(),
    looks: 0,
    earlier: () => Promise.resolve(earlier),
    async submit(tasks) {
      const made: BatchTask[] = [];
      for (const cells of tasks) {
        const id = `7_${batch.submitted.size}`;
        batch.submitted.set(id, cells.map((cell) => cell.id));
        batch.fares.set(id, await start(cells, id));
        made.push({ id, keys: cells.map(({ key }) => key), log: `${id}.log` });
      }
      return made;
    },
    async states(tasks) {
      batch.looks++;
      await look(batch);
      const ids = new Set(tasks.map(({ id }) => id));
      return new Map([...batch.fares].filter(([id]) => ids.has(id)));
    },
    failures: () => Promise.resolve(failures),
  };
  return batch;
}
