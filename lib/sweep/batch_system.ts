import type { AskedCell } from "./executor.ts";
import type { CellFailure } from "./worker_event.ts";

/** A task of a batch system: a program that measures cells one after the other and stores them itself. */
export interface BatchTask {
  /** What the batch system calls it, such as `123_4`. */
  id: string;
  /** The keys of its cells in the store. */
  keys: readonly string[];
  /** The file that has what it printed. */
  log: string;
}

/** How a task fares. */
export interface TaskState {
  phase: "waiting" | "running" | "completed" | "failed" | "cancelled";
  /** The batch system's own word for it, such as `TIMEOUT`. */
  word: string;
}

/** What runs tasks, such as Slurm, on machines that share their files. */
export interface BatchSystem {
  /** What messages call it. */
  readonly name: string;
  /** The tasks that were submitted before, by any process. */
  earlier(): Promise<BatchTask[]>;
  /**
   * Submits a task for each list of cells.
   *
   * @param fingerprint Under which they store what they measure.
   * @throws {InputError} If the batch system refuses them.
   */
  submit(
    tasks: readonly (readonly AskedCell[])[],
    fingerprint: string,
  ): Promise<BatchTask[]>;
  /**
   * How tasks fare, by their ids; one that it no longer knows is not among them.
   *
   * @throws {InputError} If the batch system does not answer.
   */
  states(tasks: readonly BatchTask[]): Promise<ReadonlyMap<string, TaskState>>;
  /** What tasks say of cells that they could not measure, by the keys of the cells. */
  failures(tasks: readonly BatchTask[]): Promise<ReadonlyMap<string, CellFailure>>;
}
