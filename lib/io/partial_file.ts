import { attempt, attemptOnce, removeFile } from "./files.ts";

/** A file that is written piece by piece, perhaps by several processes one after the other. */
export class PartialFile implements Disposable {
  #file: Deno.FsFile;
  #size: number;
  #action: string;

  /** Of {@linkcode openPartial}. */
  constructor(readonly path: string, file: Deno.FsFile, size: number) {
    this.#file = file;
    this.#size = size;
    this.#action = `write ${path}`;
  }

  /** How many bytes it has. */
  get size(): number {
    return this.#size;
  }

  /** @throws {InputError} If the system does not take them, as on a full disk. */
  async append(bytes: Uint8Array): Promise<void> {
    while (bytes.length > 0) {
      const written = await attemptOnce(this.#action, () => this.#file.write(bytes));
      this.#size += written;
      bytes = bytes.subarray(written);
    }
  }

  /** Flushes it to the disk. */
  async flush(): Promise<void> {
    await attemptOnce(this.#action, () => this.#file.syncData());
  }

  /** Begins anew, with another file of that name: this one another process may have taken for its own. */
  async clear(): Promise<void> {
    if (this.#size === 0) return;
    await this.remove();
    const [file, size] = await open(this.path);
    this.#file.close();
    [this.#file, this.#size] = [file, size];
  }

  async remove(): Promise<void> {
    await removeFile(this.path, this.#action);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Opens a file to go on with it, or makes it.
 *
 * @throws {InputError} If the system does not allow it.
 */
export async function openPartial(path: string): Promise<PartialFile> {
  return new PartialFile(path, ...await open(path));
}

/** A file at its end, and its size. */
async function open(path: string): Promise<[file: Deno.FsFile, size: number]> {
  const action = `write ${path}`;
  const options = { write: true, create: true };
  const file = await attempt(action, () => Deno.open(path, options));
  return [file, await attempt(action, () => file.seek(0, Deno.SeekMode.End))];
}
