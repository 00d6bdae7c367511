import process from "node:process";
// @deno-types="./cli-progress.d.ts"
import cliProgress, { type BarTerminal, type OutputStream, type SingleBar } from "cli-progress";
import { type Progress, stepsOf } from "../lib/core/mod.ts";

/** Progress that holds a terminal. */
export interface TerminalProgress extends Progress {
  /** Frees the terminal for other output when work ends before it is finished. */
  stop(): void;
}

/** Progress on standard error: a bar on a terminal, sparse lines in a log. */
export function terminalProgress(stream: OutputStream = process.stderr): TerminalProgress {
  if (stream.isTTY) return barProgress(stream);
  return { ...lineProgress((line) => tryToWrite(stream, `${line}\n`)), stop() {} };
}

/** Writes what no work is to end for, if it cannot be written: to a log on a full disk, perhaps. */
function tryToWrite(stream: OutputStream, text: string): void {
  try {
    stream.write(text);
  } catch {
    // Nobody can be told.
  }
}

/** Progress as a bar that is redrawn in place, and never wider than the terminal is by then. */
function barProgress(stream: OutputStream): TerminalProgress {
  let bar: SingleBar | undefined;
  const terminal = terminalOn(stream);
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    start(label, total) {
      stop();
      bar = new cliProgress.SingleBar({
        format: (_, { progress, value, total, eta, maxWidth }, { note }) => {
          const time = cliProgress.Format.TimeFormat(eta, { autopaddingChar: "" }, 5);
          const left = Number(eta) > 0 ? `, ${time} left` : "";
          const remark = note ? ` ${note}` : "";
          return barLine(maxWidth - 1, label, progress, stepsOf(value, total) + left + remark);
        },
        etaBuffer: 100,
        terminal,
        gracefulExit: false,
        forceRedraw: true,
      });
      bar.start(total, 0, { note: "" });
    },
    update: (done, note) => bar?.update(done, note === undefined ? {} : { note }),
    finish(note = "") {
      bar?.update({ note });
      stop();
    },
    say(message) {
      if (bar) terminal.cursorTo();
      if (bar) terminal.clearRight();
      terminal.write(`${message}\n`);
      bar?.render();
    },
    stop,
  };
}

/** How long a bar is at most and at least, and how long a label must be to be of use. */
const [longestBar, shortestBar, shortestLabel] = [40, 10, 12];

/**
 * `label [===---] tail` in so many characters. What does not fit is left out: part of the bar first,
 * then the middle of the label, the bar, and at last the end of the line.
 *
 * @param progress In 0..1.
 */
export function barLine(width: number, label: string, progress: number, tail: string): string {
  const free = width - tail.length - " [] ".length;
  const bar = Math.min(longestBar, Math.max(shortestBar, free - label.length));
  const room = free - bar;
  if (room < Math.min(label.length, shortestLabel)) {
    const name = shortened(label, Math.max(0, width - tail.length - ": ".length));
    return (name ? `${name}: ${tail}` : tail).slice(0, width);
  }
  const filled = "=".repeat(Math.round(progress * bar)).padEnd(bar, "-");
  return `${shortened(label, room)} [${filled}] ${tail}`;
}

/** A text of at most so many characters, its middle left out where it is longer. */
function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const kept = Math.max(0, length - 1);
  const end = Math.floor(kept / 2);
  return `${text.slice(0, kept - end)}…${text.slice(text.length - end)}`.slice(0, length);
}

/** What a bar does to a terminal: it writes over one line, and leaves all settings as they are. */
function terminalOn(stream: OutputStream): BarTerminal {
  const write = (text: string) => void stream.write(text);
  return {
    isTTY: () => true,
    getWidth: () => stream.columns ?? 80,
    write,
    cursorTo: () => write("\x1b[1G"),
    clearRight: () => write("\x1b[0K"),
    newline: () => write("\n"),
    cursorSave() {},
    cursorRestore() {},
    lineWrapping() {},
  };
}

/** The shortest time between two lines about the same work, in milliseconds. */
const pause = 5000;

/**
 * Progress as lines: one when work starts, one at most every five seconds while it lasts, one with the
 * time it took when it is finished, and one for whatever else is said.
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
      write(`${work.label}: ${stepsOf(done, work.total)}${remark(note)}`);
    },
    finish(note) {
      const seconds = ((now() - work.started) / 1000).toFixed(1);
      write(`${work.label}: finished in ${seconds} s${remark(note)}`);
    },
    say: write,
  };
}
