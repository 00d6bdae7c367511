/** Where long work reports how far it is. The library never prints; its callers do. */
export interface Progress {
  /** Begins a piece of work of `total` steps. */
  start(label: string, total: number): void;
  /**
   * `done` steps are finished; a fraction says how far the next one is. `note` is a short remark such
   * as the current loss.
   */
  update(done: number, note?: string): void;
  /** The piece of work is finished. */
  finish(note?: string): void;
  /** Says something besides; the piece of work goes on. */
  say(message: string): void;
}

/** Progress that nobody watches. */
export const silent: Progress = { start() {}, update() {}, finish() {}, say() {} };

/** How far work is, `3/12`, or `3.5/12` in the midst of a step. */
export function stepsOf(done: number, total: number): string {
  return `${Number.isInteger(done) ? done : done.toFixed(1)}/${total}`;
}

/** Hears how much of some work is done, 0..1, ever so often; what it throws ends the work. */
export type Step = (share: number) => void;
