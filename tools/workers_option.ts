import type { Command } from "commander";
import type { CellKind } from "../experiments/measure/cell_kind.ts";
import { cellRunner } from "../experiments/cells/cell_runner.ts";
import type { SubjectPool } from "../experiments/cells/subject_pool.ts";
import { require } from "../lib/core/mod.ts";
import { type Executor, here, processes } from "../lib/sweep/mod.ts";
import { integerOption } from "./command_line.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { findDeno, startWorkerProcess } from "./worker_process.ts";

/** The option with which a tool measures several cells at a time. */
export interface WorkersOption {
  workers: number;
}

const cores = navigator.hardwareConcurrency;

/** Adds it to a command line. */
export function addWorkersOption(program: Command): Command {
  return program.option(
    "--workers <number>",
    "measure so many cells at a time, each in a process of its own that shares the cores",
    integerOption("--workers", 1, cores),
    1,
  );
}

/**
 * What measures cells: this process with one worker, and processes of their own with more. They are
 * ended when it is disposed of.
 *
 * @param kinds Of the cells.
 * @param pool Opens their models; a process keeps as many as it does.
 * @throws {InputError} If processes cannot be started; a cell is refused if the sources have changed
 *   by the time one starts, as its results would then be stored as those of other code.
 */
export async function openExecutor(
  { workers }: WorkersOption,
  kinds: readonly CellKind[],
  pool: SubjectPool,
): Promise<Executor & AsyncDisposable> {
  if (workers === 1) {
    return { ...here(cellRunner(kinds, pool)), [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const deno = await findDeno();
  const threads = threadsOf(workers, cores, Deno.env.get("AGILE_QUANT_THREADS"));
  const requireSame = await watchSources(() => fingerprintOf(["tools/cell_worker.ts"]));
  return processes(workers, async () => {
    await requireSame();
    return startWorkerProcess(deno, { keep: pool.keep, threads });
  });
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
