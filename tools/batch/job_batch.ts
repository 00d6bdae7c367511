import { counted, refuse } from "../../lib/core/mod.ts";
import type { AskedCell, BatchSystem, BatchTask, CellFailure } from "../../lib/sweep/mod.ts";
import { fingerprintOf } from "../fingerprint.ts";
import type { CommandLine, Job, JobQueue, Submission } from "./job_queue.ts";
import { runCommand, typed } from "./run_command.ts";
import { plannedTasks, SweepFolder, type SweepPlan } from "./sweep_folder.ts";

/** A task that knows its job and its sweep. */
interface JobTask extends BatchTask {
  job: Job;
  sweep: SweepFolder;
}

/** The program of a task. */
const program = "tools/batch/cell_task.ts";

/** What stands for the sources of the program of a task as they are now. */
export function taskSources(): Promise<string> {
  return fingerprintOf([program]);
}

/**
 * A queue as a batch system: each list of cells is a run of a job, whose files lie in a folder of the sweep.
 *
 * @param deno The Deno that runs the program of a task, on whichever machine.
 * @param sources {@linkcode taskSources} of when the fingerprint was taken: what is submitted again later, after an
 *   edit perhaps, is not measured with others.
 * @param onWait Is told the jobs whose tasks are waited for, at each look and as one is submitted.
 */
export function jobBatch(
  queue: JobQueue,
  deno: string,
  sources: string,
  onWait: (jobs: readonly string[]) => void = () => {},
): BatchSystem {
  const action = `submit cells to ${queue.name}`;
  const placed = new Map<string, JobTask>();
  /** The ids of the jobs whose tasks are waited for. */
  let awaited = new Set<string>();
  const note = (tasks: JobTask[]) => {
    for (const task of tasks) placed.set(task.id, task);
    return tasks;
  };

  return {
    name: queue.name,

    async earlier() {
      const found: JobTask[] = [];
      for (const job of await queue.jobs()) {
        const { sweep, first } = SweepFolder.ofJob(job.name) ?? {};
        const plan = await sweep?.plan();
        if (plan) found.push(...tasksOf(sweep!, plan, job, { first: first! }));
      }
      return note(found);
    },

    async submit(cells, fingerprint) {
      const planned = await planSweep(queue, deno, cells, { fingerprint, sources });
      const { sweep, plan, script } = planned;
      await sweep.prepare(plan, script);
      const tasks: JobTask[] = [];
      for (const { command, name, ...place } of await planned.submissions()) {
        const { success, out, err } = await runCommand(action, command);
        const id = success ? queue.jobOf(out) : undefined;
        const others = tasks.length > 0 ? " as others have, whose tasks --resume waits for" : "";
        if (id === undefined) refuse(action, `${typed(command)} must succeed${others}`, err || out);
        tasks.push(...note(tasksOf(sweep, plan, { id, name }, place)));
        awaited.add(id);
        onWait([...awaited]);
      }
      return tasks;
    },

    async states(tasks) {
      const jobs = [...new Set(tasks.map(({ id }) => placed.get(id)!.job))];
      awaited = new Set(jobs.map(({ id }) => id));
      onWait([...awaited]);
      return await queue.states(jobs);
    },

    async failures(tasks) {
      const found = new Map<string, CellFailure>();
      for (const own of Map.groupBy(tasks, ({ id }) => placed.get(id)!.sweep.path).values()) {
        const failures = await placed.get(own[0].id)!.sweep.failures();
        for (const key of own.flatMap(({ keys }) => keys)) {
          const failure = failures.get(key);
          if (failure) found.set(key, failure);
        }
      }
      return found;
    },
  };
}

/** What is submitted for cells. */
export interface PlannedSweep {
  sweep: SweepFolder;
  plan: SweepPlan;
  script: string;
  submissions(): ReturnType<JobQueue["submissions"]>;
}

/** What {@linkcode jobBatch} submits for cells, without doing so. */
export async function planSweep(
  queue: JobQueue,
  deno: string,
  cells: readonly (readonly AskedCell[])[],
  versions: Pick<SweepPlan, "fingerprint" | "sources">,
): Promise<PlannedSweep> {
  const plan = { ...versions, tasks: plannedTasks(cells) };
  const sweep = await SweepFolder.of(plan);
  const { path, script: file, logs } = sweep;
  const nameOf = (first: number) => sweep.jobName(first);
  const submitted = { nameOf, script: file, logs, tasks: cells.length };
  const script = queue.script(submitted, [
    ...[deno, "run", "-q", "--no-prompt", "-P=task"] as CommandLine,
    ...[program, path],
  ]);
  return { sweep, plan, script, submissions: () => queue.submissions(submitted) };
}

/**
 * What {@linkcode jobBatch} would submit for cells: the tasks, the script, and the commands.
 *
 * @throws {InputError} If the queue cannot be asked how large its jobs may be.
 */
export async function describeSweep(
  queue: JobQueue,
  deno: string,
  cells: readonly (readonly AskedCell[])[],
  fingerprint: string,
): Promise<string> {
  if (cells.length === 0) return `Nothing to submit to ${queue.name}: every cell is stored`;
  const versions = { fingerprint, sources: await taskSources() };
  const { sweep, script, submissions } = await planSweep(queue, deno, cells, versions);
  const count = cells.flat().length;
  return [
    `${counted(count, "cell")} in ${counted(cells.length, "task")} of ${queue.name}:`,
    ...cells.map((task, index) =>
      `  ${index}: ${task.map(({ label, id }) => label ?? id).join(", ")}`
    ),
    `\n${sweep.script}:\n${script}`,
    "submitted by:",
    ...(await submissions()).map(({ command }) => typed(command)),
  ].join("\n");
}

/** The tasks that a job runs; how many, the queue knows where it is not said. */
function tasksOf(
  sweep: SweepFolder,
  { tasks }: SweepPlan,
  job: Job,
  { first, count = tasks.length }: Pick<Submission, "first"> & Partial<Submission>,
): JobTask[] {
  return tasks.slice(first, first + count).map((cells, number) => ({
    id: `${job.id}_${number}`,
    keys: cells.map(({ key }) => key),
    log: `${sweep.logs}/${job.id}_${number}.log`,
    ...{ job, sweep },
  }));
}
