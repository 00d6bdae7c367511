import process from "node:process";
// @deno-types="./cli-progress.d.ts"
import cliProgress, { type OutputStream, type SingleBar } from "cli-progress";
import type { Progress } from "../lib/core/mod.ts";

/** Progress that holds a terminal. */
export interface TerminalProgress extends Progress {
  /** Frees the terminal for other output when work ends before it is finished. */
  stop(): void;
}

/** Progress on standard error: a bar on a terminal, sparse lines in a log. */
export function terminalProgress(stream: OutputStream = process.stderr): TerminalProgress {
  if (stream.isTTY) return barProgress(stream);
  return { ...lineProgress((line) => stream.write(`${line}\n`)), stop() {} };
}

/** Progress as a bar that is redrawn in place. */
function barProgress(stream: OutputStream): TerminalProgress {
  let bar: SingleBar | undefined;
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    start(label, total) {
      stop();
      bar = new cliProgress.SingleBar({
        format: "{label} [{bar}] {value}/{total}, {eta_formatted} left {note}",
        stream,
        gracefulExit: false,
      });
      bar.start(total, 0, { label, note: "" });
    },
    update: (done, note) => bar?.update(done, note === undefined ? {} : { note }),
    finish(note = "") {
      bar?.update({ note });
      stop();
    },
    stop,
  };
}

/** The shortest time between two lines about the same work, in milliseconds. */
const pause = 5000;

/**
 * Progress as lines: one when work starts, one at most every five seconds while it lasts, and one
 * with the time it took when it is finished.
 *
 * @param now The time in milliseconds.
 */
export function lineProgress(write: (line: string) => void, now = Date.now): Progress {
  let work = { label: "", total: 0, started: 0, written: 0 };
  const remark = (note?: string) => note ? `, ${note}` : "";
  return {
    start(label, total) {
      work = { label, total, started: now(), written: now() };
      write(`${label}: started`);
    },
    update(done, note) {
      if (now() - work.written < pause) return;
      work.written = now();
      write(`${work.label}: ${done}/${work.total}${remark(note)}`);
    },
    finish(note) {
      const seconds = ((now() - work.started) / 1000).toFixed(1);
      write(`${work.label}: finished in ${seconds} s${remark(note)}`);
    },
  };
}
