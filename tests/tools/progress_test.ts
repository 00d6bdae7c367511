import { assertEquals, assertStringIncludes } from "@std/assert";
import { lineProgress, terminalProgress } from "../../tools/progress.ts";

/** Lines written by work that takes the given seconds per step. */
function linesOf(steps: number, secondsPerStep: number): string[] {
  const lines: string[] = [];
  let now = 1e12;
  const progress = lineProgress((line) => lines.push(line), () => now);
  progress.start("windows", steps);
  for (let step = 1; step <= steps; step++) {
    now += secondsPerStep * 1000;
    progress.update(step, `loss ${step}`);
  }
  progress.finish();
  return lines;
}

Deno.test("lineProgress() writes at most one line every five seconds", () => {
  assertEquals(linesOf(12, 1), [
    "windows: started",
    "windows: 5/12, loss 5",
    "windows: 10/12, loss 10",
    "windows: finished in 12.0 s",
  ]);
});

Deno.test("lineProgress() of short work writes start and finish alone", () => {
  assertEquals(linesOf(100, 0.01), ["windows: started", "windows: finished in 1.0 s"]);
});

Deno.test("lineProgress() adds the closing remark", () => {
  const lines: string[] = [];
  const progress = lineProgress((line) => lines.push(line), () => 0);
  progress.start("train", 1);
  progress.finish("loss 2.1");
  assertEquals(lines, ["train: started", "train: finished in 0.0 s, loss 2.1"]);
});

/** A terminal that remembers what was written to it, a redraw per line. */
function fakeTerminal() {
  let written = "";
  return {
    isTTY: true,
    columns: 80,
    write: (text: string) => written += text,
    // deno-lint-ignore no-control-regex
    frames: () => written.replaceAll(/\x1b(7|8|\[\?7[lh]|\[0K)/g, "").split("\x1b[1G"),
    wraps: () => written.lastIndexOf("\x1b[?7h") > written.lastIndexOf("\x1b[?7l"),
  };
}

Deno.test("terminalProgress() draws a bar on a terminal", () => {
  const terminal = fakeTerminal();
  const progress = terminalProgress(terminal);
  progress.start("windows", 4);
  progress.update(3, "loss 2");
  progress.finish("perplexity 7");
  const frames = terminal.frames();
  assertEquals(frames[1], `windows [${"-".repeat(40)}] 0/4, 0s left `);
  assertStringIncludes(frames.at(-1)!, `windows [${"=".repeat(30)}${"-".repeat(10)}] 3/4`);
  assertEquals(frames.at(-1)!.endsWith(" perplexity 7\n"), true);
  assertEquals(terminal.wraps(), true);
});

Deno.test("terminalProgress() frees the terminal when work stops half-way", () => {
  const terminal = fakeTerminal();
  const progress = terminalProgress(terminal);
  progress.start("windows", 4);
  assertEquals(terminal.wraps(), false);
  progress.stop();
  assertEquals(terminal.wraps(), true);
  const frames = terminal.frames();
  progress.update(4);
  progress.finish();
  assertEquals(terminal.frames(), frames);
});

Deno.test("terminalProgress() closes a bar before it draws the next", () => {
  const terminal = fakeTerminal();
  const progress = terminalProgress(terminal);
  progress.start("first", 1);
  progress.start("second", 1);
  progress.finish();
  const lines = terminal.frames().join("").trimEnd().split("\n");
  assertEquals(lines.map((line) => line.split(" ")[0]), ["first", "second"]);
});

Deno.test("terminalProgress() writes lines where there is no terminal", () => {
  let written = "";
  const progress = terminalProgress({ write: (text) => written += text });
  progress.start("windows", 4);
  progress.stop();
  assertEquals(written, "windows: started\n");
});
