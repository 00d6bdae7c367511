import type { Progress } from "../lib/core/mod.ts";

/** Progress that takes the time of the last piece of work. */
export interface TimedProgress extends Progress {
  /** From its start to its last step. */
  seconds(): number;
  /** The mean of its steps, without the first one, which warms up; of that where there is no other. */
  secondsPerStep(): number;
}

/** So much was done at a time, in milliseconds. */
interface Mark {
  done: number;
  time: number;
}

/**
 * Passes on what it hears, and takes the time of each piece of work.
 *
 * @param now The time in milliseconds.
 */
export function timedProgress(
  progress: Progress,
  now: () => number = () => performance.now(),
): TimedProgress {
  let marks: Mark[] = [];
  const between = (from: Mark, to: Mark) => (to.time - from.time) / 1000;
  return {
    start(label, total) {
      marks = [{ done: 0, time: now() }];
      progress.start(label, total);
    },
    update(done, note) {
      marks.push({ done, time: now() });
      progress.update(done, note);
    },
    finish: (note) => progress.finish(note),
    say: (message) => progress.say(message),
    seconds: () => between(marks[0], marks.at(-1)!),
    secondsPerStep() {
      const last = marks.at(-1)!;
      const warm = marks.find(({ done }) => done >= 1)!;
      const from = warm.done < last.done ? warm : marks[0];
      return between(from, last) / (last.done - from.done);
    },
  };
}
