import { type Command, Option } from "commander";
import type { CellKind } from "../experiments/measure/cell_kind.ts";
import { cellRunner } from "../experiments/cells/cell_runner.ts";
import type { SubjectPool } from "../experiments/cells/subject_pool.ts";
import { counted, refuse, require } from "../lib/core/mod.ts";
import {
  type AskedCell,
  batch,
  cellGroups,
  cellKey,
  type CellSpec,
  type Executor,
  here,
  processes,
  type RunOptions,
  storedRecord,
} from "../lib/sweep/mod.ts";
import { hyperqueue } from "./batch/hyperqueue.ts";
import { describeSweep, jobBatch, taskSources } from "./batch/job_batch.ts";
import type { JobQueue } from "./batch/job_queue.ts";
import { typed } from "./batch/run_command.ts";
import { slurm } from "./batch/slurm.ts";
import type { Session } from "./command_line.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { findDeno, startWorkerProcess } from "./worker_process.ts";

/** Where cells are measured, as the command line says. */
export type Place =
  | { kind: "here" }
  | { kind: "processes"; count: number }
  | { kind: keyof typeof queues };

/** The options with which a tool measures its cells elsewhere. */
export interface ExecutorOptions {
  executor: Place;
  submitOptions?: string[];
  resume?: boolean;
}

/** The batch systems by their names on the command line. */
const queues = { slurm, hyperqueue };

const cores = navigator.hardwareConcurrency;

/** Adds them to a command line. */
export function addExecutorOptions(program: Command): Command {
  return program
    .addOption(
      new Option(
        "--executor <where>",
        "where to measure: here, in this process; processes:N, so many at a time that share the cores; " +
          "slurm or hyperqueue, tasks of that batch system",
      ).argParser(executorOption).default({ kind: "here" } satisfies Place, "here"),
    )
    .option(
      "--submit-options <words>",
      "with a batch system: options for its sbatch or hq submit, between blanks; quotes keep blanks",
      submitWords,
    )
    .option(
      "--resume",
      "with a batch system: wait for cells that are in tasks already, and submit what is missing",
    );
}

/** Parses words between blanks; quotes, which are not part of a word, keep the blanks between them. */
export function submitWords(text: string): string[] {
  const word = /(?:"[^"]*"|'[^']*'|[^\s"'])+/g;
  const rest = text.replaceAll(word, "").trim();
  require(rest === "", "read the command line", "quotes in --submit-options must be pairs", text);
  const words = text.match(word) ?? [];
  return words.map((each) => each.replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

/** Parses `here`, `processes:2`, `slurm` or `hyperqueue`. */
function executorOption(text: string): Place {
  if (text === "here") return { kind: "here" };
  if (Object.hasOwn(queues, text)) return { kind: text as keyof typeof queues };
  const action = "read the command line";
  const [, count] = text.match(/^processes:(\d+)$/) ??
    refuse(action, "--executor must be here, processes:N, slurm or hyperqueue", text);
  const isCount = Number(count) >= 1 && Number(count) <= cores;
  require(isCount, action, `N of --executor processes:N must be an integer in 1..${cores}`, count);
  return { kind: "processes", count: Number(count) };
}

/** How an executor is opened. */
export interface ExecutorContext {
  /** Of the cells. */
  kinds: readonly CellKind[];
  /** Opens their models; a process keeps as many as it does. */
  pool: SubjectPool;
  session: Session;
  /** Whether cells that are stored are measured anew. */
  fresh?: boolean;
}

/**
 * What measures cells. Processes that it starts are ended when it is disposed of; tasks of a batch system go
 * on, and the session says so.
 *
 * @throws {InputError} If options do not go together or processes cannot be started; a cell is refused if the
 *   sources have changed by the time one starts, as its results would then be stored as those of other code.
 */
export async function openExecutor(
  options: ExecutorOptions,
  { kinds, pool, session, fresh = false }: ExecutorContext,
): Promise<Executor & AsyncDisposable> {
  const { executor: place, resume } = options;
  const queue = queueOf(options);
  if (queue) {
    const rule = "--fresh does not go with a batch system, whose tasks take what is stored";
    require(!fresh, "read the command line", rule);
    const kept = session.kept;
    const onWait = (jobs: readonly string[]) => {
      const end = typed(queue.cancel(jobs));
      session.kept = `${kept} Tasks go on: --resume waits for them, "${end}" ends them.`;
    };
    const system = jobBatch(queue, Deno.execPath(), await taskSources(), onWait);
    return keeping(batch(system, { resume }));
  }
  if (place.kind !== "processes" || place.count === 1) {
    return keeping(here(cellRunner(kinds, pool)));
  }
  const deno = await findDeno();
  const threads = threadsOf(place.count, cores, Deno.env.get("AGILE_QUANT_THREADS"));
  const requireSame = await watchSources(() => fingerprintOf(["tools/cell_worker.ts"]));
  const { keep, folders } = pool;
  return processes(place.count, async () => {
    await requireSame();
    return startWorkerProcess(deno, { keep, folders, threads });
  }, folders.weights?.onUnkept);
}

/** An executor that leaves nothing to be disposed of. */
function keeping(executor: Executor): Executor & AsyncDisposable {
  return { ...executor, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** The queue of the options, undefined where they name no batch system. */
function queueOf({ executor, submitOptions, resume }: ExecutorOptions): JobQueue | undefined {
  const { kind } = executor;
  if (kind in queues) return queues[kind as keyof typeof queues](submitOptions ?? []);
  const rule = "must come with --executor slurm or hyperqueue";
  require(submitOptions === undefined, "read the command line", `--submit-options ${rule}`);
  require(!resume, "read the command line", `--resume ${rule}`);
}

/**
 * What a batch system would be given for the cells that are not stored: the tasks, the script, and what
 * submits it.
 *
 * @returns Undefined where the options name none.
 */
export async function describeSubmission(
  options: ExecutorOptions,
  cells: readonly CellSpec[],
  { store, fingerprint }: Pick<RunOptions, "store" | "fingerprint">,
): Promise<string | undefined> {
  const queue = queueOf(options);
  if (!queue) return undefined;
  const missing: AskedCell[] = [];
  for (const cell of new Map(cells.map((each) => [each.id, each])).values()) {
    if (await storedRecord(cell, store, fingerprint)) continue;
    const title = cell.label ?? cell.id;
    missing.push({ ...cell, title, key: await cellKey(cell, fingerprint) });
  }
  return await describeSweep(queue, Deno.execPath(), cellGroups(missing), fingerprint);
}

/** What is thrown in place of measuring where cells are only to be shown. */
class Shown extends Error {}

/**
 * Shows which cells some work would measure, and what a batch system would be given for them, without measuring.
 *
 * @param work Measures with the executor that it is given; it ends at the first cells that are not stored.
 * @returns What is to be said.
 */
export async function showCells(
  options: ExecutorOptions,
  work: (executor: Executor) => Promise<unknown>,
): Promise<string> {
  const queue = queueOf(options);
  let said = "";
  const measure: Executor["measure"] = async (cells, { fingerprint }) => {
    if (cells.length === 0) return;
    said = queue
      ? await describeSweep(queue, Deno.execPath(), cellGroups(cells), fingerprint)
      : [counted(cells.length, "cell"), ...cells.map(({ title }) => `  ${title}`)].join("\n");
    throw new Shown();
  };
  try {
    await work({ measure });
  } catch (error) {
    if (!(error instanceof Shown)) throw error;
  }
  return said || "every cell is stored";
}

/**
 * The threads of each of several processes: its part of the cores, unless fewer are wanted.
 *
 * @param wanted What the environment says, a positive integer.
 */
export function threadsOf(workers: number, cores: number, wanted?: string): number {
  return Math.max(1, Math.min(Math.floor(cores / workers), Number(wanted ?? cores)));
}

/**
 * Remembers what the sources are like.
 *
 * @param fingerprint Reads what stands for them.
 * @returns What throws an {@linkcode InputError} where they have changed since.
 */
export async function watchSources(
  fingerprint: () => Promise<string>,
): Promise<() => Promise<void>> {
  const before = await fingerprint();
  const rule = "the sources must be as they were when this command began";
  return async () => require(await fingerprint() === before, "start a process", rule);
}
