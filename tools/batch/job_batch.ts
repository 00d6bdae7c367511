import { counted, refuse } from "../../lib/core/mod.ts";
import type { AskedCell, BatchSystem, BatchTask } from "../../lib/sweep/mod.ts";
import { fingerprintOf } from "../fingerprint.ts";
import type { CommandLine, Job, JobQueue } from "./job_queue.ts";
import { runCommand, typed } from "./run_command.ts";
import { plannedTasks, SweepFolder, type SweepPlan } from "./sweep_folder.ts";

/** A task that knows its job and its sweep. */
interface JobTask extends BatchTask {
  job: Job;
  sweep: SweepFolder;
}

/** The program of a task. */
const program = "tools/batch/cell_task.ts";

/**
 * A queue as a batch system: each list of cells is a run of a job, whose files lie in a folder of the sweep.
 *
 * @param deno The Deno that runs the program of a task, on whichever machine.
 * @param onWait Is told the jobs whose tasks are waited for, at each look.
 */
export function jobBatch(
  queue: JobQueue,
  deno: string,
  onWait: (jobs: readonly string[]) => void = () => {},
): BatchSystem {
  const placed = new Map<string, JobTask>();
  const note = (tasks: JobTask[]) => {
    for (const task of tasks) placed.set(task.id, task);
    return tasks;
  };

  return {
    name: queue.name,

    async earlier() {
      const found: JobTask[] = [];
      for (const sweep of await SweepFolder.all()) {
        const submitted = await sweep.submitted();
        const plan = submitted?.queue === queue.name ? await sweep.plan() : undefined;
        if (!submitted || !plan) continue;
        found.push(...submitted.jobs.flatMap((job) => tasksOf(sweep, plan, job)));
      }
      return note(found);
    },

    async submit(cells, fingerprint) {
      const planned = await planSweep(queue, deno, cells, fingerprint);
      const { sweep, plan, script } = planned;
      await sweep.prepare(plan, script);
      const tasks: JobTask[] = [];
      for (const { command, ...submission } of await planned.submissions()) {
        const { success, out, err } = await runCommand(`submit cells to ${queue.name}`, command);
        const id = success ? queue.jobOf(out) : undefined;
        if (id === undefined) {
          refuse(`submit cells to ${queue.name}`, `${typed(command)} must succeed`, err || out);
        }
        const job = { id, ...submission };
        await sweep.noteJob(queue.name, job);
        tasks.push(...note(tasksOf(sweep, plan, job)));
      }
      return tasks;
    },

    async states(tasks) {
      const jobs = [...new Set(tasks.map(({ id }) => placed.get(id)!.job))];
      onWait(jobs.map(({ id }) => id));
      return await queue.states(jobs);
    },

    async failures(tasks) {
      const own = new Set(tasks.map(({ id }) => placed.get(id)!.sweep));
      const found = await Promise.all([...own].map((sweep) => sweep.failures()));
      return new Map(found.flatMap((failures) => [...failures]));
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
  fingerprint: string,
): Promise<PlannedSweep> {
  const sources = await fingerprintOf([program]);
  const plan = { fingerprint, sources, tasks: plannedTasks(cells) };
  const sweep = await SweepFolder.of(plan);
  const { name, path, script: file, logs } = sweep;
  const submitted = { name: `agile-quant-${name}`, script: file, logs, tasks: cells.length };
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
  const { sweep, script, submissions } = await planSweep(queue, deno, cells, fingerprint);
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

function tasksOf(sweep: SweepFolder, { tasks }: SweepPlan, job: Job): JobTask[] {
  const { id, first, count } = job;
  return tasks.slice(first, first + count).map((cells, number) => ({
    id: `${id}_${number}`,
    keys: cells.map(({ key }) => key),
    log: `${sweep.logs}/${id}_${number}.log`,
    ...{ job, sweep },
  }));
}
