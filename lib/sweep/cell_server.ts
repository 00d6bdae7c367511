import { decodeJson, encodeJson } from "../core/mod.ts";
import type { CellRunner, CellSpec } from "./cell.ts";
import { type CellOutcome, failureFrom, type WorkerEvent } from "./worker_event.ts";

/**
 * The other side of `processes()`: measures the cell of each line it is given, and writes lines on how
 * far it is and what became of it. Nothing else may write there.
 *
 * @param run Measures a cell. Nobody aborts its signal: a worker process is ended from outside.
 * @param write Writes a line, whose end it adds.
 * @returns To be called with one line after the other; resolves when the cell is over.
 */
export function cellServer(
  run: CellRunner,
  write: (line: string) => void,
): (line: string) => Promise<void> {
  const say = (event: WorkerEvent) => write(encodeJson(event));
  const { signal } = new AbortController();
  const progress = {
    start: (label: string, total: number) => say({ event: "start", label, total }),
    update: (done: number, note?: string) => say({ event: "update", done, note }),
    finish: (note?: string) => say({ event: "finish", note }),
    say: (message: string) => say({ event: "say", message }),
  };
  async function outcomeOf(cell: CellSpec): Promise<CellOutcome> {
    const { id } = cell;
    try {
      const result = decodeJson(encodeJson(await run(cell, { progress, signal })));
      return { event: "result", id, result };
    } catch (error) {
      return failureFrom(id, error);
    }
  }
  return async (line) => say(await outcomeOf(decodeJson(line) as CellSpec));
}
