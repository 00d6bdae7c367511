import type { Progress } from "../core/mod.ts";

const bytesPerMegabyte = 1e6;

/** Shows how many megabytes of some files are there, and how fast they come. */
export class HubMeter {
  #progress: Progress;
  #now: () => number;
  #started: number;
  /** Bytes of the files before this one, of this one, and how many of all came just now. */
  #before = 0;
  #current = 0;
  #came = 0;

  /** @param now The time in milliseconds. */
  constructor(
    progress: Progress,
    label: string,
    totalBytes: number,
    now: () => number = () => performance.now(),
  ) {
    this.#progress = progress;
    this.#now = now;
    this.#started = now();
    progress.start(`${label}, MB`, megabytes(totalBytes));
  }

  /** Begins a file of which an earlier attempt has left some bytes. */
  begin(bytes: number): void {
    this.#before += this.#current;
    this.#current = bytes;
  }

  /** So many bytes of the file are there; fewer than before if it had to begin anew. */
  update(bytes: number, note: string): void {
    this.#came += Math.max(0, bytes - this.#current);
    this.#current = bytes;
    const done = megabytes(this.#before + bytes);
    this.#progress.update(done, `${note}, ${this.#rate()}`);
  }

  finish(): void {
    this.#progress.finish(this.#rate());
  }

  #rate(): string {
    const seconds = (this.#now() - this.#started) / 1000;
    return `${(this.#came / bytesPerMegabyte / Math.max(seconds, 1e-3)).toFixed(1)} MB/s`;
  }
}

/** In tenths. */
function megabytes(bytes: number): number {
  return Math.round(bytes / bytesPerMegabyte * 10) / 10;
}
