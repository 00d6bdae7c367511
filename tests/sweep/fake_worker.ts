import type { WorkerProcess } from "../../lib/sweep/mod.ts";

/** A worker of a test: what it is written it is told, and it says and ends what the test has it say. */
export interface FakeWorker extends WorkerProcess {
  say(line: string): void;
  end(how: string): void;
}

/**
 * A worker without a process.
 *
 * @param hear Is called with each line that it is written.
 */
export function fakeWorker(hear: (line: string, worker: FakeWorker) => unknown): FakeWorker {
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  let controller!: ReadableStreamDefaultController<string>;
  let isOver = false;
  const lines = new ReadableStream<string>({ start: (given) => void (controller = given) });
  const worker: FakeWorker = {
    lines,
    ended,
    write: async (line) => void await hear(line, worker),
    kill: () => worker.end("killed by SIGKILL"),
    say: (line) => controller.enqueue(line),
    end(how) {
      if (isOver) return;
      isOver = true;
      controller.close();
      resolve(how);
    },
  };
  return worker;
}
