import type { Progress } from "../lib/core/mod.ts";

/** Progress that takes the time of its steps. */
export interface TimedProgress extends Progress {
  /** The mean, without the first step, which warms up; of the first where there is no other. */
  secondsPerStep(): number;
}

/**
 * Passes on what it hears of one piece of work, and takes the time.
 *
 * @param now The time in milliseconds.
 */
export function timedProgress(
  progress: Progress,
  now: () => number = () => performance.now(),
): TimedProgress {
  const ends: number[] = [];
  return {
    start(label, total) {
      ends.push(now());
      progress.start(label, total);
    },
    update(done, note) {
      ends.push(now());
      progress.update(done, note);
    },
    finish: (note) => progress.finish(note),
    secondsPerStep() {
      const from = ends.length > 2 ? 1 : 0;
      return (ends.at(-1)! - ends[from]) / (ends.length - 1 - from) / 1000;
    },
  };
}
