import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { barLine, lineProgress, terminalProgress } from "../../tools/progress.ts";

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

Deno.test("lineProgress() says something once, and goes on with its work", () => {
  const lines: string[] = [];
  let now = 0;
  const progress = lineProgress((line) => lines.push(line), () => now);
  progress.start("cells", 2);
  progress.say("first: refused: too short");
  now = 5000;
  progress.update(1);
  assertEquals(lines, ["cells: started", "first: refused: too short", "cells: 1/2"]);
});

Deno.test("terminalProgress() ends no work because its log is on a full disk", () => {
  let writes = 0;
  const write = () => {
    writes++;
    throw new Error("No space left on device (os error 28)");
  };
  const progress = terminalProgress({ isTTY: false, write } as never);
  progress.start("windows", 2);
  progress.update(1);
  progress.finish();
  assertEquals(writes, 2);
});

/** A terminal that remembers what was written to it, a redraw per line. */
function fakeTerminal() {
  let written = "";
  return {
    isTTY: true,
    columns: 80,
    write: (text: string) => written += text,
    frames: () => written.replaceAll("\x1b[0K", "").split("\x1b[1G"),
  };
}

Deno.test("terminalProgress() draws a bar on a terminal", () => {
  const terminal = fakeTerminal();
  const progress = terminalProgress(terminal);
  progress.start("windows", 4);
  progress.update(3, "loss 2");
  progress.finish("perplexity 7");
  const frames = terminal.frames();
  assertEquals(frames[1], `windows [${"-".repeat(40)}] 0/4`);
  assertStringIncludes(frames.at(-1)!, `windows [${"=".repeat(30)}${"-".repeat(10)}] 3/4`);
  assertEquals(frames.at(-1)!.endsWith(" perplexity 7\n"), true);
});

Deno.test("terminalProgress() draws nothing more once work stops half-way", () => {
  const terminal = fakeTerminal();
  const progress = terminalProgress(terminal);
  progress.start("windows", 4);
  progress.stop();
  const frames = terminal.frames();
  assertEquals(frames.at(-1)!.endsWith("\n"), true);
  progress.update(4);
  progress.finish();
  assertEquals(terminal.frames(), frames);
});

Deno.test("terminalProgress() says something above the bar, which stays as it is", () => {
  const terminal = fakeTerminal();
  const progress = terminalProgress(terminal);
  progress.say("before");
  progress.start("windows", 4);
  progress.say("first: refused: too short");
  const bar = `windows [${"-".repeat(40)}] 0/4`;
  assertEquals(terminal.frames(), ["before\n", bar, "first: refused: too short\n", bar]);
  progress.stop();
});

Deno.test("terminalProgress() changes no setting of the terminal, which a kill would leave so", () => {
  const terminal = fakeTerminal();
  const progress = terminalProgress(terminal);
  progress.start("windows", 4);
  progress.finish();
  assertEquals(terminal.frames().join("").includes("\x1b"), false);
});

Deno.test("terminalProgress() fits the terminal as wide as it is by then", () => {
  const terminal = fakeTerminal();
  const progress = terminalProgress(terminal);
  const label = "[3/16] table1/llama-encyclopedia/agileq-8-pruned: GPTQ on llama-encyclopedia";
  terminal.columns = 100;
  progress.start(label, 4);
  assertEquals(terminal.frames().at(-1)!.length, 99);
  terminal.columns = 60;
  progress.finish();
  assertEquals(
    terminal.frames().at(-1)!,
    "[3/16] table1/llama-e…n llama-encyclopedia [----------] 0/4\n",
  );
});

Deno.test("barLine() is never wider than it may be and keeps the tail where there is room", () => {
  const text = fc.string({ maxLength: 120 });
  fc.assert(
    fc.property(fc.nat(150), text, fc.double({ min: 0, max: 1, noNaN: true }), text, (...drawn) => {
      const [width, label, progress, tail] = drawn;
      const line = barLine(width, label, progress, tail);
      assert(line.length <= width);
      assertEquals(line.endsWith(tail), tail.length <= width);
    }),
  );
});

for (
  const [width, line] of [
    [70, "GPTQ on opt [===========================-------------] 2/3, 5s left"],
    [50, "GPTQ on opt [===============--------] 2/3, 5s left"],
    [30, "GPTQ on opt: 2/3, 5s left"],
    [20, "GPT…pt: 2/3, 5s left"],
    [10, "2/3, 5s le"],
  ] as const
) {
  Deno.test(`barLine() in ${width} characters`, () => {
    assertEquals(barLine(width, "GPTQ on opt", 2 / 3, "2/3, 5s left"), line);
  });
}

Deno.test("lineProgress() says how far a long step is", () => {
  const lines: string[] = [];
  let now = 0;
  const progress = lineProgress((line) => lines.push(line), () => now);
  progress.start("GPTQ", 4);
  now += 6000;
  progress.update(1.25);
  assertEquals(lines.at(-1), "GPTQ: 1.3/4");
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
