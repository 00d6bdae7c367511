import { assertEquals } from "@std/assert";
import { silent } from "../../lib/core/mod.ts";
import { timedProgress } from "../../tools/timed_progress.ts";

for (
  const [ends, expected] of [
    [[0, 5000, 6000, 8000], 1.5],
    [[0, 5000, 6000], 1],
    [[0, 5000], 5],
  ]
) {
  Deno.test(`timedProgress() leaves the first of ${(ends as number[]).length - 1} steps out`, () => {
    const times = [...ends as number[]];
    const progress = timedProgress(silent, () => times.shift()!);
    progress.start("windows", times.length);
    for (let done = 1; times.length > 0; done++) progress.update(done);
    progress.finish();
    assertEquals(progress.secondsPerStep(), expected);
  });
}

Deno.test("timedProgress() passes on what it hears", () => {
  const heard: unknown[] = [];
  const progress = timedProgress({
    start: (...args) => heard.push(args),
    update: (...args) => heard.push(args),
    finish: (...args) => heard.push(args),
    say: (...args) => heard.push(args),
  });
  progress.start("windows", 2);
  progress.update(1, "loss 2");
  progress.finish("done");
  progress.say("a remark");
  assertEquals(heard, [["windows", 2], [1, "loss 2"], ["done"], ["a remark"]]);
});

Deno.test("timedProgress() takes the time of the last piece of work alone", () => {
  const times = [0, 40_000, 50_000, 52_000, 53_000];
  const progress = timedProgress(silent, () => times.shift()!);
  progress.start("layers", 1);
  progress.update(1);
  progress.finish();
  progress.start("windows", 2);
  progress.update(1);
  progress.update(2);
  progress.finish();
  assertEquals([progress.seconds(), progress.secondsPerStep()], [3, 1]);
});
