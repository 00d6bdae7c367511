/** Where long work reports how far it is. The library never prints; its callers do. */
export interface Progress {
  /** Begins a piece of work of `total` steps. */
  start(label: string, total: number): void;
  /** `done` steps are finished; `note` is a short remark such as the current loss. */
  update(done: number, note?: string): void;
  /** The piece of work is finished. */
  finish(note?: string): void;
}

/** Progress that nobody watches. */
export const silent: Progress = { start() {}, update() {}, finish() {} };
