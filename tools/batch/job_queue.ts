import { require } from "../../lib/core/mod.ts";
import type { TaskState } from "../../lib/sweep/mod.ts";

/** A job that was submitted: it runs one script once for each of so many numbers. */
export interface Job {
  /** What the queue calls it. */
  id: string;
  /** The name that it was submitted under, which tells it from another queue's job of the same id. */
  name: string;
}

/** The command line of a program. */
export type CommandLine = [program: string, ...args: string[]];

/** A job that is to be submitted. */
export interface Submission {
  name: string;
  /** Which of the sweep's tasks its number 0 is. */
  first: number;
  count: number;
  command: CommandLine;
}

/** What is to be submitted: a script in a file, run for each of so many tasks. */
export interface Submitted {
  /** The name of a job whose number 0 is this one of the tasks. */
  nameOf(first: number): string;
  script: string;
  /** The folder for what runs print: a file `<job>_<number>.log` each. */
  logs: string;
  tasks: number;
}

/** What runs jobs on the machines of a cluster, such as Slurm. */
export interface JobQueue {
  /** What messages call it. */
  readonly name: string;
  /**
   * The script of a job.
   *
   * @param command What a run does. The number of its task comes behind it: that of the run and the
   *   script's argument, which of the tasks the job's number 0 is.
   */
  script(submitted: Submitted, command: CommandLine): string;
  /**
   * The commands that submit a script, in jobs as large as the queue allows.
   *
   * @throws {InputError} If the queue cannot be asked.
   */
  submissions(submitted: Submitted): Promise<Submission[]>;
  /** The id of the job that a submission has answered. */
  jobOf(answer: string): string | undefined;
  /** The command that ends jobs. */
  cancel(jobs: readonly string[]): CommandLine;
  /**
   * The user's jobs that it knows, whoever submitted them.
   *
   * @throws {InputError} If the queue does not answer.
   */
  jobs(): Promise<Job[]>;
  /**
   * How runs fare, by `<job>_<number>`; those that the queue no longer knows are not among them.
   *
   * @throws {InputError} If the queue does not answer.
   */
  states(jobs: readonly Job[]): Promise<Map<string, TaskState>>;
}

/**
 * Refuses options of a submission that would change which cells a task measures or where its files lie.
 *
 * @param options What the user gives.
 * @param own Long options that the queue gives itself or cannot do with, without dashes, each with its letter, if any.
 * @throws {InputError} If there is one.
 */
export function requireFree(options: readonly string[], own: Record<string, string>): void {
  const isOwn = (option: string) =>
    Object.entries(own).some(([name, letter]) =>
      option === `--${name}` || option.startsWith(`--${name}=`) ||
      letter !== "" && option.startsWith(`-${letter}`)
    );
  const names = Object.keys(own).map((name) => `--${name}`).join(", ");
  const rule = `--submit-options must leave ${names} to this command`;
  const taken = options.find(isOwn);
  require(taken === undefined, "read the command line", rule, taken);
}
