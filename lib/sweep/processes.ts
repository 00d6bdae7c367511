import { encodeJson, type Progress, refuse } from "../core/mod.ts";
import type { CellHooks, CellSpec } from "./cell.ts";
import type { Executor } from "./executor.ts";
import { inLanes, type Lanes } from "./lanes.ts";
import { type CellOutcome, failureOf, type ProgressEvent, readEvent } from "./worker_event.ts";

/** A process that measures cells: `cellServer()` on the far side of its input and output. */
export interface WorkerProcess {
  /** Gives it a line. Whether it still reads is for `ended` to say. */
  write(line: string): Promise<void>;
  /** What it writes, until it ends. */
  lines: AsyncIterable<string>;
  /** Resolves with how it ended, such as `killed by SIGKILL`. */
  ended: Promise<string>;
  /** Ends it at once, if it has not ended. */
  kill(): void;
}

/** How often a cell is measured before its process is blamed on it. */
const attempts = 2;

/**
 * Measures cells in processes of their own, one for each lane. A process starts with the first cell of
 * its lane and stays for the next ones, so that what they share is made once.
 *
 * A cell whose process ends is measured once more in a new one; after that it is refused. Disposing ends
 * all processes.
 *
 * @param count How many there are at a time, 1 or more.
 * @param start Starts one.
 * @param onWarning Hears what they warn of.
 */
export function processes(
  count: number,
  start: () => WorkerProcess | Promise<WorkerProcess>,
  onWarning: (text: string) => void = () => {},
): Executor & Lanes & AsyncDisposable {
  const workers = new Map<number, Worker>();

  async function workerOf(lane: number): Promise<Worker> {
    const known = workers.get(lane);
    if (known) return known;
    const process = await start();
    const worker = { process, lines: process.lines[Symbol.asyncIterator]() };
    workers.set(lane, worker);
    void process.ended.then(() => workers.get(lane) === worker && workers.delete(lane));
    return worker;
  }

  async function run(cell: CellSpec, lane: number, hooks: CellHooks): Promise<unknown> {
    const action = `measure ${cell.label ?? cell.id}`;
    let how = "";
    for (let attempt = 0; attempt < attempts; attempt++) {
      hooks.signal.throwIfAborted();
      const worker = await workerOf(lane);
      const outcome = await measureIn(worker, cell, { ...hooks, onWarning });
      if (typeof outcome !== "string") return resultOf(outcome);
      how = outcome;
      if (attempt + 1 < attempts) {
        hooks.progress.say(`its process ended, ${how}: measured once more`);
      }
    }
    const isStarved = /SIGKILL|out of memory/i.test(how);
    const advice = isStarved ? ", which takes memory: fewer processes need less" : "";
    refuse(action, `its process must live to the end${advice}`, how);
  }

  return {
    ...inLanes({ lanes: count, run }),
    async [Symbol.asyncDispose]() {
      await Promise.all([...workers.values()].map(({ process }) => end(process)));
    },
  };
}

/** A process with its place in what it writes. */
interface Worker {
  process: WorkerProcess;
  lines: AsyncIterator<string>;
}

/**
 * What became of a cell in a worker, or how the worker ended before it said so.
 *
 * @throws {InputError} If it writes anything but events; it is ended then.
 * @throws The reason of the signal once it aborts; the worker is ended then.
 */
async function measureIn(
  { process, lines }: Worker,
  cell: CellSpec,
  { progress, signal, onWarning }: CellHooks & { onWarning: (text: string) => void },
): Promise<CellOutcome | string> {
  const stop = () => process.kill();
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    const { id, label, experiment, model, config } = cell;
    await process.write(encodeJson({ id, label, experiment, model, config }));
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      const event = readEvent(next.value, id);
      if (!event) {
        await end(process);
        refuse(`measure ${label ?? id}`, "its process must write nothing but events", next.value);
      }
      if ("id" in event) return event;
      if (event.event === "warning") onWarning(event.text);
      else report(event, progress);
    }
    const how = await end(process);
    signal.throwIfAborted();
    return how;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function report(event: ProgressEvent, progress: Progress): void {
  if (event.event === "start") progress.start(event.label, event.total);
  else if (event.event === "update") progress.update(event.done, event.note);
  else if (event.event === "finish") progress.finish(event.note);
  else progress.say(event.message);
}

/** Ends a process unless it has ended, and says how it did. */
async function end(process: WorkerProcess): Promise<string> {
  process.kill();
  return await process.ended;
}

/** The result of a cell; what went wrong instead is thrown as it was in its process. */
function resultOf(outcome: CellOutcome): unknown {
  if (outcome.event === "result") return outcome.result;
  throw failureOf(outcome);
}
